// The sigmoid or the ReLU with its derivative, at an x that can be moved: what passes on of a gradient.
import { clamp, color, fixed, h, handle, linear, picture, px, range, rounded, scene, trace, words, xAxis, yAxis } from "./kit.js";

const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const FUNCTIONS = {
  sigmoid: {
    f: sigmoid, slope: (x) => sigmoid(x) * sigmoid(-x), name: "σ", y: [-0.08, 1.12], ticks: [0, 0.25, 0.5, 1],
  },
  ReLU: { f: (x) => Math.max(0, x), slope: (x) => (x > 0 ? 1 : 0), name: "ReLU", y: [-0.6, 8.4], ticks: [0, 2, 4, 6, 8] },
};
const END = 8, DEAD = 0.01; // below this, less than one part in a hundred passes on

const short = (x, digits) => fixed(x, digits).replace(/\.?0+$/, "");

function caption(name, x) {
  const { f, slope, name: sign } = FUNCTIONS[name], passed = slope(x);
  const at = `${sign}(${short(x, 1)}) = ${short(f(x), 4)}, and the derivative there is ${short(passed, 4)}.`;
  if (passed === 0) return `${at} Nothing of a gradient passes on.`;
  if (passed === 1) return `${at} A gradient passes on unchanged.`;
  return `${at} Of a gradient that arrives, ${passed < DEAD ? "less than 1%" : `${fixed(100 * passed, 0)}%`} passes on.`;
}

function look(state, values, own) {
  const x = own.x ?? values.x, seen = { name: values.function, glide: { x } };
  return own.x === undefined ? seen : { ...seen, caption: caption(values.function, own.x) };
}

function draw(seen, stage) {
  const { x: at } = seen.glide, { width, narrow } = stage, { f, name, y: bounds, ticks: marks, slope } = FUNCTIONS[seen.name];
  const left = 44, right = width - 14, top = 30, bottom = narrow ? 260 : 240;
  const x = linear([-END, END], [left, right]), y = linear(bounds, [bottom, top]);
  const grid = range(321).map((i) => -END + i / 20);
  const tangent = [-1.6, 1.6].map((d) => [x(at + d), y(f(at) + d * slope(at))]);
  // where so little passes on that learning stands still
  const dead = grid.filter((v) => slope(v) < DEAD), spans = [dead.filter((v) => v < 0), dead.filter((v) => v > 0)].filter((span) => span.length > 1);
  const label = seen.name === "sigmoid" ? [-0.5, 0.56] : [4.4, 5.2];
  return picture(width, bottom + 46, `${name} and its derivative`, { class: "activation" },
    h("g", {}, spans.map((span) => h("rect", { class: "dead", x: px(x(span[0])), y: top, width: px(x(span.at(-1)) - x(span[0])), height: bottom - top }))),
    h("g", {}, spans.map((span) => {
      const [from, to] = [x(span[0]), x(span.at(-1))], outside = span[0] < 0 ? [from, "start"] : [to, "end"];
      const [at, anchor] = to - from < 90 ? outside : [(from + to) / 2, "middle"];
      return words(at, top - 8, "gradients die", { class: "faint", "text-anchor": anchor });
    })),
    xAxis(x, bottom, { at: [-8, -4, 0, 4, 8], label: "x" }), yAxis(y, left, { at: marks, grid: right }),
    h("path", { class: "curve-value", d: trace(grid.map((v) => [x(v), y(f(v))])) }),
    h("path", { class: "curve-gradient", d: seen.name === "ReLU" ? `M${px(x(-END))} ${px(y(0))}H${px(x(0))}M${px(x(0))} ${px(y(1))}H${px(x(END))}` : trace(grid.map((v) => [x(v), y(slope(v))])) }),
    words(x(label[0]), y(label[1]), `${name}(x)`, { class: "value halo-paper strong", "text-anchor": "end" }),
    words(x(seen.name === "ReLU" ? 6 : narrow ? 5.7 : 3.9), y(seen.name === "ReLU" ? 1 : 0.07) - 8, "derivative", { class: "gradient halo-paper", "text-anchor": "middle" }),
    h("svg", { x: left, y: top - 20, width: px(right - left), height: bottom - top + 20, viewBox: `${left} ${top - 20} ${px(right - left)} ${bottom - top + 20}`, class: "window" },
      h("path", { class: "tangent", d: trace(tangent) })),
    h("circle", { class: "mark-gradient", cx: px(x(at)), cy: px(y(slope(at))), r: 6 }),
    h("path", { class: "guide", d: `M${px(x(at))} ${px(bottom)}V${px(y(f(at)))}` }),
    handle(stage, { at: [x(at), y(f(at))], label: "x", spoken: `x ${fixed(at, 1)}, value ${fixed(f(at), 4)}, derivative ${fixed(slope(at), 4)}`, now: at, step: Math.abs(x(0.1) - x(0)), move: ([to]) => stage.change({ x: rounded(clamp(x.invert(to), -END, END), 1) }) },
      h("circle", { class: "knob", r: 10, fill: color("paper"), stroke: color("value") })));
}

export default { ...scene({ look, draw, keeps: ["function"] }), caption };
