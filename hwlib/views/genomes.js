// Genomes of two populations: how evidence adds up site by site when W is known, and how right EM is
// when it is not. tests/hwlib/test_scenes.py holds the log-odds to the responsibilities of hwlib.
import { clamp, color, fixed, h, handle, linear, logarithmic, picture, px, range, scene, trace, words, xAxis, yAxis } from "./kit.js";

const SURE = Math.log(0.99 / 0.01); // the log-odds of a responsibility of 0.99
const TALL = 30; // log-odds from -30 to 30 are drawn

const responsibility = (odds) => 1 / (1 + Math.exp(-odds));

// The nearest of some values on a logarithmic axis.
function nearest(values, x) {
  const apart = values.map((each) => Math.abs(Math.log(each / x)));
  return values[apart.indexOf(Math.min(...apart))];
}

// Each genome's responsibility for population 2; its true population is a shape and a color.
function dots(labels, r, { left, right, top, bottom }) {
  const x = linear([0, labels.length + 1], [left, right]), y = linear([0, 1], [bottom, top + 26]), n = labels.filter((each) => each === 0).length;
  return h("g", {},
    xAxis(x, bottom + 8, { at: range(labels.length / 20 + 1).map((i) => 20 * i).slice(1), label: "genome i" }),
    yAxis(y, left, { at: [0, 0.5, 1], grid: right }),
    words(left - 26, top - 10, "r for population 2", { class: "name" }),
    h("g", {}, r.map((each, i) => labels[i]
      ? h("rect", { x: px(x(i + 1) - 3), y: px(y(each) - 3), width: 6, height: 6, fill: color("c2") })
      : h("circle", { cx: px(x(i + 1)), cy: px(y(each)), r: 3.3, fill: color("c1") }))),
    words(x(n / 2 + 0.5), top + 10, "population 1", { "text-anchor": "middle" }),
    words(x(n + (labels.length - n) / 2 + 0.5), top + 10, "population 2", { "text-anchor": "middle" }));
}

// Two panels, beside each other or one above the other.
function panels({ width, narrow }, between = 0) {
  const left = 50, top = 26;
  if (narrow) return [{ left, right: width - 18, top, bottom: 210 }, { left, right: width - 18, top: 296 + between, bottom: 440 + between }, 496 + between];
  const half = Math.round(width * 0.5);
  return [{ left, right: half, top, bottom: 240 }, { left: half + 64, right: width - 12, top, bottom: 232 }, 288];
}

function drawWalks(seen, stage) {
  const { labels, at, walks, values } = seen, { odds, sites } = seen.glide, [one, two, height] = panels(stage);
  const x = logarithmic([1, at.at(-1)], [one.left, one.right]), y = linear([-TALL, TALL], [one.bottom, one.top]);
  const window = { x: one.left, y: one.top, width: px(one.right - one.left), height: px(one.bottom - one.top), viewBox: [one.left, one.top, one.right - one.left, one.bottom - one.top].map(px).join(" "), class: "window" };
  const d = (population) => walks.map((walk, i) => labels[i] === population ? trace(walk.map((each, n) => [x(at[n]), y(clamp(each, -99, 99))])) : "").join("");
  return [
    picture(stage.width, height, "The log-odds of each genome by the number of sites, and its responsibility", { class: "genomes" },
      xAxis(x, one.bottom, { at: [1, 10, 100, 1000].filter((each) => each <= at.at(-1)), label: "number of sites", format: (n) => fixed(n, 0) }),
      yAxis(y, one.left, { at: [-20, 0, 20], grid: one.right }),
      words(one.left - 42, one.top - 11, "log-odds of population 2", { class: "name" }),
      h("svg", window,
        h("rect", { x: one.left, y: px(y(SURE)), width: px(one.right - one.left), height: px(y(-SURE) - y(SURE)), fill: color("faint"), "fill-opacity": 0.16 }),
        [0, 1].map((population) => h("path", { d: d(population), fill: "none", stroke: color(`c${population + 1}`), "stroke-width": 1, "stroke-opacity": 0.65, "stroke-dasharray": population ? "5 3" : undefined }))),
      words(one.right - 6, y(0) + 4.5, "unsure", { "text-anchor": "end", class: "halo-paper" }),
      h("path", { class: "guide", d: `M${px(x(sites))} ${one.top}V${one.bottom}` }),
      dots(labels, odds.map(responsibility), two),
      handle(stage, {
        at: [x(sites), one.top + 18], label: "number of sites", spoken: `${values.sites} sites`, now: values.sites, step: (one.right - one.left) / 12, reach: 18,
        move: ([to]) => {
          const next = nearest(seen.all, x.invert(to));
          if (next !== values.sites) stage.move({ sites: next });
        },
      }, h("circle", { class: "knob", r: 7, fill: color("paper"), stroke: color("ink") }))),
  ];
}

function drawIndex(seen, stage) {
  const { labels, all, found, reachable, values } = seen, { r, index } = seen.glide, [one, two, height] = panels(stage, 54);
  const x = logarithmic([all[0], all.at(-1)], [one.left + 8, one.right - 8]), y = linear([0, 1], [one.bottom, one.top + 8]);
  const curve = (row) => trace(row.map((each, i) => [x(all[i]), y(each)])), now = values.F_ST;
  return [
    picture(stage.width, height + (stage.narrow ? 0 : 64), "The adjusted Rand index by the number of sites, and responsibilities", { class: "genomes" },
      xAxis(x, one.bottom + 8, { at: all.filter((each) => String(each)[0] === "1"), label: "number of sites", format: (n) => fixed(n, 0) }),
      yAxis(y, one.left, { at: [0, 0.5, 1], grid: one.right }),
      words(one.left - 42, one.top - 11, "adjusted Rand index", { class: "name" }),
      h("g", { class: "passive" },
        Object.keys(found).map((drift) => h("path", { class: "path", stroke: color("faint"), "stroke-opacity": 0.5, d: curve(found[drift]) })),
        h("path", { class: "path", stroke: color("negative"), "stroke-dasharray": "6 4", d: curve(reachable[now]) }),
        reachable[now].map((each, i) => h("path", { d: `M${px(x(all[i]))} ${px(y(each) - 6)}l6 6l-6 6l-6 -6z`, fill: color("paper"), stroke: color("negative"), "stroke-width": 1.5 })),
        h("path", { class: "line thick", d: curve(found[now]) }),
        found[now].map((each, i) => h("circle", { class: "dot", cx: px(x(all[i])), cy: px(y(each)), r: 3.2 }))),
      dots(labels, r, two),
      ["◇ one E step with the true W", "● best of 20 starts", "gray: other values of F"].map((text, n) => words(one.left, one.bottom + 66 + 18 * n, n < 2 ? text : [text, h("tspan", { dy: 3, "font-size": 10 }, "ST")])),
      handle(stage, {
        at: [x(values.sites), y(index)], label: "number of sites", spoken: `${values.sites} sites, index ${fixed(found[now][all.indexOf(values.sites)])}`, now: values.sites, step: (one.right - one.left) / 5, reach: 18,
        move: ([to]) => {
          const next = nearest(all, x.invert(to));
          if (next !== values.sites) stage.move({ sites: next });
        },
      }, h("circle", { class: "knob", r: 7, fill: color("paper"), stroke: color("ink") }))),
  ];
}

function look(state, values) {
  if (state.walks) return { ...state, values, glide: { odds: state.odds, sites: values.sites } };
  return { ...state, values, glide: { r: state.r, index: state.found[values.F_ST][state.all.indexOf(values.sites)] } };
}

const draw = (seen, stage) => (seen.walks ? drawWalks : drawIndex)(seen, stage);

export default { ...scene({ look, draw, keeps: ["sites", "F_ST"] }), responsibility };
