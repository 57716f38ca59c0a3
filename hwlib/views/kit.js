// What all views are made of: a tree of elements that is brought onto the page or written as text, a
// stage that measures, glides and listens, and the parts of pictures (axes, handles, buttons).
//
// A view is a module whose default export is a `scene`. It draws from numbers alone, so the same
// code draws on a page, in JupyterLab and, without any browser, the still picture that is stored.

// ---- a tree of elements ---------------------------------------------------------------------

// Children are told apart by their place: a list whose length may change belongs in a group of its own.
export function h(tag, attributes, ...children) {
  const shown = children.flat(Infinity).filter((child) => child || child === 0);
  return { tag, attributes: attributes ?? {}, children: shown };
}

const SVG = "http://www.w3.org/2000/svg";
const HTML = "http://www.w3.org/1999/xhtml";

// Make the children of an element those of the trees, changing no more than what differs.
export function patch(parent, trees) {
  trees.forEach((tree, i) => {
    const node = parent.childNodes[i];
    const made = typeof tree === "object" ? element(parent, node, tree) : text(node, tree);
    if (!node) parent.append(made);
    else if (made !== node) node.replaceWith(made);
  });
  while (parent.childNodes.length > trees.length) parent.lastChild.remove();
}

function text(node, words) {
  if (node?.nodeType !== 3) return document.createTextNode(words);
  if (node.data !== String(words)) node.data = words;
  return node;
}

function element(parent, node, { tag, attributes, children }) {
  const had = node?.localName === tag && node.had?.key === attributes.key ? node.had : {};
  if (had !== node?.had) {
    const inside = tag === "svg" || parent.namespaceURI === SVG;
    node = document.createElementNS(inside ? SVG : HTML, tag);
  }
  for (const name of Object.keys({ ...had, ...attributes })) {
    const value = attributes[name];
    if (had[name] === value || name === "key") continue;
    if (name.startsWith("on") || name === "value" || name === "checked") node[name] = value ?? null;
    else if (value === undefined || value === false) node.removeAttribute(name);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.had = attributes;
  patch(node, children);
  return node;
}

// The same tree as text, for where there is no page. Nothing in it can be pressed, so nothing says so.
export function markup(tree) {
  const escaped = (words) =>
    String(words).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  if (typeof tree !== "object") return escaped(tree);
  const { tag, attributes, children } = tree;
  const left = Object.entries(attributes).map(([name, value]) => {
    if (/^(on|key$|tabindex$)/.test(name) || value === undefined || value === false) return "";
    if (tag !== "svg" && /^(role$|aria-)/.test(name)) return "";
    if (name === "role") value = "img";
    if (name === "class") value = value.replace(/\b(handle|pressable|ground)\b/g, "").trim();
    return ` ${name}="${escaped(value === true ? "" : value)}"`;
  });
  // where no style sheet comes with it, lines are lines and not areas
  const bare = tag === "path" && attributes.fill === undefined ? ` fill="none"${attributes.stroke ? "" : ' stroke="#555"'}` : "";
  return `<${tag}${left.join("")}${bare}>${children.map(markup).join("")}</${tag}>`;
}

// A caption, with subscripts where a letter is followed by an underscore: F_ST, W_{21}.
export function typeset(caption) {
  const parts = [];
  let at = 0;
  for (const found of caption.matchAll(/(?<![\p{L}\d_])([\p{L}\d])_(?:\{([\p{L}\d]+)\}|([\p{L}\d]+))/gu)) {
    parts.push(caption.slice(at, found.index + 1), h("sub", {}, found[2] ?? found[3]));
    at = found.index + found[0].length;
  }
  return [...parts, caption.slice(at)].filter(Boolean);
}

// ---- numbers and colors ---------------------------------------------------------------------

const LIGHT = {
  ink: "#222222", faint: "#767676", paper: "#ffffff", positive: "#0072b2", negative: "#b84f00",
  value: "#00805e", gradient: "#a8477f",
  c1: "#0072b2", c2: "#b84f00", c3: "#00805e", c4: "#a8477f", c5: "#b07700",
  c6: "#2787be", c7: "#222222", c8: "#7a5195", c9: "#8c8c8c", c10: "#7f4f1e",
};

// A color by its meaning, in the theme of the page: `ink`, `value`, `c1` for cluster 1.
export const color = (name) => `var(--${name}, ${LIGHT[name]})`;

// Digits that are safe: what lies between two numbers goes up, whatever the last bit says.
export const rounded = (x, digits) => {
  const scaled = Math.floor(x * 10 ** digits + 0.5 + 1e-6);
  return scaled / 10 ** digits || 0;
};

// A number as it is read, with a true minus sign and commas: −1,234.50
export function fixed(x, digits = 2) {
  if (!Number.isFinite(x)) return x > 0 ? "∞" : x < 0 ? "−∞" : "not a number";
  const [whole, part] = Math.abs(rounded(x, digits)).toFixed(digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return (rounded(x, digits) < 0 ? "−" : "") + (part ? `${grouped}.${part}` : grouped);
}

export const px = (x) => rounded(x, 1); // as fine as a picture is stored
export const range = (n) => Array.from({ length: n }, (_, i) => i);
export const clamp = (x, low, high) => Math.min(high, Math.max(low, x));

// Numbers to pixels; `invert` leads back.
export function linear([a, b], [from, to]) {
  const scale = (x) => from + ((x - a) / (b - a)) * (to - from);
  scale.invert = (y) => a + ((y - from) / (to - from)) * (b - a);
  scale.domain = [a, b];
  scale.range = [from, to];
  return scale;
}

export function logarithmic([a, b], ends) {
  const inner = linear([Math.log(a), Math.log(b)], ends);
  const scale = (x) => inner(Math.log(x));
  return Object.assign(scale, { invert: (y) => Math.exp(inner.invert(y)), domain: [a, b], range: ends });
}

// What lies between two states of numbers; what is no number, or has another shape, jumps.
export function between(from, to, t) {
  if (typeof from === "number" && typeof to === "number") return from + (to - from) * t;
  if (Array.isArray(from) && Array.isArray(to) && from.length === to.length) {
    return to.map((each, i) => between(from[i], each, t));
  }
  if (from && to && to.constructor === Object && from.constructor === Object) {
    return Object.fromEntries(Object.entries(to).map(([key, each]) => [key, between(from[key], each, t)]));
  }
  return to;
}

// ---- a scene --------------------------------------------------------------------------------

const GLIDE = 320; // ms from one state to the next

// look(state, values, own)   what is seen: {glide: numbers that move, ... others}; also, if it has to
//                            be said, caption, and last: the last value of a slider that changes it;
//                            about: a file of the reader's own, between which nothing glides
// draw(seen, stage)          the tree, for a stage {width, narrow, own, change, move, values}
// own                        what the reader has made, beyond the sliders; {} at first
// keeps                      the sliders that leave it as it is
// stays                      what of it stays whatever a slider does
// pasted(stage, file)        takes what the reader pastes while the picture is on the screen
export function scene({ look, draw, keeps = [], stays = [], pasted }) {
  function render({ model, el }) {
    let own = {}, seen = null, shown = null, frame = 0, width = 0, held = false;
    const stage = {
      id: Math.random(), // its choices are its own, whatever else stands on the page
      get own() { return own; },
      get values() { return model.get("values"); },
      // what the reader does, beyond the sliders
      change(made) {
        own = { ...own, ...made };
        update();
      },
      // to let go of all that
      reset() {
        own = {};
        update();
      },
      // what the sliders do
      move(values) {
        model.set("values", { ...model.get("values"), ...values });
        model.save_changes();
      },
      hold(on) { held = on; },
      // a file of the reader's own goes to Python, which answers with a state; none: the book's
      get opens() { return Boolean(model.get("opens")); },
      get trouble() { return model.get("trouble"); },
      get progress() { return model.get("progress"); },
      async open(file) {
        const bytes = file && (await file.arrayBuffer());
        own = {};
        model.send({ open: file?.name ?? null }, undefined, bytes ? [bytes] : []);
      },
    };
    const paint = () => {
      if (!width) return;
      patch(el, [draw(shown, Object.assign(stage, { width, narrow: width < 520 }))].flat());
    };
    // the caption is the host's, but while the reader has made something of their own
    let told = model.get("caption"), saying = false;
    const say = (caption) => {
      saying = true;
      if (model.get("caption") !== caption) model.set("caption", caption);
      saying = false;
    };
    model.on("change:caption", () => {
      if (saying) return;
      told = model.get("caption");
      changed();
    });
    let before = { ...model.get("values") }, waiting = false;
    const update = () => {
      seen = look(model.get("state"), model.get("values"), own);
      say(seen.caption ?? told);
      if (seen.last) model.set("last", seen.last);
      cancelAnimationFrame(frame);
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      if (!shown || held || still || !seen.glide || seen.about !== shown.about) {
        shown = seen;
        return paint();
      }
      const from = shown.glide, began = performance.now();
      const advance = (now) => {
        const t = clamp((now - began) / GLIDE, 0, 1);
        shown = { ...seen, glide: t < 1 ? between(from, seen.glide, t * t * (3 - 2 * t)) : seen.glide };
        paint();
        if (t < 1) frame = requestAnimationFrame(advance);
      };
      advance(began);
    };
    // values and state come one after another: one picture for both
    const changed = () => {
      if (waiting) return;
      waiting = true;
      queueMicrotask(() => {
        waiting = false;
        const values = model.get("values"), old = before;
        before = { ...values };
        if (Object.keys(values).some((axis) => !keeps.includes(axis) && values[axis] !== old[axis])) {
          own = Object.fromEntries(Object.entries(own).filter(([name]) => stays.includes(name)));
        }
        update();
      });
    };
    model.on("change:state", changed);
    model.on("change:values", changed);
    model.on("change:trouble", changed);
    model.on("change:progress", changed);
    const observer = new ResizeObserver(() => {
      if (el.clientWidth === width || !el.clientWidth) return;
      width = el.clientWidth;
      if (shown) paint();
      else update();
    });
    observer.observe(el);
    const paste = (event) => {
      const [file] = event.clipboardData?.files ?? [], box = el.getBoundingClientRect();
      const typing = event.target.closest?.("input, textarea, [contenteditable=true]");
      if (!file || typing || box.bottom < 0 || box.top > innerHeight) return;
      event.preventDefault();
      pasted(stage, file);
    };
    if (pasted) document.addEventListener("paste", paste);
    return () => {
      observer.disconnect();
      document.removeEventListener("paste", paste);
    };
  }

  // The picture as text. Nothing in it can be pressed.
  function still(state, values, width) {
    const stage = { width, narrow: false, own: {}, values, still: true, change() {}, move() {}, hold() {}, reset() {} };
    const trees = [draw(look(state, values, {}), stage)].flat();
    return trees.filter(({ tag }) => tag === "svg").map(markup).join("\n");
  }

  return { render, still, look, draw };
}

// ---- parts of pictures ----------------------------------------------------------------------

// A picture of its true size, in pixels: text is never scaled.
export function picture(width, height, label, attributes, ...children) {
  const viewBox = `0 0 ${px(width)} ${px(height)}`;
  return h("svg", { viewBox, role: "group", "aria-label": label, ...attributes }, children);
}

export const words = (x, y, text, attributes) => h("text", { x: px(x), y: px(y), ...attributes }, text);

// Where a pointer is, in the picture's pixels.
export function where(event) {
  const svg = event.currentTarget.closest("svg"), box = svg.getBoundingClientRect();
  const { width, height } = svg.viewBox.baseVal;
  return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// Something that can be taken hold of: dragged, or moved by arrow keys (with Shift in great steps).
// `at` is where it is and `move` is told where to, both in pixels; `spoken` says where in words, and
// `grab` is told that a move begins: with the event of a pointer, or without for a key.
export function handle(stage, { at, label, spoken, now, grab, move, press, reach = 22, step = 4, remove }, ...children) {
  const take = (event) => {
    event.preventDefault();
    event.stopPropagation();
    event.currentTarget.focus();
    event.currentTarget.setPointerCapture(event.pointerId);
    stage.hold(true);
    grab?.(event);
  };
  const follow = (event) => {
    if (event.currentTarget.hasPointerCapture(event.pointerId)) move(where(event));
  };
  const release = (event) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    event.currentTarget.releasePointerCapture(event.pointerId);
    stage.hold(false);
  };
  const key = (event) => {
    const way = ARROWS[event.key], far = event.shiftKey ? 5 * step : step;
    if (way) {
      stage.hold(true);
      grab?.();
      move([at[0] + way[0] * far, at[1] + way[1] * far]);
      stage.hold(false);
    } else if (press && (event.key === "Enter" || event.key === " ")) press();
    else if (remove && (event.key === "Delete" || event.key === "Backspace")) remove();
    else return;
    event.preventDefault();
  };
  return h(
    "g",
    {
      class: "handle", tabindex: 0, role: "slider", "aria-label": label, "aria-valuetext": spoken,
      "aria-valuenow": rounded(now ?? 0, 3), transform: `translate(${px(at[0])},${px(at[1])})`,
      onpointerdown: take, onpointermove: follow, onpointerup: release, onpointercancel: release,
      onkeydown: key, ondblclick: press ?? null,
    },
    h("circle", { r: reach, fill: "transparent" }),
    children,
  );
}

// Something in the picture that can be pressed.
export const pressable = (label, press, attributes, ...children) =>
  h("g", {
    class: "pressable", tabindex: 0, role: "button", "aria-label": label, ...attributes,
    onclick: press,
    onkeydown: (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      press();
    },
  }, children);

export const button = (label, press, attributes) =>
  h("button", { type: "button", onclick: press, ...attributes }, label);

// A button that lets the reader choose a file.
export const chooser = (label, take, { title, ...attributes } = {}) =>
  h("label", { class: "explorer-file", title }, h("input", {
    type: "file", ...attributes,
    onchange: (event) => {
      take(event.target.files[0]);
      event.target.value = ""; // the same one may be chosen again
    },
  }), h("span", {}, label));

// What a picture listens to so that a file can be dropped on it.
export const dropping = (take) => ({
  ondragover: (event) => event.preventDefault(),
  ondrop: (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  },
});

// What is said between buttons and picture: how far something is, from 0 to 1 or NaN, or what is wrong.
export const report = ({ text, done, wrong }) =>
  h("p", { class: wrong ? "explorer-report wrong" : "explorer-report", role: wrong ? "alert" : "status" },
    text, done !== undefined && h("progress", { max: 1, "aria-label": text, ...(done >= 0 ? { value: done } : {}) }));

export const bar = (...children) => h("div", { class: "explorer-bar" }, children);

// A switch between a few things, as radio buttons.
export const choice = (stage, name, options, chosen, choose) =>
  h("span", { class: "explorer-choice", role: "radiogroup", "aria-label": name },
    options.map(([value, label]) =>
      h("label", {}, h("input", {
        type: "radio", name: `${name} ${stage.id}`, checked: value === chosen, onchange: () => choose(value),
      }), label)));

// A number that the reader sets, with its slider.
export const dial = (label, { min, max, step, value, digits = 2 }, set) =>
  h("label", { class: "explorer-dial" }, h("span", {}, label),
    h("input", { type: "range", min, max, step, value, oninput: (event) => set(Number(event.target.value)) }),
    h("output", {}, fixed(value, digits)));

// Round numbers that divide an axis into about `count` parts.
export function ticks([a, b], count = 5) {
  const rough = (b - a) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.99);
  const first = Math.ceil(a / step - 1e-9);
  return range(Math.floor(b / step + 1e-9) - first + 1).map((i) => rounded((first + i) * step, 9));
}

const plain = (x) => String(rounded(x, 6)).replace("-", "−");

export function xAxis(scale, y, { at = ticks(scale.domain), label, format = plain, grid } = {}) {
  const [from, to] = scale.range;
  return h("g", { class: "axis" },
    h("path", { d: `M${px(from)} ${px(y)}H${px(to)}` }),
    at.map((tick) => [
      grid && h("path", { class: "grid", d: `M${px(scale(tick))} ${px(y)}V${px(grid)}` }),
      h("path", { d: `M${px(scale(tick))} ${px(y)}v5` }),
      words(scale(tick), y + 19, format(tick), { "text-anchor": "middle" }),
    ]),
    label && words((from + to) / 2, y + 37, label, { "text-anchor": "middle", class: "name" }));
}

export function yAxis(scale, x, { at = ticks(scale.domain), label, format = plain, grid } = {}) {
  const [from, to] = scale.range;
  return h("g", { class: "axis" },
    h("path", { d: `M${px(x)} ${px(from)}V${px(to)}` }),
    at.map((tick) => [
      grid && h("path", { class: "grid", d: `M${px(x)} ${px(scale(tick))}H${px(grid)}` }),
      h("path", { d: `M${px(x)} ${px(scale(tick))}h-5` }),
      words(x - 8, scale(tick) + 4.5, format(tick), { "text-anchor": "end" }),
    ]),
    label && words(x, Math.min(from, to) - 9, label, { "text-anchor": "middle", class: "name" }));
}

// A path with the same sign at many places. A still of many is a good part of its page: there they
// stand on whole pixels.
export function spots(at, sign, still) {
  const place = still && at.length > 50 ? Math.round : px;
  return at.map(([x, y]) => `M${place(x)} ${place(y)}${sign}`).join("");
}

// With such ends a line of no length, "h0", is a dot.
export const dot = (size, tone) => ({ fill: "none", stroke: color(tone), "stroke-width": 2 * size, "stroke-linecap": "round" });

// A line through points [[x, y], ...] in pixels.
export const trace = (points) =>
  points.map(([x, y], i) => `${i ? "L" : "M"}${px(x)} ${px(y)}`).join("");

// A whole number for random starts, and numbers from it that are the same everywhere (mulberry32).
export const chance = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

// A function of the plane with values in 0 … 1 as tints of two colors: few tints, one path for each.
// It goes on for two cells beyond its edges, so that it is no paler there when it is blurred.
export function heat(f, x, y, [low, high], cells = 64) {
  const [x0, x1] = x.range, [y1, y0] = y.range, w = (x1 - x0) / cells, tall = (y1 - y0) / cells, tints = 14;
  const paths = Array.from({ length: tints }, () => "");
  for (let row = -2; row < cells + 2; row += 1) {
    const v = y.invert(y0 + (row + 0.5) * tall), end = cells + 2;
    let from = -2, before = -1;
    for (let column = -2; column <= end; column += 1) {
      const p = column < end ? f(x.invert(x0 + (column + 0.5) * w), v) : 0;
      const tint = column < end ? clamp(Math.floor(p * tints), 0, tints - 1) : -2;
      if (tint === before) continue;
      if (before >= 0) paths[before] += `M${px(x0 + from * w)} ${px(y0 + row * tall)}H${px(x0 + column * w)}v${px(tall + 0.3)}H${px(x0 + from * w)}z`;
      before = tint;
      from = column;
    }
  }
  return h("g", { class: "heat" }, paths.map((d, tint) => {
    const strength = Math.abs((tint + 0.5) / tints - 0.5) * 2;
    return d && h("path", { d, fill: color(tint < tints / 2 ? low : high), "fill-opacity": rounded(0.55 * strength, 2) });
  }));
}

// Where a function of the plane is 0: short lines, by marching squares.
export function contour(f, x, y, cells = 64) {
  const [x0, x1] = x.range, [y1, y0] = y.range, w = (x1 - x0) / cells, tall = (y1 - y0) / cells;
  const values = range(cells + 1).map((row) => range(cells + 1).map((column) => f(x.invert(x0 + column * w), y.invert(y0 + row * tall))));
  let d = "";
  for (let row = 0; row < cells; row += 1) {
    for (let column = 0; column < cells; column += 1) {
      const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([i, j]) => [column + i, row + j, values[row + j][column + i]]);
      const cuts = corners.flatMap(([i, j, a], at) => {
        const [k, l, b] = corners[(at + 1) % 4];
        if (a > 0 === b > 0) return [];
        const t = a / (a - b);
        return [[x0 + (i + t * (k - i)) * w, y0 + (j + t * (l - j)) * tall]];
      });
      for (let at = 0; at + 1 < cuts.length; at += 2) d += trace([cuts[at], cuts[at + 1]]);
    }
  }
  return d;
}
