// One entry w of W: examples with weights, and the part of the expected complete log-likelihood that
// has w in it. Drag a weight, drag w; tests/hwlib/test_scenes.py holds the top equal to hwlib's M step.
import { bar, button, clamp, color, fixed, h, handle, linear, picture, px, range, rounded, scene, trace, words, xAxis, yAxis } from "./kit.js";

// `ones` examples, the first ones, have a one; `r` are the weights of all.
function model(r, ones) {
  const sum = (some) => some.reduce((a, b) => a + b, 0), N = sum(r), A = sum(r.slice(0, ones));
  const times = (n, x) => (n > 0 ? n * x : 0); // 0 · log 0 is 0
  return {
    N, A,
    top: N > 0 ? A / N : null,
    part: (w) => times(A, Math.log(w)) + times(N - A, Math.log(1 - w)),
    pulls: (w) => [times(A, 1 / w), times(N - A, 1 / (1 - w))],
  };
}

function caption(total, ones) {
  const m = model(range(total).map(() => 1), ones);
  return `${ones} of ${total} examples have a one, each with weight 1: the top is at w = ${ones}/${total} = ${rounded(m.top, 3)}, where this part of the ECLL is ${fixed(m.part(m.top), 3)}.`;
}

const short = (x) => String(rounded(x, 2));

function look({ total }, { ones }, own) {
  const r = own.r ?? range(total).map(() => 1), m = model(r, ones), w = own.w ?? 0.5;
  const seen = { ones, glide: { r, w } };
  if (own.r === undefined && own.w === undefined) return seen;
  if (!m.N) return { ...seen, caption: "All weights are 0: nothing depends on w, and any value will do." };
  const [up, down] = m.pulls(w);
  const top = `Weight ${short(m.A)} of ${short(m.N)} has a one: the top is at w = ${short(m.A)}/${short(m.N)} = ${fixed(m.top, 3)}.`;
  return { ...seen, caption: `${top} At w = ${fixed(w)} the ones give a slope of ${fixed(up)}, the zeros of ${fixed(-down)}: together ${fixed(up - down)}.` };
}

function draw(seen, stage) {
  const { ones } = seen, { r, w } = seen.glide, { own, width, narrow } = stage, m = model(r, ones), total = r.length;
  const line = 26, top = 26, left = 62, right = narrow ? width - 16 : Math.round(width * 0.4);
  const weight = linear([0, 1], [left, right]);
  const plot = narrow ? { left: 50, right: width - 12, top: top + total * line + 50, bottom: top + total * line + 250 } : { left: right + 70, right: width - 12, top, bottom: top + total * line - 24 };
  const x = linear([0, 1], [plot.left, plot.right]), y = linear([-30, 1], [plot.bottom, plot.top]);
  const grid = range(199).map((i) => 0.005 * (i + 1)), inside = ([, v]) => v <= plot.bottom + 300;
  const curve = grid.map((each) => [x(each), y(m.part(each))]).filter(inside);
  const [up, down] = m.pulls(w), tilt = ((up - down) * (y(1) - y(0))) / (x(1) - x(0)), reach = 46 / Math.hypot(1, tilt);
  const here = [x(w), Math.min(plot.bottom, y(m.part(w)))];
  return [
    bar(
      button("All weights 1", () => stage.change({ r: range(total).map(() => 1) })),
      button("Halve the zeros", () => stage.change({ r: r.map((each, i) => (i < ones ? each : each / 2)) }), { title: "As if the E step were half as sure of them" }),
    ),
    picture(width, plot.bottom + 46, "Weights of ten examples, and the part of the ECLL with one entry of W", { class: "weights" },
      words(30, 13, "x", { class: "name", "text-anchor": "middle" }), words(left, 13, "weight r", { class: "name" }),
      h("g", {}, range(total).map((i) => {
        const v = top + (i + 0.5) * line, on = i < ones, ink = color(on ? "positive" : "negative");
        return [
          words(30, v + 4.5, on ? 1 : 0, { class: "strong", "text-anchor": "middle" }),
          h("path", { class: "axis", d: `M${px(weight(r[i]))} ${px(v)}H${right}`, stroke: color("faint"), "stroke-opacity": 0.35 }),
          h("path", { d: `M${left} ${px(v)}H${px(weight(r[i]))}`, stroke: ink, "stroke-width": 9, "stroke-opacity": on ? 1 : 0.65 }),
        ];
      })),
      h("g", {}, range(total).map((i) => handle(stage, {
        at: [weight(r[i]), top + (i + 0.5) * line], label: `weight of example ${i + 1}`, spoken: `${short(r[i])}, its entry is ${i < ones ? 1 : 0}`, now: r[i], reach: 13, step: (right - left) / 20,
        move: ([to]) => stage.change({ r: r.map((each, j) => (j === i ? rounded(clamp(weight.invert(to), 0, 1), 2) : each)) }),
      }, h("circle", { class: "knob", r: 6, fill: color("paper"), stroke: color(i < ones ? "positive" : "negative") })))),

      xAxis(x, plot.bottom, { label: "w, a value for the entry of W" }),
      yAxis(y, plot.left, { at: [-30, -20, -10, 0] }),
      words(plot.left - 34, plot.top - 13, "part of the ECLL with w", { class: "name" }),
      h("svg", { x: px(plot.left), y: plot.top, width: px(plot.right - plot.left), height: plot.bottom - plot.top, viewBox: [plot.left, plot.top, plot.right - plot.left, plot.bottom - plot.top].map(px).join(" "), class: "window" },
        h("path", { class: "line thick", d: trace(curve) }),
        m.top === null ? h("path", { d: "M0 0" }) : h("path", { class: "guide", d: `M${px(x(m.top))} ${px(y(m.part(m.top)))}V${plot.bottom}` }),
        h("path", { class: "tangent", d: `M${px(here[0] - reach)} ${px(here[1] - reach * tilt)}L${px(here[0] + reach)} ${px(here[1] + reach * tilt)}` })),
      m.top === null ? h("circle", { r: 0 }) : h("circle", { cx: px(x(m.top)), cy: px(y(m.part(m.top))), r: 5, fill: color("value") }),
      handle(stage, {
        at: here, label: "w", spoken: `w ${fixed(w)}, slope ${fixed(up - down)}`, now: w, step: (plot.right - plot.left) / 100,
        move: ([to]) => stage.change({ w: rounded(clamp(x.invert(to), 0.01, 0.99), 2) }),
      }, h("circle", { class: "knob", r: 8, fill: color("paper"), stroke: color("ink") }))),
  ];
}

export default { ...scene({ look, draw, keeps: ["ones"] }), model, caption };
