// A box that is wider than its place is scrolled by keyboard too: Tab reaches it.
"use strict";
{
  const BOXES = "pre, .cell_output > .output, div.math, .pst-scrollable-table-container";
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target: box } of entries) {
        if (!isIntersecting) continue;
        const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
        scrolls ? box.setAttribute("tabindex", 0) : box.removeAttribute("tabindex");
      }
    },
    { rootMargin: "100%" } // a screen before it is seen
  );
  function watch() {
    observer.disconnect();
    for (const box of document.querySelectorAll(BOXES)) observer.observe(box);
  }
  addEventListener("resize", watch);
  watch();
}
