// Brings each <figure class="explorer"> to life: a slider moves, its frame and caption appear.
// The figure is written by hwlib/explorer.py. The build takes the frames out of the page into a
// script that `data-frames` names (book_extensions/assets.py); it calls receiveFrames when it comes.
// The address says what the explorer that was touched last shows: #kmeans-steps?k=4&step=2
"use strict";

const explorers = new Map(); // figure's id: its explorer

class Explorer {
  constructor(figure) {
    this.figure = figure;
    this.controls = figure.querySelector(".explorer-controls");
    this.sliders = [...this.controls.querySelectorAll("input")];
    this.img = figure.querySelector("img");
    this.figcaption = figure.querySelector("figcaption");
    this.data = null; // the frames, when they have come
    for (const slider of this.sliders) {
      slider.value = slider.defaultValue; // not what a browser kept: the address says what to show
      slider.addEventListener("input", () => this.moved(slider, true));
      slider.addEventListener("change", release);
      const button = slider.parentElement.querySelector("button");
      if (button) play(button, slider, this);
    }
    // whoever comes near is likely to move a slider: the frames set out before that
    for (const event of ["pointerenter", "pointerdown", "focusin"]) {
      this.controls.addEventListener(event, () => this.load());
    }
    this.shown = this.state; // or is about to be shown, while frames are on their way
    this.link = document.createElement("a");
    this.link.className = "explorer-link";
    this.link.textContent = "Link to this state";
    this.link.href = this.address;
    this.controls.append(this.link);
    this.controls.hidden = false;
  }

  // What the sliders say, as it stands in an address: k=4&step=2
  get state() {
    const values = this.sliders.map((slider) => [this.axis(slider), label(slider)]);
    return new URLSearchParams(values).toString();
  }

  // Unknown axes are passed over. A value that is missing or not on its axis is the default.
  set state(text) {
    const values = new URLSearchParams(text);
    for (const slider of this.sliders) {
      const at = labels(slider).indexOf(values.get(this.axis(slider)));
      slider.value = at < 0 ? slider.defaultValue : at;
    }
    if (this.state !== this.shown) this.show();
  }

  get address() {
    return `#${this.figure.id}?${this.shown}`;
  }

  axis(slider) {
    return slider.id.slice(this.figure.id.length + 1); // of "kmeans-steps-k"
  }

  moved(slider, held = false) {
    loadWhenSeen();
    this.show();
    remember(this, slider, held);
  }

  load() {
    if (this.script) return;
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
    this.first ??= Object.assign(new Image(), { src: this.img.src, alt: this.img.alt });
    this.shown = this.state;
    this.link.href = this.address;
    let position = 0; // frames stand in the order of nested loops over the sliders
    for (const slider of this.sliders) {
      const text = label(slider);
      slider.setAttribute("aria-valuetext", text);
      slider.nextElementSibling.value = text;
      position = position * (Number(slider.max) + 1) + Number(slider.value);
    }
    this.figure.setAttribute("aria-busy", !this.data); // then the picture is not yet what they say
    if (!this.data) return this.load();
    const [image, caption] = this.data.frames[position];
    this.img.src = this.data.images[image];
    this.img.alt = this.figcaption.textContent = caption;
  }

  // Paper has no sliders: there stands the picture of which the text speaks.
  showFirst() {
    this.img.src = this.first.src; // kept in memory, so it is there at once
    this.img.alt = this.figcaption.textContent = this.first.alt;
  }
}

const labels = (slider) => JSON.parse(slider.dataset.values);
const label = (slider) => labels(slider)[slider.value];

// Whoever wants no motion takes the steps one by one.
function play(button, slider, explorer) {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let timer = null;
  function stop() {
    clearInterval(timer);
    timer = null;
    button.textContent = still.matches ? "Step" : "Play";
  }
  function advance() {
    const atEnd = slider.value === slider.max; // from there: again from the start
    slider.value = atEnd ? 0 : Number(slider.value) + 1;
    explorer.moved(slider);
    if (slider.value === slider.max) stop();
  }
  button.addEventListener("click", () => {
    if (timer) return stop();
    if (still.matches) return advance();
    button.textContent = "Pause";
    // no step passes unseen: while frames are on their way, it waits
    timer = setInterval(() => (explorer.data ? advance() : explorer.load()), 700);
    advance();
  });
  slider.addEventListener("input", stop);
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

// Those whose picture may be another than the first.
function changed() {
  return [...explorers.values()].filter((explorer) => explorer.first);
}

function receiveFrames(name, data) {
  explorers.get(name).receive(data);
}

// ---- the address ----------------------------------------------------------------------------

// One drag is one entry of the history, so that the back button undoes it. So are moves of one
// slider that follow each other within a second: arrow keys, and what Play does.
const PAUSE = 1000; // ms
const RARELY = 400; // ms; browsers refuse more than 100 changes of the address in 30 s

let last = {}; // the move that the newest entry is about
let entry = null; // what that entry should say
let timer = null; // runs when it does not yet

function remember(explorer, slider, held) {
  const time = performance.now();
  const goesOn = slider === last.slider && (last.held || time - last.time < PAUSE);
  if (!goesOn) flush();
  last = { slider, held, time };
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

for (const figure of document.querySelectorAll("figure.explorer[data-frames]")) {
  explorers.set(figure.id, new Explorer(figure));
}
arrive();
addEventListener("popstate", arrive);
addEventListener("beforeprint", () => changed().forEach((explorer) => explorer.showFirst()));
addEventListener("afterprint", () => changed().forEach((explorer) => explorer.show()));
