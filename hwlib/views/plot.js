// A plot that stands still: panels with axes, and in them points, lines, bands, bars and texts.
// What is in it comes from hwlib/scenes/plots.py. Wide, panels stand side by side. Narrow, they
// stand below each other, squares in pairs.
import { color, dot, h, linear, logarithmic, picture, px, scene, spots, trace, words, xAxis, yAxis } from "./kit.js";

const LETTER = 7.4, LINE = 16, TALL = 21; // pixels: a letter's width, on average, and the heights of lines

const SHAPES = {
  circle: () => "h0",
  square: (r) => `m${-r} ${-r}h${2 * r}v${2 * r}h${-2 * r}z`,
  diamond: (r) => `m${-r} 0l${r} ${-r}l${r} ${r}l${-r} ${r}z`,
  triangle: (r) => `m${-r} ${r}l${r} ${-2 * r}l${r} ${2 * r}z`,
  tick: (r) => `m0 ${-r}v${2 * r}`,
  dash: (r) => `m${-r} 0h${2 * r}`,
  cross: (r) => `m${-r} ${-r}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`,
};
const LINES = ["tick", "dash", "cross"]; // not areas

const MARKS = {
  points({ at, shape = "circle", size = 3, color: tone }, x, y, { still }) {
    const d = spots(at.map(([a, b]) => [x(a), y(b)]), SHAPES[shape](size), still);
    const line = shape === "circle" ? dot(size, tone) : LINES.includes(shape) && { fill: "none", stroke: color(tone), "stroke-width": 2 };
    return h("path", { d, ...(line || { fill: color(tone) }) });
  },
  line({ at, width = 2, dash, opacity, color: tone }, x, y) {
    return h("path", {
      d: trace(at.map(([a, b]) => [x(a), y(b)])), fill: "none", stroke: color(tone), "stroke-width": width, "stroke-dasharray": dash, "stroke-opacity": opacity, "stroke-linejoin": "round",
    });
  },
  band({ at, color: tone }, x, y) {
    const edge = [...at.map(([a, low]) => [x(a), y(low)]), ...at.map(([a, , high]) => [x(a), y(high)]).reverse()];
    return h("path", { d: `${trace(edge)}z`, fill: color(tone), "fill-opacity": 0.2 });
  },
  bar({ at: [from, to, row], color: tone }, x, y) {
    return h("rect", { x: px(x(from)), y: px(y(row) - 9), width: px(x(to) - x(from)), height: 18, fill: color(tone), "fill-opacity": 0.85 });
  },
  // a number in a ring, such as a centroid's
  ring({ at: [a, b], text, color: tone }, x, y, { small }) {
    return h("g", { transform: `translate(${px(x(a))},${px(y(b))})` },
      h("circle", { r: small ? 8 : 10, fill: color("paper"), stroke: color(tone), "stroke-width": small ? 2 : 2.5 }),
      words(0, 4.5, text, { "text-anchor": "middle" }));
  },
  text({ at: [a, b], shift = [0, 4.5], text, anchor = "start", color: tone = "ink", strong }, x, y) {
    const look = { "text-anchor": anchor, class: `tone halo-paper${strong ? " strong" : ""}`, color: color(tone), fill: color(tone) };
    return h("g", {}, text.split("\n").map((line, i) => words(x(a) + shift[0], y(b) + shift[1] + LINE * i, line, look)));
  },
};
const BEHIND = ["band", "line"]; // cut off where the axes end

const look = (state) => ({ ...state, glide: { panels: state.panels } });

const room = ({ at }) => 14 + LETTER * Math.max(...at.map(([, label]) => label.length));

// Where panels stand: left, right, top and bottom of each, and the height of them all.
function arrange({ panels, height: wanted = 250, shared, title: above }, width, narrow) {
  const { square } = panels[0], columns = Math.min(panels.length, !narrow ? 9 : square ? 2 : 1);
  const gap = 18, places = [];
  let top = 8;
  for (let first = 0; first < panels.length; first += columns) {
    const row = panels.slice(first, first + columns);
    const margins = row.map(({ y }, i) => (i && shared ? 0 : room(y)));
    const margin = square ? (shared ? room(panels[0].y) : columns * room(panels[0].y)) : margins.reduce((a, b) => a + b);
    const free = width - 20 - margin - gap * (columns - 1);
    const shares = narrow ? row.map(() => 1 / columns) : row.map(({ share = 1 }) => share / row.reduce((sum, each) => sum + (each.share ?? 1), 0));
    const head = 10 + Math.max(...row.map((panel, i) => (panel.title || panel.y.label ? 18 : 0) + TALL * lines(panel, free * shares[i]).length));
    const side = square && Math.min(columns > 1 ? 1e3 : 330, free / columns);
    const tall = square ? side : narrow ? row[0].height ?? wanted : wanted;
    let left = square && columns === 1 ? (width - side - margins[0]) / 2 : 0;
    row.forEach((panel, i) => {
      const from = left + margins[i], to = from + (square ? side : free * shares[i]);
      places.push({ left: from, right: to, top: top + head, bottom: top + head + tall, names: !i || !shared });
      left = to + gap;
    });
    top += head + tall + (row.some(({ x }) => x.label) ? 46 : 30);
  }
  return { places, height: top };
}

// A panel's key, a sign and a name for each thing: in lines as long as there is room.
function lines({ key = [] }, wide) {
  const made = [[]];
  let x = 0;
  for (const [text, tone, dash] of key) {
    const length = 52 + LETTER * text.length;
    if (x && x + length - 20 > wide) {
      made.push([]);
      x = 0;
    }
    made.at(-1).push({ x, text, tone, dash });
    x += length;
  }
  return key.length ? made : [];
}

const signs = (each, { left, right, top }) =>
  lines(each, right - left).map((line, i, all) => line.map(({ x, text, tone, dash }) => {
    const y = top - 12 - TALL * (all.length - 1 - i);
    return h("g", {},
      h("path", { d: `M${px(left + x)} ${px(y - 4.5)}h24`, stroke: color(tone), "stroke-width": 2.4, "stroke-dasharray": dash, fill: "none" }),
      words(left + x + 31, y, text));
  }));

// Ticks, and fewer of them where their labels have no room.
function fitting({ at }, wide) {
  const needed = at.reduce((sum, [, text]) => sum + 10 + LETTER * text.length, 0);
  return needed > wide ? at.filter((_, i) => i % 2 === 0) : at;
}

function panel(each, place, { narrow, still }) {
  const { left, right, top, bottom, names } = place, small = right - left < 200;
  const scale = ({ domain, log }, ends) => (log ? logarithmic : linear)(domain, ends);
  const x = scale(each.x, [left, right]), y = scale(each.y, [bottom, top]);
  const axis = ({ at, label }, shown = true) => {
    const texts = new Map(at);
    return { at: at.map(([value]) => value), label, format: (value) => (shown ? texts.get(value) : "") };
  };
  const across = { ...each.x, at: fitting(each.x, right - left) };
  const marks = each.marks.map((mark) => (narrow ? { ...mark, ...mark.narrow } : mark)).filter((mark) => !mark.hidden);
  const draw = (mark) => h("g", {}, MARKS[mark.type](mark, x, y, { small, still }));
  const box = { x: px(left), y: px(top), width: px(right - left), height: px(bottom - top) };
  const { label: name, ...upright } = axis(each.y, names);
  return h("g", {},
    h("svg", { ...box, viewBox: `${box.x} ${box.y} ${box.width} ${box.height}`, class: "window" }, marks.filter(({ type }) => BEHIND.includes(type)).map(draw)),
    xAxis(x, bottom, axis(across)),
    yAxis(y, left, { ...upright, grid: each.y.grid && right }),
    marks.filter(({ type }) => !BEHIND.includes(type)).map(draw),
    each.key && h("g", {}, signs(each, place)),
    names && name && words(Math.max(4, left - room(each.y) + 8), top - 10 - TALL * lines(each, right - left).length, name, { class: "name" }),
    each.title && words((left + right) / 2, top - 8, each.title, { class: "name", "text-anchor": "middle" }));
}

function draw(seen, stage) {
  const { width, narrow } = stage, state = { ...seen, panels: seen.glide.panels };
  const { places, height } = arrange(state, width, narrow);
  return picture(width, height, state.label, { class: "plot" }, state.panels.map((each, i) => panel(each, places[i], stage)));
}

export default scene({ look, draw });
