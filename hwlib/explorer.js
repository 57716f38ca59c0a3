// Brings each <figure class="explorer"> to life: a view draws it, a slider moves, and what is stored
// for its new position (its frame: numbers and a caption) goes to the view. hwlib/explorer.py writes
// the figure. The build takes the frames out of the page into a script that `data-frames` names
// (book_extensions/frames.py); it calls receiveFrames when it comes.
// The address says what the explorer that was touched last shows: #kmeans-steps?k=4&step=2
"use strict";

const explorers = new Map(); // figure's id: its explorer

// A slider, or a few radio buttons: one thing that can change, by the index of its value.
class Axis {
  constructor(element, figure) {
    this.element = element; // an <input type="range">, or a <fieldset>
    this.name = element.id.slice(figure.id.length + 1); // of "kmeans-steps-k"
    this.radios = element.matches("fieldset") ? [...element.querySelectorAll("input")] : null;
    const values = this.radios?.map((radio) => radio.value);
    this.labels = values ?? JSON.parse(element.dataset.values);
    this.first = this.radios ? this.radios.findIndex((radio) => radio.defaultChecked) : Number(element.defaultValue);
    this.at = this.first; // not what a browser kept: the address says what to show
    this.numbers = this.radios ? [] : this.labels.map(Number);
    this.whole = this.numbers.every(Number.isInteger);
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  get at() {
    return this.radios ? this.radios.findIndex((radio) => radio.checked) : Math.round(this.element.value);
  }

  set at(index) {
    if (this.radios) this.radios[index].checked = true;
    else {
      if (index > this.element.max) this.element.max = this.labels.length - 1;
      this.element.value = index;
    }
  }

  get label() {
    return this.stored ? this.labels[this.at] : String(this.between);
  }

  set label(text) {
    const at = this.labels.indexOf(text), number = Number(text);
    const [low, high] = [this.numbers[0], this.numbers.at(-1)];
    if (at >= 0) this.at = at;
    else if (this.free && text && number >= low && number <= high) this.element.value = this.position(number);
    else this.at = this.first;
  }

  // What was written as a number is one.
  get value() {
    return this.label.trim() === "" || isNaN(this.label) ? this.label : Number(this.label);
  }

  // ---- with Python in the page, a slider of numbers also stands between those that are stored ----

  set open(open) {
    if (this.radios || !this.numbers.every((x, i) => x > (this.numbers[i - 1] ?? -Infinity))) return;
    const { at } = this;
    this.free = open;
    this.element.step = open ? "any" : 1;
    if (!open) this.at = at;
  }

  get stored() {
    return !this.free || Number.isInteger(Number(this.element.value)) || this.numbers.includes(this.between);
  }

  // The number between two stored ones: in equal ratios where all are fractions above 0.
  get between() {
    const position = Number(this.element.value), below = Math.floor(position), part = position - below;
    const from = this.numbers[below], to = this.numbers[below + 1] ?? from;
    if (this.whole) return Math.round(from + (to - from) * part);
    return Number((this.ratios ? from * (to / from) ** part : from + (to - from) * part).toPrecision(2));
  }

  position(number) {
    const above = Math.max(this.numbers.findIndex((x) => x >= number), 1);
    const [from, to] = [this.numbers[above - 1], this.numbers[above]];
    const part = this.ratios ? Math.log(number / from) / Math.log(to / from) : (number - from) / (to - from);
    return above - 1 + part;
  }

  get ratios() {
    return !this.whole && this.numbers[0] > 0;
  }

  // Arrow keys go to the next whole number, or by a tenth of the way to the next stored one.
  key(event) {
    const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!this.free || !way) return;
    event.preventDefault();
    const { element } = this;
    const next = this.whole
      ? this.position(Math.min(Math.max(this.between + way, this.numbers[0]), this.numbers.at(-1)))
      : Number(element.value) + way / 10;
    element.value = next; // it keeps to its ends
    element.dispatchEvent(new Event("input", { bubbles: true }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
  }

  show() {
    if (this.radios) return;
    this.element.setAttribute("aria-valuetext", this.label);
    this.element.nextElementSibling.value = this.label;
  }
}

// What a view sees of the page: a map with listeners, as anywidget has it.
class Model {
  constructor(host, values) {
    this.host = host;
    this.values = values;
    this.listeners = {};
  }

  get(key) {
    return this.values[key];
  }

  set(key, value) {
    this.values[key] = value;
    for (const listener of this.listeners[`change:${key}`] ?? []) listener();
  }

  on(event, listener) {
    (this.listeners[event] ??= []).push(listener);
  }

  save_changes() {
    this.host.follow();
  }

  // A file of the reader's own, or none: the book's numbers again.
  send({ open }, _, [content] = []) {
    this.host.open(content && [open, new Uint8Array(content)]);
  }
}

// A picture that a view (hwlib/views) draws as soon as it comes near, and its sliders.
class Explorer {
  constructor(figure) {
    this.figure = figure;
    this.stage = figure.querySelector(".explorer-stage");
    this.controls = figure.querySelector(".explorer-controls");
    const elements = this.controls?.querySelectorAll("input[type=range], fieldset") ?? [];
    this.axes = [...elements].map((element) => new Axis(element, figure));
    this.figcaption = figure.querySelector("figcaption");
    this.data = figure.dataset.frames ? null : {}; // the frames, when they have come
    this.anyValue = figure.dataset.view !== "photograph"; // its colors are found for stored values alone
    for (const axis of this.axes) {
      axis.element.addEventListener("input", () => this.moved(axis, true));
      axis.element.addEventListener("change", release);
      const button = !axis.radios && axis.element.parentElement.querySelector("button");
      if (button) play(button, axis, this);
    }
    // whoever comes near is likely to move a slider: the frames set out before that
    for (const event of ["pointerenter", "pointerdown", "focusin"]) {
      this.controls?.addEventListener(event, () => this.load());
    }
    this.shown = this.state; // or is about to be shown, while frames are on their way
    if (this.controls) this.addLink();
    const start = JSON.parse(figure.querySelector(".explorer-start").textContent);
    this.model = new Model(this, { values: start.values });
    this.begins(start);
    this.model.values.caption = this.first = this.figcaption.textContent;
    this.model.on("change:caption", () => {
      const caption = this.model.get("caption");
      if (this.still) kit.patch(this.figcaption, kit.typeset(caption));
      else this.figcaption.textContent = caption; // what typesets it is not there yet
    });
    this.model.on("change:last", () => this.limit());
    drawWhenNear(this);
  }

  addLink() {
    this.link = document.createElement("a");
    this.link.className = "explorer-link";
    this.link.title = "Link to this state";
    this.link.setAttribute("aria-label", "Link to this state");
    this.link.href = this.address;
    this.controls.append(this.link);
    this.controls.hidden = false;
  }

  // A large start comes with the scripts of the view.
  begins({ shared, state }) {
    this.shared = shared;
    this.model.values.state = { ...shared, ...state };
  }

  // The view takes the place of the still picture: once, whoever asks first.
  draw() {
    return (this.drawing ??= this.begin());
  }

  async begin() {
    for (const source of this.figure.dataset.scripts.split(" ")) await script(source);
    this.still = document.createElement("div");
    this.still.className = "explorer-still";
    this.still.append(...this.stage.childNodes);
    const live = document.createElement("div");
    this.stage.replaceChildren(this.still, live);
    this.model.values.opens = globalThis.bookPython?.runs(this.figure.id);
    explorerViews[this.figure.dataset.view].render({ model: this.model, el: live });
    this.figure.dataset.alive = "";
    if (this.waiting) this.picture(...this.waiting);
  }

  // ---- sliders and what they ask for ---------------------------------------------------------

  // What the sliders say, as it stands in an address: k=4&step=2
  get state() {
    return new URLSearchParams(this.axes.map((axis) => [axis.name, axis.label])).toString();
  }

  // Unknown axes are passed over. A value that is missing or not on its axis is the default.
  set state(text) {
    const values = new URLSearchParams(text);
    for (const axis of this.axes) axis.label = values.get(axis.name) ?? "";
    if (this.state !== this.shown) this.show();
  }

  get address() {
    return `#${this.figure.id}?${this.shown}`;
  }

  moved(axis, held = false) {
    loadWhenSeen();
    this.show();
    remember(this, axis, held);
  }

  load() {
    if (this.script || !this.figure.dataset.frames) return;
    this.script = document.createElement("script");
    this.script.src = this.figure.dataset.frames;
    this.script.onerror = () => (this.script = null); // the next touch tries again
    document.head.append(this.script);
  }

  receive(data) {
    this.data = data;
    this.show();
  }

  show() {
    this.shown = this.state;
    if (this.link) this.link.href = this.address;
    let position = 0; // frames stand in the order of nested loops over the sliders
    for (const axis of this.axes) {
      axis.show();
      position = position * axis.labels.length + axis.at;
    }
    if (this.computes) return this.ask();
    this.figure.setAttribute("aria-busy", !this.data); // then the picture is not yet what they say
    if (!this.data) return this.load();
    while (!this.data.frames[position]) position -= 1; // a 0: as the one before it
    this.picture(...this.data.frames[position]);
  }

  // A view goes on with new numbers from where it is.
  picture(index, caption) {
    this.waiting = [index, caption];
    if (!("alive" in this.figure.dataset)) return this.draw();
    this.tell({ ...this.shared, ...this.data.states[index] }, caption);
  }

  tell(state, caption) {
    const { values } = this;
    this.model.values.values = values;
    this.model.set("caption", caption);
    this.model.set("state", state);
    this.model.set("values", values);
  }

  // A run may end before its slider does: the view says where.
  limit() {
    const last = this.model.get("last");
    for (const axis of this.axes) {
      if (!(axis.name in last)) continue;
      axis.element.max = axis.labels.indexOf(String(last[axis.name]));
      axis.show();
    }
  }

  // The view has moved something: sliders go where it says.
  follow() {
    const values = this.model.get("values");
    for (const axis of this.axes) {
      const at = axis.labels.indexOf(String(values[axis.name]));
      if (at < 0 || (at === axis.at && axis.stored)) continue;
      axis.at = at;
      this.moved(axis);
    }
  }

  // ---- with Python in the page (live.js) -----------------------------------------------------

  get values() {
    return Object.fromEntries(this.axes.map((axis) => [axis.name, axis.value]));
  }

  // Stored frames are shown where there are any, unless the reader has changed what draws them.
  get computes() {
    return this.changed || this.file || !this.axes.every((axis) => axis.stored);
  }

  // The newest position wins: one question is under way, and the last one waits.
  async ask() {
    this.figure.setAttribute("aria-busy", true);
    if (this.asking) return;
    this.asking = true;
    const { shown: asked, file } = this;
    const answer = await bookPython.compute(this.figure.id, this.values, file);
    this.asking = false;
    if (!this.computes) return; // a stored frame is shown meanwhile
    const wanted = file === this.file;
    if (answer?.error && wanted) this.failed(answer.error);
    else if (answer && wanted) this.computed(answer);
    if (answer && (asked !== this.shown || !wanted)) return this.ask();
    this.figure.setAttribute("aria-busy", false);
    this.figure.dispatchEvent(new Event("computed"));
  }

  failed(error) {
    if (!this.file) return void (this.figcaption.textContent = error);
    this.file = this.opened;
    this.model.set("progress", null);
    this.model.set("trouble", error);
  }

  computed({ state, caption }) {
    this.waiting = null;
    this.opened = this.file; // what is right
    this.model.set("trouble", "");
    this.model.set("progress", null);
    this.tell(state, caption);
  }

  openAxes() {
    for (const axis of this.axes) axis.open = this.anyValue && bookPython.status === "ready";
  }

  // How much of Python is there, while a file waits for it.
  tellProgress(progress) {
    this.model.set("progress", this.file && "done" in progress ? progress : null);
  }

  // Python reads a file of the reader's own; it starts if it has not run yet.
  open(file) {
    this.file = file;
    this.opened = file && this.opened;
    this.model.set("trouble", "");
    if (file) bookPython.start();
    this.show();
  }

  // ---- paper has no sliders: there stands the picture of which the text speaks ----------------

  showFirst() {
    this.figure.classList.add("on-paper");
    this.figcaption.textContent = this.first;
  }

  showAgain() {
    this.figure.classList.remove("on-paper");
    this.model.set("caption", this.model.get("caption"));
  }
}

const scripts = new Map(); // address: a promise that it has run
function script(src) {
  if (!scripts.has(src)) {
    scripts.set(src, new Promise((done, failed) => {
      const element = Object.assign(document.createElement("script"), { src, onload: done, onerror: failed });
      document.head.append(element);
    }));
  }
  return scripts.get(src);
}

function drawWhenNear(explorer) {
  const observer = new IntersectionObserver((entries) => {
    // on a busy page, that it was far and that it is near may come together
    if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
    observer.disconnect();
    explorer.draw();
  }, { rootMargin: "100%" });
  observer.observe(explorer.figure);
}

// Whoever wants no motion takes the steps one by one.
function play(button, axis, explorer) {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const last = () => axis.at >= Number(axis.element.max);
  let timer = null;
  function stop() {
    clearInterval(timer);
    timer = null;
    button.textContent = still.matches ? "Step" : "Play";
  }
  function advance() {
    axis.at = last() ? 0 : axis.at + 1; // from the end: again from the start
    explorer.moved(axis);
    if (last()) stop();
  }
  button.addEventListener("click", () => {
    if (timer) return stop();
    if (still.matches) return advance();
    button.textContent = "Pause";
    // no step passes unseen: while frames are on their way, it waits
    timer = setInterval(() => (explorer.data ? advance() : explorer.load()), 700);
    advance();
  });
  axis.element.addEventListener("input", stop);
  addEventListener("popstate", stop); // else it would go on from where the reader went back to
  still.addEventListener("change", stop);
  stop();
}

// Who has moved one slider may move the next: from then on frames load when they come into view.
// Who only reads loads none.
function loadWhenSeen() {
  if (loadWhenSeen.observer) return;
  loadWhenSeen.observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) explorers.get(target.id).load();
    }
  });
  for (const { figure } of explorers.values()) loadWhenSeen.observer.observe(figure);
}

function receiveFrames(name, data) {
  explorers.get(name).receive(data);
}

function receiveStart(name, start) {
  explorers.get(name).begins(start);
}

// ---- the address ----------------------------------------------------------------------------

// One drag is one entry of the history, so that the back button undoes it. So are moves of one
// slider that follow each other within a second: arrow keys, and what Play does.
const PAUSE = 1000; // ms
const RARELY = 400; // ms; browsers refuse more than 100 changes of the address in 30 s

let last = {}; // the move that the newest entry is about
let entry = null; // what that entry should say
let timer = null; // runs when it does not yet

function remember(explorer, axis, held) {
  const time = performance.now();
  const goesOn = axis === last.axis && (last.held || time - last.time < PAUSE);
  if (!goesOn) flush();
  last = { axis, held, time };
  entry = [states(), "", explorer.address];
  if (goesOn) timer ??= setTimeout(flush, RARELY);
  else history.pushState(...entry);
}

function release() {
  last.held = false;
}

function flush() {
  if (timer) history.replaceState(...entry);
  clearTimeout(timer);
  timer = null;
}

// Every entry also has the state of all explorers: going back changes what was changed, no more.
function states() {
  return { explorers: [...explorers].map(([name, { state }]) => [name, state]) };
}

// The reader comes to an entry of the history: to one seen before, or by a link to a new one.
function arrive() {
  clearTimeout(timer);
  timer = null;
  last = {};
  if (history.state?.explorers) {
    const kept = new Map(history.state.explorers);
    for (const [name, explorer] of explorers) explorer.state = kept.get(name) ?? "";
    return;
  }
  const { hash, href } = location;
  const [name] = hash.slice(1).split("?", 1);
  if (explorers.has(name) && hash.includes("?")) {
    explorers.get(name).state = hash.slice(name.length + 2);
    location.replace(`#${name}`); // for the browser to go to, as to any element
  }
  history.replaceState(states(), "", href);
}

// Bring a figure to life; one that has come later, too.
function enliven(figure) {
  explorers.set(figure.id, new Explorer(figure));
}

document.querySelectorAll("figure.explorer").forEach(enliven);
arrive();
addEventListener("popstate", arrive);
document.addEventListener("bookpython", () => {
  for (const explorer of explorers.values()) {
    explorer.openAxes();
    if (explorer.state !== explorer.shown) explorer.show();
  }
});
document.addEventListener("bookstatus", ({ detail }) => {
  for (const explorer of explorers.values()) if (explorer.asking) explorer.tellProgress(detail);
});
addEventListener("beforeprint", () => explorers.forEach((explorer) => explorer.showFirst()));
addEventListener("afterprint", () => explorers.forEach((explorer) => explorer.showAgain()));
