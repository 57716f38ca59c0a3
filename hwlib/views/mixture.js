// The mixture as a graph: which variable is drawn given which, and how often.
import { color, h, picture, px, scene, words } from "./kit.js";

const look = (state) => state;

function draw(_, { width }) {
  const wide = Math.min(width, 560), from = (width - wide) / 2, r = 31, y = 112;
  const at = (share) => from + share * wide, [pi, Z, X, W] = [0.07, 0.35, 0.66, 0.94].map(at);
  const plate = (left, right, top, bottom, times) => h("g", {},
    h("rect", { x: px(left), y: top, width: px(right - left), height: bottom - top, rx: 12, fill: "none", stroke: color("faint"), "stroke-width": 1.5 }),
    words(right - 12, bottom - 11, times, { "text-anchor": "end" }));
  const variable = (x, name, known) => h("g", {},
    h("circle", { cx: px(x), cy: y, r, fill: color(known ? "positive" : "paper"), "fill-opacity": known ? 0.18 : 1, stroke: color("ink"), "stroke-width": 1.5 }),
    words(x, y + 6, name, { class: "variable", "text-anchor": "middle" }),
    words(x, y + r + 19, known ? "observed" : "hidden", { "text-anchor": "middle" }));
  const arrow = (start, end) => {
    const way = Math.sign(end - start);
    return h("g", {}, h("path", { class: "line", d: `M${px(start)} ${y}H${px(end - 8 * way)}` }),
      h("path", { d: `M${px(end)} ${y}l${-11 * way} -5v10z`, fill: color("ink") }));
  };
  return picture(width, 232, "The mixture as a graph", { class: "mixture" },
    plate(Z - r - 16, X + r + 32, 8, 226, "i = 1 … n"), plate(X - r - 14, X + r + 18, 46, 196, "j = 1 … d"),
    arrow(pi + 14, Z - r), arrow(Z + r, X - r), arrow(W - 16, X + r),
    variable(Z, "Zᵢ", false), variable(X, "Xᵢⱼ", true),
    [[pi, "π"], [W, "W"]].map(([x, name]) => words(x, y + 6, name, { class: "variable", "text-anchor": "middle" })));
}

export default scene({ look, draw });
