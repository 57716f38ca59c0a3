// What a reader has chosen in a self-check or typed into a formula's field is there again on the next
// visit: a prediction is worth something only if it stays. It is kept in this browser's localStorage,
// one key for each page; nothing is sent anywhere. Without this script nothing is missing.
"use strict";
{
  const KEY = `byhand-choices:${location.pathname.split("/").pop()}`;

  function load() {
    try {
      return JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      return {}; // no storage here
    }
  }

  function keep(name, value) {
    const all = load(); // another tab may have kept something
    if (value) all[name] = value;
    else delete all[name];
    try {
      if (Object.keys(all).length) localStorage.setItem(KEY, JSON.stringify(all));
      else localStorage.removeItem(KEY);
    } catch {
      // as above
    }
  }

  const kept = load();
  // By their words and not by their numbers: a new edition may have other self-checks before it.
  for (const check of document.querySelectorAll(".self-check")) {
    const words = (element) => element.textContent.trim().replace(/\s+/g, " ");
    const question = words(check.querySelector("p"));
    for (const answer of check.querySelectorAll("details.answer")) {
      const name = `${question} ${words(answer.querySelector("summary span"))}`;
      if (kept[name]) answer.open = true;
      answer.addEventListener("toggle", () => keep(name, answer.open));
    }
  }
  for (const form of document.querySelectorAll("form.formula")) {
    const input = form.querySelector("input");
    if (typeof kept[input.id] === "string") input.value = kept[input.id];
    form.addEventListener("submit", () => keep(input.id, input.value));
  }
}
