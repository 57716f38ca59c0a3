// Where k-means ends: the clusters for one k and one start, and the loss against k for all of them.
import { bar, choice, clamp, color, fixed, h, handle, linear, logarithmic, picture, px, range, scene, trace, words, xAxis, yAxis } from "./kit.js";

const X = [-7, 8.5], Y = [-8.7, 6.8]; // the same square of the plane as in plane.js

const nearest = ([a, b], centroids) => {
  let best = 0, least = Infinity;
  centroids.forEach(([c, d], i) => {
    const distance = (a - c) ** 2 + (b - d) ** 2;
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
};

function look(state, values, own) {
  const losses = state.losses[values.init][values.seed];
  return { ...state, values, losses, all: state.losses[values.init], scale: own.scale ?? "logarithmic", glide: { centroids: state.centroids, losses } };
}

function draw(seen, stage) {
  const { points, best, all, values, scale } = seen, { centroids, losses } = seen.glide, { width, narrow } = stage;
  const left = 30, top = 8, side = narrow ? width - 34 : Math.round(width * 0.46), bottom = top + side;
  const x = linear(X, [left, left + side]), y = linear(Y, [bottom, top]);
  const right = narrow ? { left: 58, right: width - 12, top: bottom + 70, bottom: bottom + 270 } : { left: left + side + 76, right: width - 10, top: top + 22, bottom };
  const height = (narrow ? right.bottom : bottom) + 46;
  const kX = linear([0.6, 10.4], [right.left, right.right]);
  const log = scale === "logarithmic";
  const lossY = log ? logarithmic([400, 16000], [right.bottom, right.top]) : linear([0, 15000], [right.bottom, right.top]);
  const z = points.map((p) => nearest(p, seen.centroids));
  const pick = (k) => { if (k !== values.k) stage.move({ k }); };
  const at = [kX(values.k), lossY(losses[values.k - 1])];
  return [
    bar(h("span", {}, "scale of the loss"), choice(stage, "Scale of the loss", [["logarithmic", "logarithmic"], ["linear", "linear"]], scale, (to) => stage.change({ scale: to }))),
    picture(width, height, "The clusters, and the loss against k", { class: "choosing" },
      h("g", { class: "glides" }, points.map((p, i) => h("circle", { cx: px(x(p[0])), cy: px(y(p[1])), r: narrow ? 2.2 : 2.6, fill: color(`c${z[i] + 1}`) }))),
      xAxis(x, bottom, { at: [-5, 0, 5], label: "x₁" }), yAxis(y, left, { at: [-5, 0, 5] }),
      words(left + 7, top + 16, "x₂", { class: "name" }),
      h("g", {}, centroids.map((mu, c) => h("g", { transform: `translate(${px(x(mu[0]))},${px(y(mu[1]))})` },
        h("circle", { class: "knob", r: 10, fill: color("paper"), stroke: color(`c${c + 1}`) }),
        words(0, 4.5, c + 1, { "text-anchor": "middle" })))),
      range(10).map((i) => h("rect", {
        "fill-opacity": i + 1 === values.k ? 0.08 : 0, class: i + 1 === values.k ? "column chosen" : "column", x: px(kX(i + 0.5)), y: right.top, width: px(kX(1.5) - kX(0.5)), height: right.bottom - right.top, onclick: () => pick(i + 1),
      })),
      xAxis(kX, right.bottom, { at: range(10).map((i) => i + 1), label: "number of clusters k" }),
      yAxis(lossY, right.left, { at: log ? [500, 1000, 2000, 5000, 10000] : [0, 5000, 10000, 15000], format: (v) => fixed(v, 0), label: "loss", grid: right.right }),
      h("g", { class: "passive" },
        all.map((row) => row.map((loss, i) => h("circle", { class: "other", cx: px(kX(i + 1)), cy: px(lossY(loss)), r: 2.6 }))),
        best.map((loss, i) => h("path", { class: "best", d: `M${px(kX(i + 1) - 8)} ${px(lossY(loss))}h16` })),
        h("path", { class: "line", d: trace(losses.map((loss, i) => [kX(i + 1), lossY(loss)])) }),
        losses.map((loss, i) => h("circle", { class: "dot", cx: px(kX(i + 1)), cy: px(lossY(loss)), r: 3.2 })),
        key(right, values.seed)),
      handle(stage, {
        at, label: "k on the curve", spoken: `k ${values.k}, loss ${fixed(seen.losses[values.k - 1])}`, now: values.k, step: kX(2) - kX(1), reach: 20,
        move: ([to]) => pick(clamp(Math.round(kX.invert(to)), 1, 10)),
      }, h("circle", { class: "ring", r: 9 }))),
  ];
}

const key = ({ right, top }, seed) => {
  const rows = [
    [h("path", { class: "line", d: `M${px(right - 142)} ${top + 12}h22` }), `seed ${seed}`],
    [h("circle", { class: "other", cx: px(right - 131), cy: top + 32, r: 2.6 }), "other seeds"],
    [h("path", { class: "best", d: `M${px(right - 139)} ${top + 52}h16` }), "best of 50 starts"],
  ];
  return h("g", {}, rows.map(([sign, text], i) => [sign, words(right - 112, top + 16.5 + 20 * i, text, { class: "halo-paper" })]));
};

export default scene({ look, draw, keeps: ["k", "seed", "init"] });
