// Training by gradient descent: logistic regression, or a network with one hidden layer, on examples
// that can be dragged and whose labels can be turned. The run is computed here, since everything in
// it may be the reader's own; tests/hwlib/test_scenes.py holds it equal to hwlib.backprop.
import { bar, button, chance, choice, clamp, color, contour, fixed, h, handle, heat, linear, logarithmic, picture, px, range, rounded, scene, trace, words, xAxis, yAxis } from "./kit.js";

const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const dot = (x, y) => x.reduce((sum, each, i) => sum + each * y[i], 0);

// Scores, gradients and one step, for parameters as lists: [w, b], or [W, b, v, c].
const MODELS = {
  logistic: {
    score: ([w, b], x) => dot(w, x) + b,
    gradient([w], x, pull) {
      return [x.map((each) => pull * each), pull];
    },
  },
  network: {
    score: ([W, b, v, c], x) => W.reduce((sum, row, i) => sum + v[i] * Math.max(0, dot(row, x) + b[i]), 0) + c,
    gradient([W, b, v], x, pull) {
      const inside = W.map((row, i) => dot(row, x) + b[i]);
      const back = inside.map((z, i) => (z > 0 ? pull * v[i] : 0));
      return [back.map((g) => x.map((each) => g * each)), back, inside.map((z) => pull * Math.max(0, z)), pull];
    },
  },
};

const combine = (f, a, b) => (Array.isArray(a) ? a.map((each, i) => combine(f, each, b[i])) : f(a, b));

function lossOf(model, params, examples) {
  let sum = 0;
  for (const [x1, x2, y] of examples) sum -= Math.log(sigmoid(y * MODELS[model].score(params, [x1, x2])));
  return sum;
}

// The parameters after some steps and all losses; a run ends where the next loss is no number.
function train(model, examples, params, rate, steps) {
  const losses = [lossOf(model, params, examples)];
  while (losses.length <= steps) {
    let gradient = null;
    for (const [x1, x2, y] of examples) {
      const x = [x1, x2], u = sigmoid(y * MODELS[model].score(params, x));
      const part = MODELS[model].gradient(params, x, -y * (1 - u));
      gradient = gradient ? combine((a, b) => a + b, gradient, part) : part;
    }
    const moved = combine((a, b) => a - rate * b, params, gradient), loss = lossOf(model, moved, examples);
    if (!Number.isFinite(loss)) break;
    params = moved;
    losses.push(loss);
  }
  return { params, losses };
}

const on = ([W, b], examples) => W.map((row, i) => examples.some(([x1, x2]) => dot(row, [x1, x2]) + b[i] > 0));

function right(model, params, examples) {
  const margins = examples.map(([x1, x2, y]) => y * MODELS[model].score(params, [x1, x2]));
  if (margins.every((m) => Math.abs(m) < 1e-6)) return "P(y = +1 | x) = 1/2 for all examples";
  return `${margins.filter((m) => m > 1e-6).length} of ${margins.length} examples right`;
}

const LETTERS = "ABCDEF"; // the names of the examples
const COUNTS = ["no hidden unit is", "one hidden unit is", "two hidden units are", "three hidden units are"];

function caption(model, head, { params, losses }, examples, step) {
  const last = Math.min(step, losses.length - 1);
  let text = `${head}, step ${step}: ${last < step ? `the run ended at step ${last} with ` : ""}loss ${rounded(losses[last], 4).toFixed(4)}`;
  const awake = model === "network" ? on(params, examples).filter(Boolean).length : null;
  if (awake === 0) text += `. Every hidden unit is off for every example, and the output is σ(c) = ${rounded(sigmoid(params[3]), 2).toFixed(2)} for all of them`;
  else text += `, ${right(model, params, examples)}`;
  if (awake) text += `. ${COUNTS[awake][0].toUpperCase()}${COUNTS[awake].slice(1)} on for at least one example`;
  if (last < step) text += ". The next step would leave the numbers that a computer can hold";
  return `${text}.`;
}

function look(state, values, own) {
  const examples = own.examples ?? state.examples, start = own.start ?? state.start, rate = values.learning_rate;
  const run = train(state.model, examples, start, rate, values.step);
  const seen = { model: state.model, examples, losses: run.losses, step: values.step, box: state.box, start, glide: { params: run.params } };
  if (!own.examples && !own.start) return seen;
  const head = `${own.start ? "A new start" : "Your own examples"}, learning rate ${rate}`;
  return { ...seen, caption: caption(state.model, head, run, examples, values.step) };
}

function draw(seen, stage) {
  const { model, examples, losses, step, box } = seen, { params } = seen.glide, { own, width, narrow } = stage;
  const network = model === "network";
  const left = 34, top = 8, side = narrow ? width - left - 4 : Math.round(width * 0.49), bottom = top + side;
  const x = linear(box.x, [left, left + side]), y = linear(box.y, [bottom, top]);
  const at = ([a, b]) => [x(a), y(b)];
  const score = (a, b) => MODELS[model].score(params, [a, b]);
  const half = network ? 196 : 0; // the height of the drawn network
  const right = narrow
    ? { left: 52, right: width - 20, top: bottom + 62 + half, bottom: bottom + (network ? 170 : 200) + half }
    : { left: left + side + 70, right: width - 20, top: top + 22 + half, bottom: Math.max(bottom, top + half + 130) };
  const height = (narrow ? right.bottom : Math.max(bottom, right.bottom)) + 46;

  const change = (i, made) => stage.change({ examples: examples.map((each, j) => (j === i ? made(each) : each)) });
  const place = (i, [a, b]) => change(i, ([, , label]) => [rounded(clamp(x.invert(a), ...box.x), 2), rounded(clamp(y.invert(b), ...box.y), 2), label]);
  const flip = (i) => change(i, ([a, b, label]) => [a, b, -label]);

  // steps on a scale that gives the first ones room
  const stepX = linear([0, Math.log(1001)], [right.left + 4, right.right]), along = (t) => stepX(Math.log(1 + t));
  const lossY = logarithmic([0.003, Math.max(20, Math.min(500, ...[Math.max(...losses)]))], [right.bottom, right.top]);
  const points = losses.map((loss, t) => [along(t), clamp(lossY(Math.max(loss, 1e-9)), right.top, right.bottom)]);
  const shown = points.filter((_, t) => t < 60 || t % 10 === 0 || t === points.length - 1);

  const awake = network ? on(params, examples) : [];
  // where each hidden unit switches on
  const hinges = !network ? [] : params[0].map((w, i) => {
    const norm = dot(w, w), tone = color(UNITS[i % 3]);
    if (!norm || !awake[i]) return null;
    const length = Math.sqrt(norm), foot = w.map((each) => (-params[1][i] * each) / norm);
    // always from left to right: dashes of lines that coincide then alternate
    const turn = w[1] > 0 || (w[1] === 0 && w[0] > 0) ? 1 : -1, way = [turn * w[1], -turn * w[0]].map((each) => each / length);
    const along = (t, off = 0) => at([0, 1].map((j) => foot[j] + t * way[j] + (off * w[j]) / length));
    // a mark on the side where the unit is on, near the middle of what is seen
    const middle = [0, 1].reduce((sum, j) => sum + ((box.x[j] + box.x[1 - j]) / 2 - foot[j]) * way[j], 0) + (i - 1) * 0.2 * (box.x[1] - box.x[0]);
    const [[a, b], [c, d]] = [along(middle), along(middle, 1)], far = Math.hypot(c - a, d - b);
    return [
      h("path", { class: "hinge", stroke: tone, "stroke-dashoffset": -7 * i, d: trace([along(-9), along(9)]) }),
      h("path", { stroke: tone, "stroke-width": 5, d: trace([[a, b], [a + (11 * (c - a)) / far, b + (11 * (d - b)) / far]]) }),
    ];
  });

  return [
    bar(
      network && button("New start", () => {
        const draw = chance((own.seed ?? 0) + 1), uniform = () => rounded(2 * draw() - 1, 2);
        const start = [range(3).map(() => [uniform(), uniform()]), range(3).map(uniform), range(3).map(uniform), uniform()];
        stage.change({ seed: (own.seed ?? 0) + 1, start });
      }),
      h("span", { class: "explorer-set" }, "Flip",
        range(examples.length).map((i) => button(LETTERS[i], () => flip(i), { "aria-label": `Flip ${LETTERS[i]}`, title: `Flip the label of example ${LETTERS[i]}` }))),
      button("Undo", () => stage.reset(), { disabled: !own.examples && !own.start }),
      network && choice(stage, "Beside the plane", [["network", "network"], ["hidden", "hidden space"]], own.beside ?? "network", (beside) => stage.change({ beside })),
    ),
    picture(width, height, "The examples, what is predicted in the plane, and the loss by step", { class: "training" },
      h("svg", { x: left, y: top, width: side, height: side, viewBox: `${left} ${top} ${side} ${side}`, class: "window" },
        heat((a, b) => sigmoid(score(a, b)), x, y, ["negative", "positive"]),
        hinges,
        h("path", { class: "border", d: contour(score, x, y) })),
      h("rect", { x: left, y: top, width: side, height: side, class: "frame" }),
      xAxis(x, bottom, { at: box.ticks, label: "x₁" }), yAxis(y, left, { at: box.ticks }),
      words(left + 7, top + 18, "x₂", { class: "name" }),
      examples.map(([a, b, label], i) => {
        const tone = label > 0 ? "positive" : "negative";
        return handle(stage, {
          at: at([a, b]), label: `example ${LETTERS[i]}, label ${label > 0 ? "+1" : "−1"}; Enter turns it`, now: a,
          spoken: `x1 ${fixed(a)}, x2 ${fixed(b)}, label ${label > 0 ? "+1" : "−1"}`, move: (to) => place(i, to), press: () => flip(i),
        },
        label > 0 ? h("circle", { r: 14, fill: color(tone), stroke: color("paper"), "stroke-width": 2.5 }) : h("rect", { x: -13, y: -13, width: 26, height: 26, rx: 4, fill: color(tone), stroke: color("paper"), "stroke-width": 2.5 }),
        words(0, 4.5, label > 0 ? "+1" : "−1", { "text-anchor": "middle", class: "inverse" }),
        words(21, -12, LETTERS[i], { "text-anchor": "middle", class: "halo-paper strong" }));
      }),
      network && (own.beside === "hidden" ? hiddenSpace : diagram)(params, awake, examples, narrow ? { left: 4, right: width - 4, top: bottom + 48 } : { left: left + side + 30, right: width - 4, top: top + 2 }),
      xAxis(stepX, right.bottom, { at: [0, 1, 10, 100, 1000].map((t) => Math.log(1 + t)), format: (v) => fixed(Math.exp(v) - 1, 0), label: "step" }),
      yAxis(lossY, right.left, { at: [0.01, 0.1, 1, 10, 100].filter((v) => v < lossY.domain[1]), label: "loss", grid: right.right }),
      !network && h("g", {},
        h("path", { class: "guide", d: `M${px(right.left)} ${px(lossY(4 * Math.LN2))}H${px(right.right)}` }),
        words(right.right, lossY(4 * Math.LN2) + (losses.at(-1) > 4 * Math.LN2 ? 17 : -6), "4 log 2", { "text-anchor": "end", class: "faint halo-paper" })),
      h("path", { class: "line", d: trace(shown) }),
      h("circle", { class: "dot", cx: px(points.at(-1)[0]), cy: px(points.at(-1)[1]), r: 5 })),
  ];
}

const UNITS = ["c3", "c5", "c8"]; // the colors of the hidden units

// The network itself: a line for each weight, as thick as it is large, in the color of its sign. In a
// unit's box, a bar for each example: what the unit answers to it.
function diagram([W, b, v, c], awake, examples, { left, right, top }) {
  const tall = 156, wide = 72, high = 44;
  const inputs = [0.25, 0.75].map((t) => [left + 14, top + t * tall]);
  const units = W.map((_, i) => [left + 0.52 * (right - left), top + ((i + 0.5) / W.length) * tall]), out = [right - wide / 2, top + tall / 2];
  const hidden = W.map((row, i) => examples.map(([x1, x2]) => Math.max(0, dot(row, [x1, x2]) + b[i])));
  const most = Math.max(1, ...hidden.flat());
  const chances = examples.map((_, k) => sigmoid(hidden.reduce((sum, each, i) => sum + v[i] * each[k], c)));
  const edge = ([x0, y0], [x1, y1], weight, alive) => h("path", {
    d: trace([[x0, y0], [x1 - wide / 2, y1]]), stroke: color(weight < 0 ? "negative" : "positive"), "stroke-width": px(clamp(0.6 + 1.8 * Math.abs(weight), 0.6, 8)), "stroke-opacity": alive ? 0.75 : 0.2,
  });
  const unit = ([x, y], name, tone, answers, most, alive = true) => {
    const zero = x - wide / 2 + 27, length = wide - 34;
    return h("g", {},
      h("rect", { x: px(x - wide / 2), y: px(y - high / 2), width: wide, height: high, rx: 8, fill: color("paper"), stroke: color(tone), "stroke-width": 2, "stroke-dasharray": alive ? undefined : "3 3" }),
      words(x - wide / 2 + 14, y + 4.5, name, { "text-anchor": "middle" }),
      h("path", { d: `M${px(zero)} ${px(y - 18)}v36`, stroke: color("faint") }),
      alive ? answers.map((answer, k) => h("rect", {
        x: px(zero), y: px(y - 18 + 9.2 * k), width: px((length * answer) / most), height: 7, fill: color(examples[k][2] > 0 ? "positive" : "negative"),
      })) : words(zero + length / 2, y + 4.5, "dead", { "text-anchor": "middle" }));
  };
  return h("g", { class: "network" },
    W.map((row, i) => [row.map((weight, j) => edge(inputs[j], units[i], weight, awake[i])), edge([units[i][0] + wide / 2, units[i][1]], out, v[i], awake[i])]),
    inputs.map(([x, y], j) => [h("circle", { cx: px(x), cy: px(y), r: 13, fill: color("paper"), stroke: color("ink"), "stroke-width": 2 }), words(x, y + 4.5, `x${"₁₂"[j]}`, { "text-anchor": "middle" })]),
    units.map((place, i) => unit(place, `h${"₁₂₃"[i]}`, UNITS[i % 3], hidden[i], most, awake[i])),
    unit(out, "P", "ink", chances, 1),
    words(right, top + tall + 6, "bars: A to D", { "text-anchor": "end", class: "faint" }));
}

// How much of one unit is another, and how far the rest goes.
function along(unit, base) {
  const length = dot(base, base), share = length ? dot(unit, base) / length : 0;
  return { share, rest: Math.max(...unit.map((each, k) => Math.abs(each - share * base[k]))) };
}

// The hidden unit that moves the output most, and the one that adds most to it: not a copy of it.
function leading(v, hidden) {
  const most = (sizes) => sizes.indexOf(Math.max(...sizes));
  const i = most(hidden.map((row, u) => Math.abs(v[u]) * Math.max(...row)));
  const j = most(hidden.map((row, u) => (u === i ? -1 : Math.abs(v[u]) * along(row, hidden[i]).rest)));
  return [Math.min(i, j), Math.max(i, j)];
}

// The plane of two hidden units: where the examples are in it, and with what weights the two make the
// score, where the others add nothing or copy these two. If they do neither, it is not `whole`.
function plane([W, b, v, c], examples) {
  const hidden = W.map((row, i) => examples.map(([x1, x2]) => Math.max(0, dot(row, [x1, x2]) + b[i])));
  const pair = leading(v, hidden), weights = pair.map((u) => v[u]);
  const scores = examples.map((_, k) => v.reduce((sum, each, u) => sum + each * hidden[u][k], c));
  let rest = 0; // what a point of this plane does not tell of a score
  range(v.length).filter((u) => !pair.includes(u)).forEach((u) => {
    const found = pair.map((base) => along(hidden[u], hidden[base])), nearer = found[0].rest < found[1].rest ? 0 : 1;
    weights[nearer] += v[u] * found[nearer].share;
    rest = Math.max(rest, Math.abs(v[u]) * found[nearer].rest);
  });
  return { pair, weights, at: examples.map((_, k) => pair.map((u) => hidden[u][k])), whole: rest < 0.05 * Math.max(...scores.map(Math.abs)) };
}

function hiddenSpace(params, awake, examples, { left, right, top }) {
  const { pair, weights, at, whole } = plane(params, examples), c = params[3];
  const most = 1.15 * Math.max(0.1, ...at.flat()), side = 146, from = left + 44, to = Math.min(right - 10, from + 1.5 * side);
  const x = linear([-0.12 * most, most], [from, to]), y = linear([-0.12 * most, most], [top + side, top]);
  const score = (p, q) => weights[0] * p + weights[1] * q + c, name = (u) => `h${"₁₂₃"[u]}`, wide = px(to - from);
  const places = at.map(([p, q]) => [x(p), y(q)]);
  return h("g", { class: "hidden-space" },
    h("svg", { x: px(from), y: top, width: wide, height: side, viewBox: `${px(from)} ${top} ${wide} ${side}`, class: "window" },
      whole && [heat((p, q) => sigmoid(score(p, q)), x, y, ["negative", "positive"], 40), h("path", { class: "border", d: contour(score, x, y, 40) })]),
    h("rect", { x: px(from), y: top, width: wide, height: side, class: "frame" }),
    words((from + to) / 2, top + side + 19, name(pair[0]), { class: "name", "text-anchor": "middle" }),
    words(from - 10, top + side / 2, name(pair[1]), { class: "name", "text-anchor": "end" }),
    h("g", {}, examples.map(([, , label], k) => {
      // those in one place stand side by side
      const before = places.slice(0, k).filter(([p, q]) => Math.hypot(p - places[k][0], q - places[k][1]) < 12).length;
      const [p, q] = [places[k][0] + 20 * before, places[k][1]], tone = color(label > 0 ? "positive" : "negative");
      return h("g", { transform: `translate(${px(p)},${px(q)})` },
        label > 0 ? h("circle", { r: 9, fill: tone, stroke: color("paper"), "stroke-width": 1.5 }) : h("rect", { x: -8.5, y: -8.5, width: 17, height: 17, rx: 3, fill: tone, stroke: color("paper"), "stroke-width": 1.5 }),
        words(0, 4.5, LETTERS[k], { class: "inverse", "text-anchor": "middle" }));
    })));
}

export default { ...scene({ look, draw, keeps: ["step", "learning_rate"] }), train, caption, plane };
