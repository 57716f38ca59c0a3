// EM with one unknown: the log-likelihood, and the bound that an E step makes touch it. Drag w, press
// E step, press M step. Examples are known by their numbers of ones; tests/hwlib/test_scenes.py holds what is
// computed here equal to hwlib.binary_em.
import { bar, button, clamp, color, fixed, h, handle, linear, picture, px, range, rounded, scene, ticks, trace, words, xAxis, yAxis } from "./kit.js";

// `counts[s]` examples of d entries have s ones. Cluster 1 has the unknown w everywhere, cluster 2 1/2.
const model = (counts) => {
  const d = counts.length - 1, other = 0.5 ** d;
  const alike = (w, s) => w ** s * (1 - w) ** (d - s);
  const share = (w, s) => alike(w, s) / (alike(w, s) + other);
  const sum = (f) => counts.reduce((all, n, s) => all + n * f(s), 0);
  return {
    level: (w) => sum((s) => Math.log((alike(w, s) + other) / 2)),
    // the bound at w that the E step at `at` gives
    bound(w, at) {
      return this.level(at) + sum((s) => share(at, s) * (s * Math.log(w / at) + (d - s) * Math.log((1 - w) / (1 - at))));
    },
    climb: (at) => sum((s) => share(at, s) * s) / (d * sum((s) => share(at, s))),
  };
};

// Where a run from `begin` is after some half steps: the bound touches at `at`, w is `now`.
function after(counts, begin, step) {
  let at = begin;
  const { climb } = model(counts), path = [begin];
  for (let t = 2; t <= step; t += 2) path.push((at = climb(at)));
  return { at, now: step % 2 ? climb(at) : at, path };
}

function caption(counts, begin, step) {
  const m = model(counts), { at, now } = after(counts, begin, step);
  const head = `From w = ${begin}, step ${step}, `;
  if (step % 2 === 0) return `${head}E step: the bound touches the log-likelihood at w = ${fixed(at, 3)}. Both are ${fixed(m.level(at))}.`;
  return `${head}M step: the bound is highest, ${fixed(m.bound(now, at))}, at w = ${fixed(now, 3)}. The log-likelihood there is ${fixed(m.level(now))}, ${fixed(m.level(now) - m.level(at))} more than before.`;
}

function look(state, values, own) {
  const { counts } = state, m = model(counts), run = after(counts, values.begin, values.step);
  const at = own.at ?? run.at, now = own.now ?? run.now;
  const seen = { counts, path: own.path ?? run.path, glide: { at, now } };
  if (own.at === undefined) return seen;
  const gap = m.level(now) - m.bound(now, at);
  return { ...seen, caption: `At w = ${fixed(now, 3)} the log-likelihood is ${fixed(m.level(now))} and the bound ${fixed(m.bound(now, at))}. ${gap < 0.005 ? "They touch: press M step to climb the bound." : `The gap is ${fixed(gap)}: press E step to close it.`}` };
}

function draw(seen, stage) {
  const { counts, path } = seen, { at, now } = seen.glide, { own, width, narrow } = stage, m = model(counts);
  const left = 52, right = width - 12, top = 24, bottom = narrow ? 280 : 330;
  const x = linear([0, 1], [left, right]), grid = range(197).map((i) => 0.01 + i * 0.005);
  const heights = grid.map(m.level), low = Math.min(...heights) - 7, high = Math.max(...heights) + 3;
  const y = linear([low, high], [bottom, top]);
  const set = (w) => stage.change({ at: own.at ?? at, now: rounded(clamp(w, 0.01, 0.99), 3), path: own.path ?? path });
  const below = grid.map((w) => [x(w), y(m.bound(w, at))]).filter(([, v]) => v <= bottom + 400);
  const [level, bound] = [m.level(now), m.bound(now, at)], gap = y(bound) - y(level);
  const top0 = m.climb(at), beyond = now > top0 - 0.005; // the bound falls on this side of its top
  const inside = below.filter(([, v]) => v < bottom - 10).map(([u]) => u), middle = clamp((inside[0] + inside.at(-1)) / 2, left + 24, right - 24);
  return [
    bar(
      button("E step", () => stage.change({ at: now, now, path: [...(own.path ?? path), now] }), { title: "Lift the bound until it touches at w" }),
      button("M step", () => stage.change({ at, now: m.climb(at), path: own.path ?? path }), { title: "Move w to where the bound is highest" }),
      button("Undo", () => stage.reset(), { disabled: own.at === undefined }),
    ),
    picture(width, bottom + 46, "The log-likelihood and the bound, against the unknown w", { class: "bound" },
      xAxis(x, bottom, { label: "unknown entry w of W" }),
      yAxis(y, left, { at: ticks([low, high], 5), format: (v) => fixed(v, 0) }),
      words(left - 44, 14, "log-likelihood", { class: "name" }),
      h("svg", { x: left, y: top - 10, width: right - left, height: bottom - top + 10, viewBox: `${left} ${top - 10} ${right - left} ${bottom - top + 10}`, class: "window" },
        h("path", { class: "line thick", d: trace(grid.map((w, i) => [x(w), y(heights[i])])) }),
        h("path", { class: "lower", d: trace(below) })),
      h("g", {}, path.map((w) => h("path", { class: "trail", d: `M${px(x(w))} ${bottom}v-9` }))),
      h("path", { class: "gap", d: `M${px(x(now))} ${px(y(level))}V${px(Math.min(bottom, y(bound)))}` }),
      h("circle", { class: "touch", cx: px(x(at)), cy: px(y(m.level(at))), r: 5 }),
      h("path", { class: "peak", d: y(bound) < bottom ? `M${px(x(now) - 7)} ${px(y(bound) + 6)}h14l-7 -12z` : "M0 0" }),
      gap > 16 && y(bound) < bottom && words(x(now) + (beyond ? 12 : -12), (y(level) + y(bound)) / 2 + 4, "gap", { class: "halo-paper", "text-anchor": beyond ? "start" : "end" }),
      words(middle, bottom - 16, "bound", { class: "value strong", "text-anchor": "middle" }),
      handle(stage, { at: [x(now), y(level)], label: "w", spoken: `w ${fixed(now, 3)}, log-likelihood ${fixed(level)}, bound ${fixed(bound)}`, now, move: ([to]) => set(x.invert(to)) },
        h("circle", { class: "knob", r: 9, fill: color("paper"), stroke: color("ink") }))),
  ];
}

export default { ...scene({ look, draw }), model, caption };
