// A box that is wider than its place is scrolled by keyboard too: Tab reaches it, and a screen reader
// says what it is. The pages come with every box in the order of Tab that some window is too narrow
// for (book_extensions/access.py). At the first Tab the boxes are measured, and those that fit leave; and
// again when the text has another width or height: a new window, no sidebar, an open fold.
"use strict";
{
  const NAMES = {
    "div.math": "formula",
    ".pst-scrollable-table-container": "table",
    ".cell_output > .output": "output",
    pre: "code",
    "p:has(> .math)": "line with a formula",
  };
  let measured = false;

  function measure() {
    if (measured) return;
    measured = true;
    for (const [boxes, name] of Object.entries(NAMES)) {
      for (const box of document.querySelectorAll(boxes)) {
        const { overflowX, overflowY } = getComputedStyle(box);
        const scrolls =
          (/auto|scroll/.test(overflowX) && box.scrollWidth > box.clientWidth) ||
          (/auto|scroll/.test(overflowY) && box.scrollHeight > box.clientHeight);
        const mark = { tabindex: 0, role: "group", "aria-label": `${name}, can be scrolled` };
        for (const [key, value] of Object.entries(mark)) {
          scrolls ? box.setAttribute(key, value) : box.removeAttribute(key);
        }
      }
    }
  }

  // the page that searches has no article
  const text = document.querySelector("article") ?? document.body;
  new ResizeObserver(() => (measured = false)).observe(text);
  document.addEventListener("keydown", (event) => event.key === "Tab" && measure(), true);
}
