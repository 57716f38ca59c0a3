// Gradient descent on a loss of two weights: start anywhere, at any learning rate, and see each step.
// The loss is that of logistic regression without a bias; tests/hwlib/test_scenes.py holds the steps
// computed here equal to those of hwlib.backprop.
import { bar, button, clamp, color, contour, fixed, h, handle, linear, picture, px, rounded, scene, trace, words, xAxis, yAxis } from "./kit.js";

const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const W = [-4, 4];

const loss = (examples, [a, b]) => examples.reduce((sum, [x1, x2, y]) => sum + softplus(-y * (a * x1 + b * x2)), 0);

function path(examples, start, rate, steps) {
  const ws = [start];
  while (ws.length <= steps) {
    const [a, b] = ws.at(-1), g = [0, 0];
    for (const [x1, x2, y] of examples) {
      const pull = -y * sigmoid(-y * (a * x1 + b * x2));
      g[0] += pull * x1;
      g[1] += pull * x2;
    }
    ws.push([a - rate * g[0], b - rate * g[1]]);
  }
  return ws;
}

function caption(examples, start, rate, step, head = "") {
  const ws = path(examples, start, rate, step), losses = ws.map((w) => loss(examples, w)), [a, b] = ws.at(-1);
  const rises = losses.slice(1).filter((each, i) => each > losses[i] + 1e-9).length;
  const how = step === 0 ? "" : rises ? ` It rose in ${rises} of ${step} step${step > 1 ? "s" : ""}.` : " It fell in every step.";
  return `${head}Learning rate ${rate}, step ${step}: w = [${fixed(a)}, ${fixed(b)}], loss ${fixed(losses.at(-1), 3)}.${how}`;
}

function look(state, values, own) {
  const start = own.start ?? state.start, rate = values.learning_rate, ws = path(state.examples, start, rate, values.step);
  const seen = { examples: state.examples, ws, start, glide: { now: ws.at(-1) } };
  return own.start ? { ...seen, caption: caption(state.examples, start, rate, values.step) } : seen;
}

function draw(seen, stage) {
  const { examples, ws, start } = seen, { now } = seen.glide, { own, width, narrow } = stage;
  const left = 36, top = 10, wide = width - left - 8, tall = narrow ? wide : Math.round(wide * 0.46), bottom = top + tall;
  const reach = narrow ? W : [-8.7, 8.7], x = linear(reach, [left, left + wide]), y = linear(W, [bottom, top]);
  const at = ([a, b]) => [clamp(x(a), -9999, 9999), clamp(y(b), -9999, 9999)];
  const levels = stage.still ? levelsOf(examples, x, y) : remembered(examples, width, () => levelsOf(examples, x, y));
  return [
    bar(button("Undo", () => stage.reset(), { disabled: !own.start }), h("span", { class: "explorer-hint" }, "Drag the ring to start elsewhere.")),
    picture(width, bottom + 46, "The loss over the two weights, and the steps of gradient descent", { class: "descent" },
      h("svg", { x: left, y: top, width: wide, height: tall, viewBox: `${left} ${top} ${wide} ${tall}`, class: "window" },
        h("g", {}, levels.map(({ d }, i) => h("path", { class: "level", d, "stroke-opacity": rounded(0.95 - 0.05 * i, 2) }))),
        h("g", {}, levels.map(({ value, at: place }) => place && words(place[0], place[1] + 4.5, String(value), { "text-anchor": "middle", class: "faint halo-paper" }))),
        h("path", { class: "line", d: trace([...ws.slice(0, -1), now].map(at)) }),
        h("g", {}, ws.slice(0, -1).map((w) => { const [a, b] = at(w); return h("circle", { class: "dot", cx: px(a), cy: px(b), r: 3 }); })),
        h("circle", { class: "mark-gradient", cx: px(at(now)[0]), cy: px(at(now)[1]), r: 6.5 })),
      h("rect", { x: left, y: top, width: wide, height: tall, class: "frame" }),
      xAxis(x, bottom, { at: narrow ? [-4, -2, 0, 2, 4] : [-8, -4, 0, 4, 8], label: "w₁" }), yAxis(y, left, { at: [-4, -2, 0, 2, 4] }),
      words(left + 8, top + 18, "w₂", { class: "name halo-paper" }),
      handle(stage, { at: at(start), label: "where it starts", spoken: `w1 ${fixed(start[0])}, w2 ${fixed(start[1])}`, now: start[0],
        move: ([a, b]) => stage.change({ start: [rounded(clamp(x.invert(a), ...reach), 2), rounded(clamp(y.invert(b), ...W), 2)] }) },
      h("circle", { class: "knob", r: 9, fill: color("paper"), stroke: color("ink") }))),
  ];
}

let last = {};
function remembered(examples, width, make) {
  const key = JSON.stringify([examples, width]);
  if (last.key !== key) last = { key, made: make() };
  return last.made;
}

// Lines of equal loss, and where each stands beside the minimum: there it has its number.
function levelsOf(examples, x, y) {
  const f = (a, b) => loss(examples, [a, b]), [least, level] = path(examples, [0, 0], 0.3, 300).at(-1);
  return [0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 7, 10, 14].map((value) => {
    const edges = [x.range[1] - 12, x.range[0] + 12].map(x.invert);
    let low = least, high = edges.find((edge) => f(edge, level) > value);
    const inside = f(low, level) < value && high !== undefined;
    for (let i = 0; inside && i < 30; i += 1) {
      const middle = (low + high) / 2;
      if (f(middle, level) < value) low = middle;
      else high = middle;
    }
    return { value, d: contour((a, b) => f(a, b) - value, x, y, 72), at: inside && [x(low), y(level)] };
  });
}

export default { ...scene({ look, draw, keeps: ["step", "learning_rate"] }), path, loss, caption };
