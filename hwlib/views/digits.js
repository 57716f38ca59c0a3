// EM on small pictures: every picture stands with its cluster, every row of W is a portrait, and the
// reader's own picture gets responsibilities. EM runs here, from stored or random starts, with soft or
// hard assignments; tests/hwlib/test_scenes.py holds it equal to hwlib.binary_em.
import { bar, button, chance, clamp, color, fixed, h, handle, linear, picture, px, range, scene, ticks, trace, where, words, xAxis, yAxis } from "./kit.js";

const STEPS = 30; // at most, and
const ENOUGH = 0.01; // no further one after a gain of less than this
const SURE = 0.99, SEEN = 0.05; // above: surely of one cluster; below: no second place for a picture
const LEAST = 0.01; // of an entry of W for a painted picture: a 0 would forbid its first stray pixel
const TINTS = 12;

// ---- EM ---------------------------------------------------------------------------------------

const bitsOf = (hex) => [...hex].flatMap((sign) => [8, 4, 2, 1].map((bit) => (parseInt(sign, 16) & bit ? 1 : 0)));

const first = (row) => row.indexOf(Math.max(...row)); // of equally large ones, the first

function eStep(X, pi, W) {
  const on = W.map((row) => row.map(Math.log)), off = W.map((row) => row.map((w) => Math.log(1 - w)));
  let level = 0;
  const r = X.map((x) => {
    const s = pi.map((share, c) => {
      let sum = Math.log(share);
      for (let j = 0; j < x.length; j += 1) sum += x[j] ? on[c][j] : off[c][j];
      return sum;
    });
    const largest = Math.max(...s);
    if (largest === -Infinity) {
      level = -Infinity;
      return pi; // no cluster can make it: the prior
    }
    const odds = s.map((each) => Math.exp(each - largest)), total = odds.reduce((a, b) => a + b);
    level += largest + Math.log(total);
    return odds.map((each) => each / total);
  });
  return { r, level };
}

function mStep(X, r) {
  const counts = r[0].map((_, c) => r.reduce((sum, row) => sum + row[c], 0));
  const W = counts.map((n, c) => {
    const sums = new Array(X[0].length).fill(0);
    X.forEach((x, i) => {
      if (r[i][c] > 0) for (let j = 0; j < x.length; j += 1) sums[j] += r[i][c] * x[j];
    });
    return sums.map((sum) => (n > 0 ? Math.min(sum / n, 1) : 0.5));
  });
  return { pi: counts.map((n) => n / X.length), W };
}

const harden = (row) => row.map((_, c) => (c === first(row) ? 1 : 0));

// All steps from a start: parameters, responsibilities made with them, log-likelihood, who changed.
function run(X, pi, W, hard) {
  const steps = [];
  for (let now = { pi, W }; ; now = mStep(X, steps.at(-1).r)) {
    const { r, level } = eStep(X, now.pi, now.W), z = r.map(first), before = steps.at(-1);
    const moved = before ? z.filter((c, i) => c !== before.z[i]).length : X.length;
    steps.push({ ...now, r: hard ? r.map(harden) : r, level, z, moved });
    if (steps.length > STEPS || (before && level - before.level < ENOUGH)) return steps;
  }
}

// Half the mean, a quarter of an example, a quarter of noise, as binary_em.initial_parameters.
function randomStart(X, k, seed) {
  const draw = chance(seed), mean = X[0].map((_, j) => X.reduce((sum, x) => sum + x[j], 0) / X.length);
  const examples = range(k).map(() => X[Math.floor(draw() * X.length)]);
  return { pi: range(k).map(() => 1 / k), W: examples.map((x) => x.map((on, j) => mean[j] / 2 + on / 4 + draw() / 4)) };
}

// The responsibilities of a painted picture.
function judge(bits, { pi, W }, hard) {
  const [row] = eStep([bits], pi, W.map((each) => each.map((w) => clamp(w, LEAST, 1 - LEAST)))).r;
  return hard ? harden(row) : row;
}

function caption(steps, step, k, assignments, start = "") {
  const t = Math.min(step, steps.length - 1), { level, r, moved } = steps[t];
  const head = `k = ${k}, ${start}${assignments}, step ${t}: log-likelihood ${fixed(level, 1)}.`;
  if (assignments === "soft") {
    const sure = r.filter((row) => Math.max(...row) > SURE).length;
    return `${head} For ${sure} of ${r.length} pictures one responsibility is above ${SURE}.`;
  }
  if (t === 0) return `${head} Each picture goes to its most probable cluster.`;
  return `${head} In this step ${moved} of ${r.length} pictures changed their cluster.`;
}

// ---- where everything stands ----------------------------------------------------------------

// In columns and rows: each cluster has rows of its own, with its sure pictures before the others.
// A picture that is torn stands in its second cluster, too, as faint as it belongs there.
function arrange({ r, z, pi }, columns, least) {
  const second = r.map((row, i) => {
    const rest = row.map((each, c) => (c === z[i] ? 0 : each)), c = first(rest);
    return rest[c] >= SEEN ? c : null;
  });
  const main = [], ghost = [], tops = [];
  let top = 0;
  pi.forEach((_, c) => {
    tops.push(top);
    let at = 0;
    const next = () => [at % columns, top + Math.floor(at++ / columns)];
    z.forEach((each, i) => { if (each === c) main[i] = [...next(), r[i][c]]; });
    second.forEach((each, i) => { if (each === c) ghost[i] = [...next(), r[i][c]]; });
    top += Math.max(least, Math.ceil(at / columns)) + 0.5;
  });
  second.forEach((each, i) => { if (each === null) ghost[i] = [main[i][0], main[i][1], 0]; });
  return { main, ghost, tops, rows: top };
}

const WIDE = { columns: 40, least: 3 }, NARROW = { columns: 25, least: 5 };

let known = {}; // what the pictures say, and the last runs on them
function about(state) {
  const key = state.pictures.join(); // each state may bring them anew
  if (known.key !== key) {
    const X = state.pictures.map(bitsOf), [tall, wide] = state.shape;
    known = { key, X, shapes: X.map((x) => strokes(x, wide, tall)), runs: new Map() };
  }
  return known;
}

function bothRuns(state, k, seed) {
  const { X, runs } = about(state), key = JSON.stringify([state.start, k, seed]);
  if (!runs.has(key)) {
    const hundredths = (row) => row.map((each) => each / 100);
    const { pi, W } = seed ? randomStart(X, k, seed) : { pi: range(k).map(() => 1 / k), W: state.start.map(hundredths) };
    const pair = { soft: run(X, pi, W, false), hard: run(X, pi, W, true) }, all = [...pair.soft, ...pair.hard];
    const rows = ({ columns, least }) => Math.max(...all.map((each) => arrange(each, columns, least).rows));
    if (runs.size > 4) runs.clear();
    runs.set(key, { ...pair, wide: rows(WIDE), narrow: rows(NARROW) });
  }
  return runs.get(key);
}

// A picture as lines along its rows.
function strokes(x, wide, tall) {
  let d = "";
  for (let row = 0; row < tall; row += 1) {
    for (let from = 0; from < wide; from += 1) {
      let to = from;
      while (to < wide && x[row * wide + to]) to += 1;
      if (to > from) d += `M${from} ${row + 0.5}h${to - from}`;
      from = to;
    }
  }
  return d;
}

// Pixels between 0 and 1 as few tints, one path for each.
function portrait(row, wide, tall) {
  const tint = row.map((w) => Math.round(w * TINTS));
  return range(TINTS).map((at) => {
    const d = strokes(tint.map((each) => (each === at + 1 ? 1 : 0)), wide, tall);
    return h("path", { d: d || "M0 0", fill: "none", "stroke-width": 1.04, "stroke-opacity": px(((at + 1) / TINTS) * 10) / 10 });
  });
}

// ---- the scene --------------------------------------------------------------------------------

function look(state, values, own) {
  const { X, shapes } = about(state), { k, assignments } = values, hard = assignments === "hard";
  const runs = bothRuns(state, k, own.seed), steps = runs[assignments];
  const t = Math.min(values.step, steps.length - 1), now = steps[t];
  const i = own.i ?? state.example, bits = own.bits ?? X[i];
  const r = own.bits ? judge(bits, now, hard) : now.r[i];
  const start = own.seed ? `random start ${own.seed}, ` : "";
  const seen = {
    runs, t, i, bits, shapes, hard, now, z: now.z, shape: state.shape, labels: state.labels, last: { step: steps.length - 1 },
    glide: { wide: arrange(now, WIDE.columns, WIDE.least), narrow: arrange(now, NARROW.columns, NARROW.least), pi: now.pi, W: now.W, r },
  };
  if (own.bits) {
    const c = first(r);
    return { ...seen, caption: `Your picture: responsibility ${fixed(r[c])} for cluster ${c + 1}. ${bits.filter(Boolean).length} pixels have ink.` };
  }
  if (own.i !== undefined) {
    const c = first(r);
    return { ...seen, caption: `Picture ${i + 1}, a ${state.labels[i]}: responsibility ${fixed(r[c])} for cluster ${c + 1}.` };
  }
  // what the sliders can reach has its caption from Python
  return own.seed ? { ...seen, caption: caption(steps, values.step, k, assignments, start) } : seen;
}

function draw(seen, stage) {
  const { runs, t, i, bits, shapes, z, labels } = seen, { width, narrow, own, values } = stage;
  const [tall, wide] = seen.shape, { columns, least } = narrow ? NARROW : WIDE;
  const { main, ghost, tops } = seen.glide[narrow ? "narrow" : "wide"], { pi, W, r } = seen.glide;
  const left = narrow ? 66 : 112, pitch = (width - left) / columns, size = (pitch - 1.4) / wide, row = tall * size + 2.6;
  const at = ([column, line]) => [left + column * pitch, 6 + line * row];
  const zone = 6 + runs[narrow ? "narrow" : "wide"] * row;
  const face = (least * row - (narrow ? 22 : 6)) / tall; // pixels of a portrait
  const shown = (place, c, shape, key) => h("path", {
    key, d: shape, fill: "none", stroke: color(`c${c + 1}`), "stroke-width": 1.08, opacity: px(10 * (0.25 + 0.75 * place[2])) / 10,
    transform: `translate(${at(place).map(px).join(" ")})scale(${px(size * 100) / 100})`,
  });

  // which picture stands where a pointer is
  const nearest = ([a, b]) => {
    const distances = main.map((place) => {
      const [u, v] = at(place);
      return Math.hypot(u + pitch / 2 - a, v + row / 2 - b);
    });
    return distances.indexOf(Math.min(...distances));
  };
  const pick = (to) => {
    const next = nearest(to);
    if (next !== seen.i || own.bits) stage.change({ i: next, bits: undefined });
  };

  // the picture that is judged, to paint on
  const cell = narrow ? 10 : 12, y0 = zone + 30, grid = [1, y0];
  const inside = ([a, b]) => [clamp(Math.floor((a - grid[0]) / cell), 0, wide - 1), clamp(Math.floor((b - grid[1]) / cell), 0, tall - 1)];
  const paint = ([column, line], ink) => {
    const to = [...(stage.own.bits ?? bits)];
    to[line * wide + column] = ink;
    stage.change({ bits: to, cursor: [column, line] });
  };
  const cursor = own.cursor ?? [wide / 2, tall / 2], under = bits[cursor[1] * wide + cursor[0]];
  const begin = (event) => {
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    stage.hold(true);
    const [column, line] = inside(where(event));
    stage.ink = bits[line * wide + column] ? 0 : 1;
    paint([column, line], stage.ink);
  };
  const follow = (event) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) paint(inside(where(event)), stage.ink);
  };
  const end = () => stage.hold(false);

  const k = pi.length, side = wide * cell, deep = tall * cell, bars = { left: grid[0] + side + 30, right: narrow ? width - 42 : grid[0] + side + 170 };
  const share = linear([0, 1], [bars.left, bars.right]), line = deep / Math.max(k, 4);

  const plot = narrow ? { left: 66, right: width - 12, top: y0 + deep + 46, bottom: y0 + deep + 196 } : { left: bars.right + 116, right: width - 14, top: y0 + 10, bottom: y0 + deep - 22 };
    const levels = { soft: runs.soft.map(({ level }) => level), hard: runs.hard.map(({ level }) => level) };
  const stepX = linear([0, Math.max(10, levels.soft.length - 1, levels.hard.length - 1)], [plot.left + 6, plot.right - 30]);
  const low = Math.min(levels.soft[1], levels.hard[1]), high = Math.max(...levels.soft, ...levels.hard), room = (high - low) * 0.1;
  const y = linear([low - room, high + room], [plot.bottom, plot.top]);
  const curve = (kind) => trace(levels[kind].map((level, step) => [stepX(step), y(level)]));
  const kind = seen.hard ? "hard" : "soft", other = seen.hard ? "soft" : "hard", ends = { [kind]: levels[kind].at(-1), [other]: levels[other].at(-1) };
  const upper = ends.soft >= ends.hard ? "soft" : "hard";
  const note = (name) => words(stepX(levels[name].length - 1) + 10, y(ends[name]) + (name === upper ? -3 : 13), name, { class: name === kind ? "strong" : "faint" });

  return [
    bar(
      button("Next picture", () => stage.change({ i: (i + 67) % shapes.length, bits: undefined })),
      button("Clear the grid", () => stage.change({ bits: bits.map(() => 0) })),
      button("Random start", () => {
        stage.change({ seed: (own.seed ?? 0) + 1, bits: undefined, i: undefined });
        if (values.step !== 0) stage.move({ step: 0 });
      }),
      button("Best of 40 starts", () => stage.reset(), { disabled: !Object.values(own).some((each) => each !== undefined) }),
    ),
    picture(width, narrow ? plot.bottom + 44 : y0 + deep + 24, "Pictures in their clusters, a picture to paint on, and the log-likelihood by step", { class: "digits" },
      h("g", {}, tops.map((top, c) => {
        const [, v] = at([0, top]), ink = color(`c${c + 1}`);
        return h("g", {},
          h("g", { transform: `translate(2 ${px(v)})scale(${px(face * 100) / 100})`, stroke: ink }, portrait(W[c], wide, tall)),
          h("rect", { x: 1, y: px(v - 1), width: px(wide * face + 2), height: px(tall * face + 2), fill: "none", stroke: ink, "stroke-width": 2 }),
          narrow
            ? words(2, v + tall * face + 17, [`${c + 1}: π `, fixed(pi[c])].join(""), {})
            : [words(wide * face + 12, v + 15, `c = ${c + 1}`, { class: "strong" }), words(wide * face + 12, v + 33, `π ${fixed(pi[c])}`, {})]);
      })),
      h("g", { class: "passive glides" },
        ghost.map((place, n) => place[2] > 0.01 ? shown(place, second(seen, n), shapes[n], "a") : !stage.still && h("path", { key: "b", d: "M0 0" }))),
      h("g", { class: "passive glides" }, main.map((place, n) => shown(place, z[n], shapes[n]))),
      h("rect", { class: "ground", x: px(left), y: 0, width: px(width - left), height: px(zone), fill: "transparent", onclick: (event) => pick(where(event)) }),
      handle(stage, {
        at: at(main[i]).map((v, axis) => v + (axis ? row - 2.6 : pitch - 1.4) / 2), label: "picture that is judged", spoken: `picture ${i + 1}, a ${labels[i]}, in cluster ${z[i] + 1}`,
        now: i + 1, move: pick, step: pitch, reach: 11,
      }, h("rect", { class: own.bits ? "frame" : "picked", x: px(-pitch / 2 - 1), y: px(-row / 2 - 1), width: px(pitch + 2), height: px(row + 2), rx: 2 })),

      words(grid[0], y0 - 9, own.bits ? "your picture" : `picture ${i + 1}`, { class: "name" }),
      h("rect", { class: "canvas", x: px(grid[0]), y: px(y0), width: side, height: deep, onpointerdown: begin, onpointermove: follow, onpointerup: end, onpointercancel: end }),
      h("path", { class: "passive mesh", d: `${range(wide - 1).map((n) => `M${px(grid[0] + (n + 1) * cell)} ${px(y0)}v${deep}`).join("")}${range(tall - 1).map((n) => `M${px(grid[0])} ${px(y0 + (n + 1) * cell)}h${side}`).join("")}` }),
      h("g", { class: "passive" },
        h("path", { d: strokes(bits, wide, tall) || "M0 0", fill: "none", stroke: color("ink"), "stroke-width": 1.02, transform: `translate(${px(grid[0])} ${px(y0)})scale(${cell})` }),
        handle(stage, {
          at: [grid[0] + (cursor[0] + 0.5) * cell, y0 + (cursor[1] + 0.5) * cell], label: "pixel", now: cursor[1] * wide + cursor[0] + 1,
          spoken: `row ${cursor[1] + 1}, column ${cursor[0] + 1}, ${under ? "ink" : "no ink"}`, step: cell, reach: cell,
          move: (to) => stage.change({ cursor: inside(to) }), press: () => paint(cursor, under ? 0 : 1),
        })),
      words(bars.left - 12, y0 - 9, "responsibility", { class: "name" }),
      h("g", { class: "passive" }, r.map((each, c) => {
        const v = y0 + line * (c + 0.5);
        return h("g", {},
          words(bars.left - 10, v + 4.5, c + 1, { "text-anchor": "middle", class: "strong" }),
          h("rect", { x: px(bars.left), y: px(v - Math.min(line, 26) * 0.36), width: px(Math.max(share(each) - bars.left, 1)), height: px(Math.min(line, 26) * 0.72), fill: color(`c${c + 1}`) }),
          words(share(each) + 6, v + 4.5, fixed(each), {}));
      })),

      xAxis(stepX, plot.bottom, { label: "step", at: ticks(stepX.domain, 5) }),
      yAxis(y, plot.left, { at: ticks(y.domain, 4), format: (v) => fixed(v, 0) }),
      words(plot.left - 52, y0 - 9 + (narrow ? deep + 36 : 0), "log-likelihood", { class: "name" }),
      h("svg", { x: px(plot.left), y: px(plot.top), width: px(plot.right - plot.left), height: px(plot.bottom - plot.top), viewBox: [plot.left, plot.top, plot.right - plot.left, plot.bottom - plot.top].map(px).join(" "), class: "window" },
        h("path", { class: "path", stroke: color("faint"), "stroke-dasharray": "5 4", d: curve(other) }),
        h("path", { class: "line thick", d: curve(kind) })),
      note("soft"), note("hard"),
      words(plot.right, plot.bottom - 7, `step 0: ${fixed(levels[kind][0], 0)}`, { class: "faint", "text-anchor": "end" }),
      handle(stage, {
        at: [stepX(t), Math.min(plot.bottom, y(levels[kind][t]))], label: "step on the curve", spoken: `step ${t}, log-likelihood ${fixed(levels[kind][t], 1)}`, now: t,
        step: stepX(1) - stepX(0), reach: 18, move: ([to]) => {
          const step = clamp(Math.round(stepX.invert(to)), 0, levels[kind].length - 1);
          if (step !== values.step) stage.move({ step });
        },
      }, h("circle", { class: "knob", r: 7, fill: color("paper"), stroke: color("ink") }))),
  ];
}

// The cluster of a picture's second place.
const second = (seen, n) => {
  const rest = seen.now.r[n].map((each, c) => (c === seen.z[n] ? 0 : each));
  return first(rest);
};

export default { ...scene({ look, draw, keeps: ["step", "assignments"] }), bitsOf, run, judge, caption, randomStart, arrange };
