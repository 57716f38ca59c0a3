// k-means in the plane: a run step by step, from drawn starts or from the reader's own.
// The two half steps are computed here, for any points and centroids; tests/hwlib/test_scenes.py
// holds them equal to hwlib.kmeans.
import { bar, button, chooser, clamp, color, dot, dropping, fixed, h, handle, logarithmic, linear, picture, px, range, report, rounded, scene, spots, ticks, trace, words, where, xAxis, yAxis } from "./kit.js";

// The same square of the plane always; for a reader's own points, one that holds them all.
const BOOK = { x: [-7, 8.5], y: [-8.7, 6.8], at: [-5, 0, 5] };

function around(points) {
  const [x, y] = [0, 1].map((axis) => points.map((p) => p[axis])).map((all) => [Math.min(...all), Math.max(...all)]);
  const half = 0.55 * (Math.max(x[1] - x[0], y[1] - y[0]) || 1);
  const side = ([low, high]) => [(low + high) / 2 - half, (low + high) / 2 + half];
  return { x: side(x), y: side(y) };
}

const squared = ([a, b], [c, d]) => (a - c) ** 2 + (b - d) ** 2;

// The nearest centroid of each point; of equally near ones, the first.
const assign = (points, centroids) =>
  points.map((x) => {
    const distances = centroids.map((mu) => squared(x, mu));
    return distances.indexOf(Math.min(...distances));
  });

// The mean of each cluster's points; an empty cluster keeps its centroid.
const update = (points, z, centroids) =>
  centroids.map((mu, c) => {
    const members = points.filter((_, i) => z[i] === c), n = members.length;
    return n ? [0, 1].map((axis) => members.reduce((sum, x) => sum + x[axis], 0) / n) : mu;
  });

const loss = (points, z, centroids) =>
  points.reduce((sum, x, i) => sum + squared(x, centroids[z[i]]), 0);

// Every whole step of a run, until no point changes its cluster.
function run(points, centroids) {
  const steps = [];
  for (let before = null; steps.length < 500; ) {
    const z = assign(points, centroids);
    const moved = before ? z.filter((c, i) => c !== before[i]).length : points.length;
    steps.push({ centroids, z, moved, loss: loss(points, z, centroids) });
    if (moved === 0) break;
    centroids = update(points, z, centroids);
    before = z;
  }
  return steps;
}

// The last two runs that were asked for: of the reader's and of its rival.
let runs = [];
function remembered(points, start) {
  const key = JSON.stringify([points.length, points, start]);
  const found = runs.find((each) => each.key === key) ?? { key, steps: run(points, start) };
  runs = [found, ...runs.filter((each) => each !== found)].slice(0, 2);
  return found.steps;
}

function caption(steps, step, { k, seed }, mine = false, digits = 2) {
  const t = Math.min(step, steps.length - 1), { z, moved, loss } = steps[t];
  const head = `k = ${k}, ${mine ? "your own start" : `seed ${seed}`}, step ${t}: loss ${fixed(loss, digits)}.`;
  const full = new Set(z), empty = range(k).filter((c) => !full.has(c)).map((c) => c + 1);
  const tail = empty.length ? ` Without any point: cluster ${empty.join(", ")}.` : "";
  if (t === 0) return `${head} Each point has the color of its nearest centroid.${tail}`;
  if (moved === 0) return `${head} Converged: no point changed its cluster.${tail}`;
  return `${head} In this step ${moved} of ${z.length} points changed their cluster.${tail}`;
}

// The part of a box that is nearer to one centroid than to any other, cut by one bisector after another.
function cell(i, centroids, box) {
  const [ax, ay] = centroids[i];
  let polygon = box;
  centroids.forEach(([bx, by], j) => {
    if (j === i || (ax === bx && ay === by)) return;
    const side = ([x, y]) => (x - (ax + bx) / 2) * (bx - ax) + (y - (ay + by) / 2) * (by - ay);
    polygon = polygon.flatMap((p, n) => {
      const q = polygon[(n + 1) % polygon.length], u = side(p), v = side(q), t = u / (u - v);
      const cut = [p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])];
      return u <= 0 ? (v <= 0 ? [p] : [p, cut]) : v <= 0 ? [cut] : [];
    });
  });
  return polygon;
}

// What is shown of a run at a step, or half a step later when its centroids have moved.
function standing(points, steps, step, half) {
  const t = Math.min(step ?? 0, steps.length - 1), now = steps[t];
  return { steps, t, z: now.z, moved: now.moved, loss: now.loss, centroids: half ? update(points, now.z, now.centroids) : now.centroids };
}

function look(state, values, own) {
  const points = own.points ?? state.points, seed = values.seed ?? 0;
  const from = (seed) => state.starts[seed].map((row) => state.points[row]);
  const steps = remembered(points, own.start ?? from(seed));
  const now = standing(points, steps, values.step, own.half);
  const rival = own.rival === undefined ? null : standing(points, remembered(points, from(own.rival)), values.step, own.half);
  const last = Math.max(steps.length, rival?.steps.length ?? 0) - 1;
  const { about, digits = 2 } = state, told = (loss) => fixed(loss, digits);
  const seen = {
    points, ...now, rival, original: state.points.length, seeds: state.starts.length,
    about, told, box: about ? around(state.points) : BOOK,
    glide: { centroids: now.centroids, rival: rival?.centroids ?? null }, last: { step: last },
  };
  const { t, z } = now, beside = rival ? ` Beside it, seed ${own.rival}: loss ${told(rival.loss)}.` : "";
  if (own.half && t < steps.length - 1) {
    const after = told(loss(points, z, now.centroids));
    return { ...seen, caption: `Each centroid has moved to the mean of its points: the loss falls from ${told(now.loss)} to ${after}. Next, assign.` };
  }
  // what the sliders can reach has its caption from Python
  if (!own.start && !rival) return seen;
  const k = steps[0].centroids.length;
  return { ...seen, caption: caption(steps, values.step, { ...values, k }, Boolean(own.start), digits) + beside };
}

function draw(seen, stage) {
  const { points, steps, t, z, rival, seeds, about, told } = seen, { x: X, y: Y, at: marks } = seen.box, { centroids } = seen.glide, { own, width, narrow } = stage;
  const side = narrow ? width - 30 : rival ? Math.round((width - 80) / 2) : Math.round(width * 0.6), left = about ? 48 : 30, top = rival ? 28 : 8;
  const x = linear(X, [left, left + side - (narrow ? left - 28 : 0)]), y = linear(Y, [top + side, top]);
  const at = ([a, b]) => [x(a), y(b)];
  const fine = about ? 4 - Math.floor(Math.log10(X[1] - X[0])) : 3; // digits of a place
  const data = ([a, b]) => [rounded(clamp(x.invert(a), ...X), fine), rounded(clamp(y.invert(b), ...Y), fine)];
  // the second start stands at the right, or below
  const aside = narrow ? [0, side + 78] : [side + 50, 0];
  const under = top + side + (rival && narrow ? side + 78 : 0);
  const curve = narrow || rival
    ? { left: 56, right: width - 12, top: under + 68, bottom: under + 190 }
    : { left: left + side + 74, right: width - 12, top: top + 22, bottom: top + side };
  const height = narrow || rival ? curve.bottom + 46 : top + side + 46;

  // from here on it is the reader's own run, which starts where the centroids are now
  const begin = (made) => {
    stage.change({ start: centroids, half: false, ...made });
    if (stage.values.step !== 0) stage.move({ step: 0 });
  };
  const place = (c, to) => begin({ start: centroids.map((mu, i) => (i === c ? data(to) : mu)) });
  const shift = (i, to) => begin({ points: points.map((p, j) => (j === i ? data(to) : p)), grabbed: i });
  const add = (to) => begin({ points: [...points, data(to)] });
  const { original } = seen;

  const grab = (event) => {
    const [a, b] = where(event);
    const distances = points.map((p) => Math.hypot(x(p[0]) - a, y(p[1]) - b));
    const i = distances.indexOf(Math.min(...distances));
    stage.pressed = { i: distances[i] < 9 ? i : null, from: [a, b] };
    if (stage.pressed.i === null) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    stage.hold(true);
  };
  const follow = (event) => {
    if (stage.pressed?.i != null && event.currentTarget.hasPointerCapture(event.pointerId)) shift(stage.pressed.i, where(event));
  };
  const release = (event) => {
    if (!stage.pressed) return;
    const [a, b] = where(event), [c, d] = stage.pressed.from;
    if (stage.pressed.i === null && Math.hypot(a - c, b - d) < 5) add([a, b]);
    stage.hold(false);
    stage.pressed = null;
  };

  const box = [[X[0], Y[0]], [X[1], Y[0]], [X[1], Y[1]], [X[0], Y[1]]];
  const all = rival ? [...steps, ...rival.steps] : steps, longest = Math.max(steps.length, rival?.steps.length ?? 0) - 1;
  const losses = all.map((step) => step.loss), largest = Math.max(...losses), least = about ? largest / 1e6 : 1;
  const low = Math.min(about ? Infinity : 400, ...losses), high = about ? largest || 1 : Math.max(16000, largest);
  const lossY = logarithmic([Math.max(low, least) * 0.95, high * 1.05], [curve.bottom, curve.top]);
  const stepX = linear([0, Math.max(10, longest)], [curve.left + 6, curve.right]);
  const dotsOf = ({ steps, t }) => steps.slice(0, t + 1).map((step, i) => [stepX(i), lossY(Math.max(step.loss, least || 1))]);
  const movable = points.map((p, i) => [p, i]).filter(([, i]) => i >= original || i === own.grabbed);

  const step = stage.values.step ?? 0, over = step >= longest;
  const move = (half, to) => {
    stage.change({ half });
    if (to !== step) stage.move({ step: to });
  };
  const next = ((own.rival ?? stage.values.seed ?? 0) + 1) % seeds;
  const open = (file) => {
    if (stage.values.step !== 0) stage.move({ step: 0 });
    stage.open(file);
  };
  const buttons = bar(
    button("Back", () => move(!own.half, own.half ? step : step - 1), { disabled: !own.half && step === 0, title: "Undo the last assign or update" }),
    button("Update", () => move(true, Math.min(step, longest)), { disabled: own.half || over, title: "Move each centroid to the mean of its points" }),
    button("Assign", () => move(false, step + 1), { disabled: !own.half, title: "Give each point to its nearest centroid" }),
    button("Add a point", () => add([x(0.6), y(-0.6)])),
    seeds > 1 && button(rival ? "Another seed" : "Two starts", () => stage.change({ rival: next }), { title: "Run another seed beside this one" }),
    button("Undo", () => stage.reset(), { disabled: Object.keys(own).length === 0 }),
    stage.opens && chooser("Your own points", open, {
      accept: ".tsv,.csv,.txt,text/*", title: "A table of two columns, such as data.tsv. Nothing leaves this device.",
    }),
    about && button("The book’s points", () => open(null)),
  );
  const { progress, trouble } = stage, said = progress ? { text: progress.text, done: progress.done }
    : trouble ? { text: trouble, wrong: true } : about && { text: about };

  // everything of a run but what can be taken hold of
  const plane = (run, centroids) => [
    h("g", { class: "cells" }, centroids.map((_, c) => h("path", {
      d: `${trace(cell(c, centroids, box).map(at))}Z`, fill: color(`c${c + 1}`), stroke: color("faint"), "fill-opacity": 0.1, "stroke-opacity": 0.7,
    }))),
    stage.still ? centroids.map((_, c) => h("path", { d: spots(points.filter((_, i) => run.z[i] === c).map(at), "h0", true), ...dot(2.8, `c${c + 1}`) }))
      : h("g", { class: "glides" }, points.map((p, i) => h("circle", { cx: px(x(p[0])), cy: px(y(p[1])), r: narrow ? 2.2 : 2.8, fill: color(`c${run.z[i] + 1}`) }))),
    xAxis(x, top + side, { at: marks ?? ticks(X, narrow ? 3 : 4), label: "x₁" }),
    yAxis(y, left, { at: marks ?? ticks(Y, 4) }),
    words(left + 6, top + 16, "x₂", { class: "name" }),
  ];
  const paths = (run, centroids) => h("g", {}, centroids.map((_, c) => {
    const path = [...run.steps.slice(0, run.t + 1).map((step) => step.centroids[c]), centroids[c]].map(at);
    return [
      h("path", { class: "path", d: trace(path) }),
      h("path", { class: "start", d: `M${path[0].map((v) => px(v - 4)).join(" ")}l8 8m0 -8l-8 8` }),
    ];
  }));
  const knob = (run, c) => [
    h("circle", { class: run.z.includes(c) ? "knob" : "knob empty", r: 11, fill: color("paper"), stroke: color(`c${c + 1}`) }),
    words(0, 4.5, c + 1, { "text-anchor": "middle" }),
  ];
  const title = (run, who) => words(left + side / 2, 16, `${who}: loss ${told(run.loss)}`, { "text-anchor": "middle", class: "name" });
  const line = (run, last, name) => {
    const dots = dotsOf(run);
    return h("g", { class: name }, h("path", { class: "line", d: trace(dots) }),
      dots.map(([a, b], i) => h("circle", { class: "dot", cx: px(a), cy: px(b), r: i === last ? 5 : 3 })));
  };

  return [
    buttons,
    h("div", {}, said && report(said)),
    picture(width, height, "Points and centroids in the plane, and the loss by step", { class: "plane", ...(stage.opens ? dropping(open) : {}) },
      plane(seen, centroids),
      rival && title(seen, own.start ? "your own start" : `seed ${stage.values.seed}`),
      h("rect", { class: "ground", x: left, y: top, width: px(side), height: px(side), fill: "transparent", onpointerdown: grab, onpointermove: follow, onpointerup: release, onpointercancel: release }),
      paths(seen, centroids),
      h("g", {}, movable.map(([p, i]) => handle(stage, {
        at: at(p), label: i < original ? "the point that you moved" : `added point ${i - original + 1}`, reach: 14,
        spoken: `x ${fixed(p[0])}, y ${fixed(p[1])}`, now: p[0], move: (to) => shift(i, to),
        remove: () => begin({ points: points.filter((_, j) => j !== i), grabbed: null }),
      }, h("circle", { r: 5.5, fill: color(`c${z[i] + 1}`), stroke: color("paper"), "stroke-width": 2 })))),
      h("g", {}, centroids.map((mu, c) => handle(stage, {
        at: at(mu), label: `centroid ${c + 1}`, spoken: `x ${fixed(mu[0])}, y ${fixed(mu[1])}`, now: mu[0], move: (to) => place(c, to), reach: 20,
      },
      knob(seen, c)))),
      rival && h("g", { transform: `translate(${aside.join(",")})`, class: "passive" },
        plane(rival, seen.glide.rival), title(rival, `seed ${own.rival}`), paths(rival, seen.glide.rival),
        h("g", {}, seen.glide.rival.map((mu, c) => h("g", { transform: `translate(${at(mu).map(px).join(",")})` }, knob(rival, c))))),
      xAxis(stepX, curve.bottom, { label: "step" }),
      yAxis(lossY, curve.left, about ? { at: decades(lossY.domain), label: "loss", format: power, grid: curve.right }
        : { at: [500, 1000, 2000, 5000, 10000], label: "loss", format: (v) => fixed(v, 0), grid: curve.right }),
      rival && words(curve.right, curve.top - 8, narrow ? "dashes: second start" : "line: first start, dashes: second", { "text-anchor": "end", class: "faint" }),
      rival && line(rival, rival.t, "rival"),
      line(seen, t, "mine"),
    ),
  ];
}

// A few round numbers on a logarithmic axis: the powers of ten if there are enough, else more.
function decades([low, high]) {
  const within = (parts) => range(40).flatMap((i) => parts.map((part) => part * 10 ** (i - 20))).filter((v) => v >= low && v <= high);
  const few = [[1], [1, 2, 5], range(9).map((i) => i + 1), range(90).map((i) => 1 + i / 10)].map(within).find((all) => all.length > 1) ?? [low];
  return few.filter((_, i) => i % Math.ceil(few.length / 6) === 0);
}

const power = (v) => (v >= 1e5 || v < 0.01 ? v.toExponential(0).replace("e+", "e").replace("-", "−") : v >= 10 ? fixed(v, 0) : String(Number(v.toPrecision(2))));

export default { ...scene({ look, draw, keeps: ["step"], stays: ["rival"] }), run, caption };
