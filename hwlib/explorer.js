// Brings each <figure class="explorer"> to life: a slider moves, its frame and caption appear.
// The figure itself, with every frame, is written by hwlib/explorer.py.
"use strict";

function explore(figure) {
  const { frames, images } = JSON.parse(
    figure.querySelector("script[type='application/json']").textContent
  );
  const controls = figure.querySelector(".explorer-controls");
  const sliders = [...controls.querySelectorAll("input")];
  const img = figure.querySelector("img");
  const figcaption = figure.querySelector("figcaption");

  function show() {
    let position = 0; // frames stand in the order of nested loops over the sliders
    for (const slider of sliders) {
      const value = JSON.parse(slider.dataset.values)[slider.value];
      slider.setAttribute("aria-valuetext", value);
      slider.nextElementSibling.value = value;
      position = position * (Number(slider.max) + 1) + Number(slider.value);
    }
    const [image, caption] = frames[position];
    img.src = images[image];
    img.alt = figcaption.textContent = caption;
  }

  for (const slider of sliders) {
    slider.addEventListener("input", show);
    const button = slider.parentElement.querySelector("button");
    if (button) play(button, slider, show);
  }
  controls.hidden = false;
  show(); // a browser may have restored the sliders of an earlier visit
}

function play(button, slider, show) {
  let timer = null;
  function stop() {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
  }
  function advance() {
    slider.value = Number(slider.value) + 1;
    show();
    if (slider.value === slider.max) stop();
  }
  button.addEventListener("click", () => {
    if (timer) return stop();
    if (slider.value === slider.max) slider.value = -1; // at the end: again from the start
    button.textContent = "Pause";
    timer = setInterval(advance, 700);
    advance();
  });
  slider.addEventListener("input", stop);
}

for (const figure of document.querySelectorAll("figure.explorer:has(.explorer-controls)")) {
  explore(figure);
}
