// How many clusters: the fit for one k as a table, and what each criterion says of every k.
import { clamp, color, fixed, h, handle, linear, picture, px, range, scene, ticks, trace, words, xAxis, yAxis } from "./kit.js";

const CURVES = [["−2ℓ", "ink", (r) => `m${-r} ${-r}h${2 * r}v${2 * r}h${-2 * r}z`], ["AIC", "negative", (r) => `m0 ${-1.2 * r}l${1.2 * r} ${2.2 * r}h${-2.4 * r}z`], ["BIC", "positive", (r) => `m${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`]];

const look = (state, values) => ({ ...state, k: values.k, glide: { at: values.k, criteria: state.criteria } });

function draw(seen, stage) {
  const { W, pi, most, span, k } = seen, { at, criteria } = seen.glide, { width, narrow } = stage, entries = W[0].length;
  const left = 54, top = 30, line = 32;
  const cell = Math.floor(((narrow ? width - 8 : width * 0.52) - left) / entries), right = left + entries * cell, bottom = top + most * line;
  const plot = narrow ? { left: 44, right: width - 40, top: bottom + 50, bottom: bottom + 290 } : { left: right + 58, right: width - 40, top: top + 8, bottom };
  const x = linear([0.6, most + 0.4], [plot.left, plot.right]), y = linear(span, [plot.bottom, plot.top]);
  const pick = (to) => { if (to !== k) stage.move({ k: to }); };
  const height = (name, i) => y(criteria[name][i]);
  const bic = (share) => { // between two k, the handle is on the line
    const i = clamp(Math.floor(share), 1, most - 1), t = share - i;
    return height("BIC", i - 1) * (1 - t) + height("BIC", i) * t;
  };
  return picture(width, plot.bottom + 46, "W of the fit with k clusters, and three criteria against k", { class: "criteria" },
    words(left - 16, top - 12, "π", { class: "name", "text-anchor": "end" }),
    words(left, top - 12, "W, for each cluster and entry", { class: "name" }),
    h("g", {}, W.map((row, c) => h("g", {},
      words(left - 8, top + (c + 0.5) * line + 4.5, fixed(pi[c]), { "text-anchor": "end" }),
      row.map((w, j) => h("rect", {
        x: px(left + j * cell), y: top + c * line + 1, width: cell - 1, height: line - 2, fill: color("positive"), "fill-opacity": 0.06 + 0.9 * w, stroke: color("faint"), "stroke-opacity": 0.35,
      }))))),
    h("g", {}, range(most).map((i) => h("rect", {
      "fill-opacity": i + 1 === k ? 0.08 : 0, class: i + 1 === k ? "column chosen" : "column", x: px(x(i + 0.5)), y: plot.top, width: px(x(1.5) - x(0.5)), height: plot.bottom - plot.top, onclick: () => pick(i + 1),
    }))),
    xAxis(x, plot.bottom, { at: range(most).map((i) => i + 1), label: "number of clusters k" }),
    yAxis(y, plot.left, { at: ticks(span, 5), grid: plot.right }),
    words(plot.left - 36, plot.top - 12, "criterion / n", { class: "name" }),
    h("g", { class: "passive" }, CURVES.map(([name, tone, shape]) => {
      const lowest = criteria[name].indexOf(Math.min(...criteria[name]));
      return h("g", {},
        h("path", { fill: "none", stroke: color(tone), "stroke-width": 1.8, d: trace(criteria[name].map((_, i) => [x(i + 1), height(name, i)])) }),
        h("path", { fill: color("paper"), stroke: color(tone), "stroke-width": 1.6, d: criteria[name].map((_, i) => (i === lowest ? "" : `M${px(x(i + 1))} ${px(height(name, i))}${shape(3.5)}`)).join("") }),
        h("path", { fill: color(tone), d: `M${px(x(lowest + 1))} ${px(height(name, lowest))}${shape(6)}` }),
        words(plot.right + 5, height(name, most - 1) + 4.5, name, { class: "tone", color: color(tone), fill: color(tone) }));
    })),
    handle(stage, {
      at: [x(at), bic(at)], label: "k on the curve of BIC", spoken: `k ${k}, BIC / n ${fixed(seen.criteria.BIC[k - 1])}`, now: k, step: x(2) - x(1), reach: 20,
      move: ([to]) => pick(clamp(Math.round(x.invert(to)), 1, most)),
    }, h("circle", { class: "ring", r: 10 })));
}

export default scene({ look, draw, keeps: ["n", "k"] });
