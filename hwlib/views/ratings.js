// Clusters of answers as a table, W in tints. Either for each number of clusters, with a slide of the
// reader's own; or two fits beside each other, with what lies on the way from one to the other.
// tests/hwlib/test_scenes.py holds what is computed here equal to hwlib.binary_em.
import { bar, button, choice, clamp, color, fixed, h, handle, linear, picture, pressable, px, range, rounded, scene, ticks, trace, words, xAxis, yAxis } from "./kit.js";

// log P(x, Z = c) for each cluster
const joint = (x, pi, W) =>
  pi.map((share, c) => x.reduce((sum, on, j) => sum + Math.log(on ? W[c][j] : 1 - W[c][j]), Math.log(share)));

const LEAST = 0.01; // of an entry of W for answers that no slide has: a 0 would forbid too many

function judge(x, { rows, pi, W }) {
  const known = rows.some((row) => row.join() === x.join());
  const s = joint(x, pi, known ? W : W.map((row) => row.map((w) => clamp(w, LEAST, 1 - LEAST)))), largest = Math.max(...s);
  const odds = s.map((each) => Math.exp(each - largest)), total = odds.reduce((a, b) => a + b);
  return odds.map((each) => each / total);
}

function level(rows, counts, pi, W) {
  return rows.reduce((sum, x, i) => {
    const s = joint(x, pi, W), largest = Math.max(...s);
    return sum + counts[i] * (largest + Math.log(s.reduce((all, each) => all + Math.exp(each - largest), 0)));
  }, 0);
}

// Parameters on the way from one fit (t = 0) to another (t = 1), cluster by cluster.
function mix(one, other, t) {
  const blend = (a, b) => a.map((each, i) => each + (b[i] - each) * t);
  return { pi: blend(one.pi, other.pi), W: one.W.map((row, c) => blend(row, other.W[c])) };
}

const renamed = ({ pi, W }, order) => ({ pi: order.map((c) => pi[c]), W: order.map((c) => W[c]) });

// ---- a table of W -----------------------------------------------------------------------------

// One digit, where there is room for no more: 0, .4, 1
const brief = (w) => String(rounded(w, 1)).replace("0.", ".");

// Row c stands at place[c] and has the color of cluster colors[c] + 1.
function table(names, W, place, { left, top, cell, line, digits, colors = place.map((_, c) => c) }) {
  return h("g", {},
    h("g", {}, [...names].map((name, j) => words(left + (j + 0.5) * cell, top - 7, name, { "text-anchor": "middle" }))),
    h("g", {}, W.map((row, c) => {
      const v = top + place[c] * line, ink = color(`c${colors[c] + 1}`);
      return h("g", {},
        h("path", { d: `M${px(left - 5)} ${px(v + 2)}v${line - 4}`, stroke: ink, "stroke-width": 4 }),
        words(left - 16, v + line / 2 + 4.5, Math.round(place[c]) + 1, { class: "strong", "text-anchor": "middle" }),
        row.map((w, j) => [
          h("rect", { x: px(left + j * cell), y: px(v + 1), width: px(cell - 1), height: line - 2, fill: ink, "fill-opacity": px(5.5 * w) / 10, stroke: color("faint"), "stroke-opacity": 0.3 }),
          words(left + (j + 0.5) * cell - 0.5, v + line / 2 + 4.5, (digits ? fixed(w, digits) : brief(w)), { "text-anchor": "middle" }),
        ]));
    })));
}

// ---- one fit for each k -----------------------------------------------------------------------

function lookAtOne(state, values, own) {
  const x = own.x ?? state.rows[state.example], r = judge(x, state);
  const seen = { ...state, x, k: r.length, glide: { r, at: state.levels[r.length - 1] } };
  if (own.x === undefined) return seen;
  const yes = [...state.names].filter((_, j) => x[j]).join(", ") || "nobody", i = state.rows.findIndex((row) => row.join() === x.join());
  const often = i < 0 ? "No slide" : state.counts[i] === 1 ? "1 slide" : `${state.counts[i]} slides`;
  const c = r.indexOf(Math.max(...r)), tail = `Cluster ${c + 1} has responsibility ${fixed(r[c])}.`;
  return { ...seen, caption: `Yes from ${yes}. ${often} in the data ${i >= 0 && state.counts[i] > 1 ? "have" : "has"} these answers. ${tail}` };
}

function drawOne(seen, stage) {
  const { names, pi, W, x, k, levels, published } = seen, { r, at } = seen.glide, { width, narrow } = stage;
  const left = 30, cell = narrow ? Math.floor((width - 108) / 7) : Math.min(42, Math.floor((width - 230) / 7)), line = 29, slide = 24, top = slide + 56, most = levels.length;
  const shares = left + names.length * cell + 8, bars = { left: narrow ? shares : shares + 44, right: width - 40 }, share = linear([0, 1], [bars.left, bars.right]);
  const toggle = (j) => stage.change({ x: x.map((on, i) => (i === j ? 1 - on : on)) });
  const plot = { left: 56, right: Math.min(width - 14, 380), top: top + most * line + 40, bottom: top + most * line + 180 };
  const kX = linear([0.7, most + 0.3], [plot.left, plot.right]), y = linear([Math.min(...levels) - 20, Math.max(...levels) + 20], [plot.bottom, plot.top]);
  const note = plot.right - (narrow ? 150 : -20), dots = levels.map((each, i) => [kX(i + 1), y(each)]);
  const pick = (to) => { if (to !== k) stage.move({ k: to }); };
  return [
    picture(width, plot.bottom + 44, "W for each cluster and pathologist, and the log-likelihood against k", { class: "ratings" },
      table(names, W, range(k), { left, top, cell, line, digits: narrow ? 0 : 2 }),
      !narrow && words(shares + 16, top - 7, "π", { "text-anchor": "middle", class: "name" }),
      words(bars.left, top - 7, "r", { class: "name" }),
      h("g", {}, r.map((each, c) => {
        const v = top + (c + 0.5) * line;
        return h("g", {},
          !narrow && words(shares + 16, v + 4.5, fixed(pi[c], 2), { "text-anchor": "middle" }),
          h("rect", { x: px(bars.left), y: px(v - 7), width: px(Math.max(share(each) - bars.left, 1)), height: 14, fill: color(`c${c + 1}`) }),
          words(share(each) + 5, v + 4.5, fixed(each), {}));
      })),
      h("g", {}, x.map((on, j) => pressable(`${names[j]}: ${narrow ? `${on}, ` : ""}${on ? "yes" : "no"}`, () => toggle(j), {},
        h("rect", { class: on ? "answer yes" : "answer", x: px(left + j * cell), y: slide, width: px(cell - 2), height: 26, rx: 5 }),
        words(left + (j + 0.5) * cell - 1, slide + 17.5, narrow ? on : on ? "yes" : "no", { "text-anchor": "middle", class: on ? "inverse" : "" })))),
      words(left, slide - 9, narrow ? "a slide: press an answer" : "a slide: press an answer to change it", { class: "name" }),

      xAxis(kX, plot.bottom, { at: range(most).map((i) => i + 1), label: "number of clusters k" }),
      yAxis(y, plot.left, { at: ticks(y.domain, 4), format: (v) => fixed(v, 0) }),
      words(plot.left - 44, plot.top - 13, "log-likelihood", { class: "name" }),
      range(most).map((i) => h("rect", { class: "column", "fill-opacity": 0, x: px(kX(i + 0.5)), y: plot.top, width: px(kX(1.5) - kX(0.5)), height: plot.bottom - plot.top, onclick: () => pick(i + 1) })),
      h("g", { class: "passive" },
        h("path", { class: "line", d: trace(dots) }),
        dots.map(([u, v]) => h("circle", { class: "dot", cx: px(u), cy: px(v), r: 3.2 })),
        Object.entries(published).map(([key, value]) => h("path", { d: `M${px(kX(key))} ${px(y(value) - 10)}l9 10l-9 10l-9 -10z`, fill: "none", stroke: color("negative"), "stroke-width": 2 })),
        h("path", { d: `M${px(note)} ${plot.bottom - 24}l7 8l-7 8l-7 -8z`, fill: "none", stroke: color("negative"), "stroke-width": 2 }),
        words(note + 14, plot.bottom - 11.5, "published (poLCA)", {})),
      handle(stage, {
        at: [kX(k), y(at)], label: "k on the curve", spoken: `k ${k}, log-likelihood ${fixed(levels[k - 1], 4)}`, now: k, step: kX(2) - kX(1), reach: 20,
        move: ([to]) => pick(clamp(Math.round(kX.invert(to)), 1, most)),
      }, h("circle", { class: "ring", r: 8 }))),
  ];
}

// ---- two fits ---------------------------------------------------------------------------------

// Cluster c of the first fit is cluster order[c] of the other.
function lookAtTwo(state, values, own) {
  const { rows, counts, reference, order } = state, other = { pi: state.pi, W: state.W };
  const matched = own.matched ?? false, t = own.t ?? 0, end = matched ? renamed(other, order) : other;
  const along = range(41).map((i) => {
    const { pi, W } = mix(reference, end, i / 40);
    return level(rows, counts, pi, W);
  });
  const now = mix(reference, end, t), here = level(rows, counts, now.pi, now.W);
  const seen = { ...state, matched, along, here, glide: { t, place: matched ? range(order.length) : order, along } };
  if (own.t === undefined && own.matched === undefined) return seen;
  const where = t === 0 ? "At the first fit" : t === 1 ? "At the second fit" : `${fixed(100 * t, 0)}% of the way from the first fit to the second`;
  return { ...seen, caption: `${matched ? "Clusters matched. " : "Clusters as they come. "}${where}: log-likelihood ${fixed(here, 1)}.` };
}

function drawTwo(seen, stage) {
  const { names, reference, W, order, values, matched, here } = seen, { t, place, along } = seen.glide, { width, narrow } = stage;
  const k = order.length, line = 29, cell = narrow ? Math.floor((width - 40) / 7) : Math.floor((width - 150) / 14), top = 46;
  const second = narrow ? { left: 32, top: top + k * line + 58 } : { left: width - 7 * cell, top };
  const bottom = second.top + k * line, shape = { cell, line, digits: cell < 33 ? 0 : 2 };
  const plot = { left: 56, right: width - 16, top: bottom + 46, bottom: bottom + 186 };
  const x = linear([0, 1], [plot.left + 14, plot.right - 8]), y = linear([-560, -270], [plot.bottom, plot.top]);
  const rows = order.map((c) => W[c]), seed = stage.values.seed;
  return [
    bar(choice(stage, "Clusters of the second fit", [["", "as they come"], ["1", "matched"]], matched ? "1" : "", (to) => stage.change({ matched: Boolean(to) }))),
    picture(width, plot.bottom + 44, "W of two fits, and the log-likelihood on the way from one to the other", { class: "ratings" },
      words(32, 15, "first fit, seed 0", { class: "name" }),
      words(second.left, second.top - 31, `second fit, seed ${seed}`, { class: "name" }),
      table(names, reference.W, range(k), { left: 32, top, ...shape }),
      table(names, rows, place, { ...second, ...shape }),
      !narrow && h("g", {}, place.map((to, c) => h("path", { class: "match", d: `M${px(32 + 7 * cell + 5)} ${px(top + (c + 0.5) * line)}L${px(second.left - 28)} ${px(top + (to + 0.5) * line)}`, stroke: color(`c${c + 1}`) }))),
      xAxis(x, plot.bottom, { at: [0, 0.25, 0.5, 0.75, 1], label: narrow ? "way to the second fit" : "way from the first fit to the second", format: (v) => `${fixed(100 * v, 0)}%` }),
      yAxis(y, plot.left, { at: [-500, -400, -300], format: (v) => fixed(v, 0), grid: plot.right }),
      words(plot.left - 44, plot.top - 13, "log-likelihood of the average", { class: "name" }),
      h("path", { class: "line thick", d: trace(along.map((each, i) => [x(i / 40), y(each)])) }),
      handle(stage, {
        at: [x(t), y(here)], label: "place on the way", spoken: `${fixed(100 * t, 0)}% of the way, log-likelihood ${fixed(here, 1)}`, now: t, step: x(0.02) - x(0),
        move: ([to]) => stage.change({ t: rounded(clamp(x.invert(to), 0, 1), 2) }),
      }, h("circle", { class: "knob", r: 8, fill: color("paper"), stroke: color("ink") }))),
  ];
}

const look = (state, values, own) => (state.reference ? lookAtTwo : lookAtOne)(state, values, own);
const draw = (seen, stage) => (seen.reference ? drawTwo : drawOne)(seen, stage);

export default { ...scene({ look, draw, keeps: ["seed", "k"] }), judge, level, mix };
