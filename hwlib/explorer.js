// Brings each <figure class="explorer"> to life: a slider moves, its frame and caption appear.
// The figure is written by hwlib/explorer.py. The build takes the frames out of the page into a
// script that `data-frames` names (tools/book_light.py); it calls receiveFrames when it comes.
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
      slider.addEventListener("input", () => this.show());
      const button = slider.parentElement.querySelector("button");
      if (button) play(button, slider, () => this.show());
    }
    // whoever comes near is likely to move a slider: the frames set out before that
    for (const event of ["pointerenter", "pointerdown", "focusin"]) {
      this.controls.addEventListener(event, () => this.load());
    }
    this.controls.hidden = false;
    // a browser may have restored the sliders of an earlier visit
    if (this.sliders.some((slider) => slider.value !== slider.defaultValue)) this.show();
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
    loadWhenSeen();
    let position = 0; // frames stand in the order of nested loops over the sliders
    for (const slider of this.sliders) {
      const value = JSON.parse(slider.dataset.values)[slider.value];
      slider.setAttribute("aria-valuetext", value);
      slider.nextElementSibling.value = value;
      position = position * (Number(slider.max) + 1) + Number(slider.value);
    }
    if (!this.data) return this.load();
    const [image, caption] = this.data.frames[position];
    this.img.src = this.data.images[image];
    this.img.alt = this.figcaption.textContent = caption;
  }
}

// Whoever wants no motion takes the steps one by one.
function play(button, slider, show) {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let timer = null;
  function stop() {
    clearInterval(timer);
    timer = null;
    button.textContent = still.matches ? "Step" : "Play";
  }
  function advance() {
    slider.value = Number(slider.value) + 1;
    show();
    if (slider.value === slider.max) stop();
  }
  button.addEventListener("click", () => {
    if (timer) return stop();
    if (slider.value === slider.max) slider.value = -1; // at the end: again from the start
    if (still.matches) return advance();
    button.textContent = "Pause";
    timer = setInterval(advance, 700);
    advance();
  });
  slider.addEventListener("input", stop);
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

for (const figure of document.querySelectorAll("figure.explorer[data-frames]")) {
  explorers.set(figure.id, new Explorer(figure));
}
