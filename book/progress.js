// A reader's own marks: which exercises are done. They stay in this browser's localStorage, under
// one key for the whole book; nothing is sent anywhere. Without this script nothing is missing.
"use strict";
{
  const KEY = "byhand-exercises-done";
  let done = new Set(); // ids of exercises: "ex-1a"

  function load() {
    try {
      done = new Set(JSON.parse(localStorage.getItem(KEY) ?? "[]"));
    } catch {
      // no storage here: marks last as long as the page
    }
  }

  function save() {
    try {
      localStorage.setItem(KEY, JSON.stringify([...done]));
    } catch {
      // as above
    }
  }

  const boxes = new Map(); // on a chapter: the checkbox of each exercise, by its id
  const counts = []; // where "3 of 14 exercises done" is written, and for which exercises
  const button = document.createElement("button");

  function show() {
    for (const [id, box] of boxes) box.checked = done.has(id);
    for (const [output, ids] of counts) {
      const number = ids.filter((id) => done.has(id)).length;
      output.textContent = `${number} of ${ids.length} exercises done`;
    }
    button.hidden = !counts.some(([, ids]) => ids.some((id) => done.has(id)));
  }

  function mark(ids, isDone) {
    load(); // another tab may have marked something
    for (const id of ids) isDone ? done.add(id) : done.delete(id);
    save();
    show();
  }

  for (const exercise of document.querySelectorAll("div.exercise[id]")) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.setAttribute("aria-label", `Exercise ${exercise.id.replace("ex-", "")} done`);
    box.addEventListener("change", () => mark([exercise.id], box.checked));
    label.className = "exercise-done";
    label.append(box, " done");
    exercise.querySelector(".admonition-title").append(label);
    boxes.set(exercise.id, box);
  }

  const line = document.querySelector("h1 + .progress") ?? document.createElement("p");
  line.className = "progress";
  if (boxes.size) {
    const output = document.createElement("output"); // read out when it changes
    counts.push([output, [...boxes.keys()]]);
    line.replaceChildren(output, " ");
  }
  for (const chapter of document.querySelectorAll("[data-exercises]")) {
    counts.push([chapter.querySelector("output"), chapter.dataset.exercises.split(" ")]);
    chapter.parentElement.after(line);
  }
  if (counts.length) {
    button.type = "button";
    button.textContent = "Clear";
    button.addEventListener("click", () => mark(counts.flatMap(([, ids]) => ids), false));
    line.append(button);
    const refresh = () => (load(), show());
    addEventListener("storage", refresh); // marked in another tab
    addEventListener("pageshow", refresh); // also when coming back to a page that was kept
    refresh();
  }
}
