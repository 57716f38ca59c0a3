// A formula as a graph: values run forward, gradients run back, one node at a time or by a click.
// Formulas are parsed and worked out here, since the reader may type any; the nodes are those of
// hwlib.backprop, and tests/hwlib/test_scenes.py holds both equal.
import { bar, button, clamp, color, h, handle, picture, pressable, px, range, rounded, scene, words } from "./kit.js";

// ---- values: a number, a vector or a matrix ---------------------------------------------------

const depth = (x) => (Array.isArray(x) ? 1 + depth(x[0]) : 0);
const map = (f, ...xs) => (Array.isArray(xs[0]) ? xs[0].map((_, i) => map(f, ...xs.map((x) => x[i]))) : f(...xs));
const same = (x, y) => JSON.stringify(map(() => 0, x)) === JSON.stringify(map(() => 0, y));
const dot = (x, y) => x.reduce((sum, each, i) => sum + each * y[i], 0);
const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const zero = (x) => map(() => 0, x);
const add = (x, y) => map((a, b) => a + b, x, y);

// Three significant digits, and no more of them than are needed.
function number(x) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "not a number" : x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const digits = clamp(2 - Math.floor(Math.log10(Math.abs(x)) + 1e-9), 0, 9);
  const text = Math.abs(rounded(x, digits)).toFixed(digits);
  return (rounded(x, digits) < 0 ? "−" : "") + (digits ? text.replace(/\.?0+$/, "") : text);
}
const value = (x) => (Array.isArray(x) ? `[${x.map(value).join(", ")}]` : number(x));

// ---- the nodes --------------------------------------------------------------------------------

// What each kind computes, and what it passes on to its children when it has the gradient g.
const KINDS = {
  Add: { f: (x, y) => add(x, y), back: (g) => [g, g], sign: "+", name: (x, y) => (y.startsWith("−") ? `${x} − ${y.slice(1)}` : `${x} + ${y}`) },
  Mul: { f: (x, y) => map((a, b) => a * b, x, y), back: (g, u, x, y) => [map((a, b) => a * b, g, y), map((a, b) => a * b, g, x)], sign: "×", name: (x, y) => `${x}·${y}` },
  ConstantMul: { f: (x, _, a) => map((each) => a * each, x), back: (g, u, x, _, a) => [map((each) => a * each, g)], name: (x, _, a) => `${number(a)}·${x}` },
  Log: { f: (x) => Math.log(x), back: (g, u, x) => [g / x], sign: "log", name: (x) => `log(${x})` },
  Sigmoid: { f: sigmoid, back: (g, u) => [g * u * (1 - u)], sign: "σ", name: (x) => `σ(${x})` },
  Relu: { f: (x) => map((each) => Math.max(each, 0), x), back: (g, u, x) => [map((a, b) => (b > 0 ? a : 0), g, x)], sign: "ReLU", name: (x) => `ReLU(${x})` },
  Dot: { f: dot, back: (g, u, x, y) => [map((each) => g * each, y), map((each) => g * each, x)], sign: "dot", name: (x, y) => `${x}·${y}` },
  MVMul: { f: (M, v) => M.map((row) => dot(row, v)), back: (g, u, M, v) => [g.map((each) => v.map((x) => each * x)), v.map((_, j) => dot(M.map((row) => row[j]), g))], sign: "M v", name: (x, y) => `${x}·${y}` },
};
const FUNCTIONS = new Map([["log", "Log"], ["ln", "Log"], ["sigmoid", "Sigmoid"], ["σ", "Sigmoid"], ["relu", "Relu"], ["ReLU", "Relu"]]);
const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
const pretty = (name) => name.replace(/\d/g, (digit) => SUBSCRIPTS[digit]);

// Read a formula: its graph as a list of nodes, inputs first, each after its children. Names that
// have no value yet get one. Throws an Error with a sentence for the reader.
function parse(formula, given) {
  const tokens = formula.match(/\d+\.?\d*|[\p{L}_][\p{L}\d_₀-₉]*|[-+*@·×()−,]|\S/gu) ?? [];
  const inputs = Object.create(null), made = []; // a name may be any word, such as constructor
  let at = 0;
  const wrong = (sentence) => { throw new Error(sentence); };
  const take = (...signs) => (signs.includes(tokens[at]) ? tokens[at++] : null);
  const node = (kind, children, a) => {
    const xs = children.map((child) => child.value), shapes = xs.map(depth);
    if ((kind === "Log" || kind === "Sigmoid") && shapes[0]) wrong(`${kind === "Log" ? "log" : "sigmoid"} takes a number here, not a vector.`);
    if ((kind === "Add" || kind === "Mul") && !same(...xs)) wrong(`${children[0].name} and ${children[1].name} have different shapes.`);
    if (kind === "Dot" && !same(...xs)) wrong(`${children[0].name} and ${children[1].name} have different lengths.`);
    if (kind === "MVMul" && xs[0][0].length !== xs[1].length) wrong(`${children[0].name} has rows of another length than ${children[1].name}.`);
    const names = children.map((child) => (child.kind === "Add" && !"Add Log Sigmoid Relu".includes(kind) ? `(${child.name})` : child.name));
    const each = { kind, children, a, value: KINDS[kind].f(xs[0], xs[1], a), name: KINDS[kind].name(names[0], names[1], a) };
    made.push(each);
    return each;
  };
  const scaled = (a, x) => {
    if (x.number !== undefined) return { number: a * x.number };
    if (x.kind !== "ConstantMul") return node("ConstantMul", [x], a);
    made.splice(made.indexOf(x), 1);
    return node("ConstantMul", x.children, a * x.a);
  };
  const whole = (x) => {
    if (x.number === undefined) return x;
    const key = String(x.number);
    return (inputs[key] ??= { kind: "Input", children: [], value: x.number, name: number(x.number), constant: true });
  };
  const variable = (name, vector) => {
    const now = Object.hasOwn(given, name) ? given[name] : undefined, shape = name === name.toUpperCase() && /^\p{Lu}/u.test(name) ? 2 : vector ? 1 : 0;
    const start = [1, [1, 2], [[1, 2], [3, 1]]][shape];
    return (inputs[name] ??= { kind: "Input", children: [], value: now !== undefined && (depth(now) === shape || !vector) ? now : start, name: pretty(name), key: name });
  };
  const product = (x, y) => (x.number !== undefined ? scaled(x.number, y) : y.number !== undefined ? scaled(y.number, x) : node("Mul", [x, y]));
  function sum() {
    let x = term();
    for (let sign; (sign = take("+", "-", "−")); ) {
      const y = term();
      if (x.number !== undefined && y.number !== undefined) x = { number: x.number + (sign === "+" ? y.number : -y.number) };
      else {
        const second = sign === "+" ? y : scaled(-1, y);
        x = node("Add", [whole(x), whole(second)]);
      }
    }
    return x;
  }
  function term() {
    let x = factor(tokens[at + 1] === "@");
    for (;;) {
      if (take("*", "·", "×")) {
        const y = factor(false);
        x = product(x, y);
      } else if (take("@")) {
        const y = factor(true);
        if (x.number !== undefined || y.number !== undefined || !depth(x.value) || depth(y.value) !== 1) wrong("@ takes two vectors, or a matrix and a vector.");
        x = node(depth(x.value) === 2 ? "MVMul" : "Dot", [x, y]);
      } else if (x.number !== undefined && /^[\p{L}(]/u.test(tokens[at] ?? "")) x = product(x, factor(false));
      else return x;
    }
  }
  function factor(vector) {
    const token = tokens[at++];
    if (token === undefined) wrong("The formula ends too soon.");
    if (token === "-" || token === "−") return scaled(-1, factor(vector));
    if (/^\d/.test(token)) return { number: Number(token) };
    if (token === "(") {
      const x = sum();
      return take(")") ? x : wrong("A bracket is not closed.");
    }
    if (!/^[\p{L}_]/u.test(token)) wrong(`"${token}" is not expected here.`);
    if (tokens[at] !== "(") return variable(token, vector);
    const kind = FUNCTIONS.get(token);
    if (!kind) wrong(`There is no function "${token}"; there are log, sigmoid and relu.`);
    at += 1;
    const x = whole(sum());
    return take(")") ? node(kind, [x]) : wrong("A bracket is not closed.");
  }
  if (!tokens.length) wrong("Type a formula.");
  const output = whole(sum());
  if (at < tokens.length) wrong(`"${tokens[at]}" is not expected here.`);
  if (depth(output.value)) wrong("The result is a vector. A gradient needs a number: end with a dot product, v @ …");
  if (made.length > 14) wrong("That is too large to draw: at most 14 nodes.");
  const order = Object.keys(given).filter((name) => name in inputs);
  const first = [...order, ...Object.keys(inputs).filter((name) => !order.includes(name))].map((name) => inputs[name]);
  return [...first, ...made];
}

// Gradients after some nodes have passed on theirs; with `replace`, a child forgets what it had.
function backward(nodes, fired, replace) {
  const grads = nodes.map((node, i) => (i === nodes.length - 1 ? 1 : zero(node.value)));
  let passed = [];
  for (const i of fired) {
    const { kind, children, a, value: u } = nodes[i];
    const parts = KINDS[kind].back(grads[i], u, children[0].value, children[1]?.value, a);
    passed = children.map((child, n) => {
      const to = nodes.indexOf(child), before = grads[to];
      grads[to] = replace ? parts[n] : add(before, parts[n]);
      return { to, part: parts[n], before, now: grads[to] };
    });
  }
  return { grads, passed };
}

const inner = (nodes) => range(nodes.length).reverse().filter((i) => nodes[i].children.length);

function caption(nodes, step, grads, passed, active, head = `Step ${step}, `) {
  const n = nodes.length, node = nodes[active];
  if (step <= n) {
    if (!node.children.length) return `${head}forward: ${node.name} = ${value(node.value)} is given.`;
    return `${head}forward: ${node.kind === "Add" ? "an" : "a"} ${node.kind}Node computes ${node.name} = ${value(node.value)}.`;
  }
  if (step === n + 1) return `${head}backward: the gradient of the output with respect to itself is 1.`;
  const parts = passed.map(({ to, part, before, now }) => {
    const had = map((x) => x, before), some = JSON.stringify(had) !== JSON.stringify(zero(had));
    return `${value(part)} on to ${nodes[to].name}${some ? `, which had ${value(before)} and now has ${value(now)}` : ""}`;
  });
  return `${head}backward: the ${node.kind}Node ${node.name} has the gradient ${value(grads[active])}. It passes ${parts.join(", and ")}.`;
}

function look(state, values, own) {
  const formula = own.formula ?? state.formula, given = own.inputs ?? state.inputs;
  let nodes, trouble = "";
  try {
    nodes = parse(formula, given);
  } catch (error) {
    trouble = error.message;
    nodes = parse(own.good ?? state.formula, given);
  }
  const n = nodes.length, back = inner(nodes), end = n + 1 + back.length;
  const step = Math.min(values.step, end);
  const fired = own.fired ?? back.slice(0, Math.max(0, step - n - 1));
  const { grads, passed } = backward(nodes, fired, own.replace);
  const forward = own.fired ? n : Math.min(step, n);
  const active = own.fired ? (fired.at(-1) ?? n - 1) : step <= n ? step - 1 : step === n + 1 ? n - 1 : back[step - n - 2];
  const seen = { formula, nodes, trouble, step, forward, grads, passed, active, fired, hasGrads: own.fired || step > n, last: { step: end }, given };
  if (own.formula === undefined && !own.inputs && !own.fired && !own.replace) return seen;
  let said = caption(nodes, own.fired ? (fired.length ? n + 2 : n + 1) : step, grads, passed, active, own.fired ? "By hand, " : undefined);
  const waiting = own.fired && fired.some((i, at) => nodes.some((each, j) => each.children.includes(nodes[i]) && !fired.slice(0, at).includes(j)));
  if (waiting) said += " But a node above had not passed on its own yet, so this gradient was not complete: the order matters.";
  if (own.replace) said += " With = in place of +=, a node keeps only the last gradient that reaches it.";
  return { ...seen, caption: trouble || said };
}

function draw(seen, stage) {
  const { nodes, forward, grads, active, passed, step } = seen, { own, width, narrow } = stage, n = nodes.length;
  // columns by depth; in a narrow window, rows
  const depths = nodes.map(() => 0), rows = [];
  nodes.forEach((node, i) => (depths[i] = node.children.length ? 1 + Math.max(...node.children.map((child) => depths[nodes.indexOf(child)])) : 0));
  // an edge over several columns has a lane in each of them, so that it crosses no box
  const columns = range(Math.max(...depths) + 1).map((d) => range(n).filter((i) => depths[i] === d));
  const lanes = new Map(); // "from to": its lanes
  nodes.forEach((node, i) => node.children.forEach((child) => {
    const from = nodes.indexOf(child), through = [];
    for (let d = depths[from] + 1; d < depths[i]; d += 1) {
      const lane = { from, before: through.at(-1) ?? from };
      through.push(lane);
      columns[d].push(lane);
    }
    lanes.set(`${from} ${i}`, through);
  }));
  const place = new Map();
  const uses = (i) => range(n).filter((j) => nodes[j].children.includes(nodes[i]));
  const mean = (list) => (list.length ? list.reduce((a, b) => a + b, 0) / list.length : 0);
  columns.forEach((column, d) => {
    // what is used by many stands in the middle of them
    const wish = (i) => d === 0 ? mean(uses(i)) : mean(typeof i === "object" ? [place.get(i.before)] : nodes[i].children.map((child) => place.get(nodes.indexOf(child))));
    column.sort((i, j) => wish(i) - wish(j) || (typeof i === "object" ? -1 : 0));
    column.forEach((i, at) => place.set(i, (at + 0.5) / column.length));
  });
  const most = Math.max(...columns.map((column) => column.length));
  const gap = narrow ? 26 : 40;
  const boxHeight = 66, boxWidth = narrow
    ? Math.min(122, width / most - 8)
    : Math.min(126, (width - gap * (columns.length - 1)) / columns.length);
  const size = narrow ? { w: width, h: columns.length * (boxHeight + 40) - 30 } : { w: width, h: Math.max(most * (boxHeight + 22), 170) };
  const spot = (i, d) => {
    const along = columns.length > 1 ? d / (columns.length - 1) : 0.5;
    return narrow
      ? [place.get(i) * size.w, boxHeight / 2 + 2 + along * (size.h - boxHeight - 4)]
      : [boxWidth / 2 + 2 + along * (size.w - boxWidth - 4), place.get(i) * size.h];
  };
  const at = nodes.map((_, i) => spot(i, depths[i]));
  const ends = (from, to) => {
    const [x0, y0] = at[from], [x1, y1] = at[to];
    return narrow ? [[x0, y0 + boxHeight / 2], [x1, y1 - boxHeight / 2]] : [[x0 + boxWidth / 2, y0], [x1 - boxWidth / 2, y1]];
  };
  const labels = []; // of edges, above them all
  const edges = nodes.flatMap((node, i) => node.children.map((child, which) => {
    const from = nodes.indexOf(child), [a, b] = ends(from, i);
    const back = seen.hasGrads && seen.fired.at(-1) === i, going = !seen.hasGrads && active === i;
    const through = lanes.get(`${from} ${i}`).flatMap((lane, j) => {
      const [x, y] = spot(lane, depths[from] + 1 + j);
      return narrow ? [[x, y - boxHeight / 2], [x, y + boxHeight / 2]] : [[x - boxWidth / 2, y], [x + boxWidth / 2, y]];
    });
    const stops = [a, ...through, b];
    const d = stops.map(([x, y], j) => {
      if (!j) return `M${px(x)} ${px(y)}`;
      const [x0, y0] = stops[j - 1];
      return narrow
        ? `C${px(x0)} ${px((y0 + y) / 2)} ${px(x)} ${px((y0 + y) / 2)} ${px(x)} ${px(y)}`
        : `C${px((x0 + x) / 2)} ${px(y0)} ${px((x0 + x) / 2)} ${px(y)} ${px(x)} ${px(y)}`;
    }).join("");
    const tone = back ? "gradient" : going ? "value" : "faint", strong = back || going;
    const [tip, way] = back ? [a, -1] : [b, 1];
    const head = narrow
      ? `M${px(tip[0] - 5)} ${px(tip[1] - way * 8)}L${px(tip[0])} ${px(tip[1])}L${px(tip[0] + 5)} ${px(tip[1] - way * 8)}`
      : `M${px(tip[0] - way * 8)} ${px(tip[1] - 5)}L${px(tip[0])} ${px(tip[1])}L${px(tip[0] - way * 8)} ${px(tip[1] + 5)}`;
    const made = i < forward || seen.hasGrads;
    // the local derivative, where it is one number, once it has been used
    const local = seen.hasGrads && seen.fired.includes(i) && depth(child.value) === 0 && depth(node.value) === 0
      ? number(KINDS[node.kind].back(1, node.value, node.children[0].value, node.children[1]?.value, node.a)[which]) : null;
    const middle = [(a[0] + stops[1][0]) / 2, (a[1] + stops[1][1]) / 2 + (narrow ? 4 : -7)];
    // what has no room between two boxes stands above them
    if (!narrow && local?.length * 8 + 8 > gap) middle[1] -= boxHeight / 2 - 2;
    if (local !== null) {
      const wide = 8 * local.length + 12, [u, v] = middle;
      labels.push(h("g", {},
        narrow && h("rect", { x: px(u - wide / 2), y: px(v - 13), width: px(wide), height: 17, rx: 4, fill: color("paper") }),
        words(u, v, `×${local}`, { "text-anchor": "middle", class: "halo", fill: color("gradient") })));
    }
    return h("g", { class: made ? "edge" : "edge off" },
      h("path", { d, fill: "none", stroke: color(tone), "stroke-width": strong ? 3 : 1.4 }),
      h("path", { d: head, fill: "none", stroke: color(tone), "stroke-width": strong ? 3 : 1.4 }));
  }));

  const fire = (i) => stage.change({ fired: [...(own.fired ?? seen.fired), i] });
  const scrub = (node, path) => ({
    to(x) {
      const set = (v, [first, ...rest]) => (first === undefined ? x : v.map((each, j) => (j === first ? set(each, rest) : each)));
      stage.change({ inputs: { ...seen.given, ...Object.fromEntries(nodes.filter((each) => each.key).map((each) => [each.key, each.value])), [node.key]: set(node.value, path) } });
    },
  });
  // the entries of an input are handles: drag them sideways, or use the arrow keys
  const entries = (node) => {
    const flat = (v, path) => (Array.isArray(v) ? v.flatMap((each, j) => flat(each, [...path, j])) : [[v, path]]);
    return flat(node.value, []);
  };
  const boxes = nodes.map((node, i) => {
    const [x, y] = at[i], made = i < forward || seen.hasGrads, g = grads[i];
    const hot = i === active, tone = seen.hasGrads ? "gradient" : "value";
    const some = seen.hasGrads && JSON.stringify(g) !== JSON.stringify(zero(g));
    const title = node.children.length ? (node.kind === "ConstantMul" ? `× ${number(node.a)}` : KINDS[node.kind].sign) : node.name;
    const frame = h("rect", {
      x: px(-boxWidth / 2), y: -boxHeight / 2, width: px(boxWidth), height: boxHeight, rx: 10,
      fill: color("paper"), stroke: color(hot ? tone : made ? "ink" : "faint"), "stroke-width": hot ? 3 : 1.2, "stroke-dasharray": made ? undefined : "3 4",
    });
    const long = (text) => (text.length > boxWidth / 7 ? { textLength: px(boxWidth - 10), lengthAdjust: "spacingAndGlyphs" } : {});
    const line = (dy, text, attributes) => h("text", { y: dy, "text-anchor": "middle", ...long(text), ...attributes }, text);
    const texts = [
      line(-14, title, { class: "strong" }),
      made && !(node.key && !stage.still) && line(5, value(node.value), { class: "value" }),
      some && line(24, value(g), { class: "gradient" }),
    ];
    const where = { transform: `translate(${px(x)},${px(y)})` };
    if (node.children.length) {
      // what is pressed lies above its texts, so that its name is what is spoken
      const cover = h("rect", { x: px(-boxWidth / 2), y: -boxHeight / 2, width: px(boxWidth), height: boxHeight, rx: 10, "fill-opacity": 0, class: "cover" });
      return h("g", where, frame, texts, pressable(`${node.kind}Node ${node.name}: fire its backward`, () => fire(i), { class: "pressable node" }, cover));
    }
    return h("g", where, frame, texts);
  });
  const scrubs = stage.still ? [] : nodes.filter((node) => node.key).flatMap((node) => {
    const [x, y] = at[nodes.indexOf(node)], all = entries(node), many = all.length;
    return all.map(([v, path], j) => {
      const spread = Math.min(46, (boxWidth - 8) / many), dx = (j - (many - 1) / 2) * spread;
      const set = scrub(node, path).to, text = number(v);
      return handle(stage, {
        at: [x + dx, y + 1], label: `${node.name}${path.length ? `, entry ${path.map((p) => p + 1).join(", ")}` : ""}`,
        spoken: text, now: v, reach: Math.min(15, spread / 2), step: 4,
        grab: () => { stage.scrubbed = v; },
        move: ([to, down]) => set(rounded(clamp(stage.scrubbed + (to - x - dx) / 40 - (down - y - 1) / 40, -20, 20), 1)),
      },
      h("rect", { class: "focus", x: px(-spread / 2 + 1), y: -9, width: px(spread - 2), height: 19, rx: 4 }), // a ring would cross the name
      h("text", { y: 4, "text-anchor": "middle", class: "value scrub", ...(text.length * 7 > spread ? { textLength: px(spread - 3), lengthAdjust: "spacingAndGlyphs" } : {}) }, text));
    });
  });

  const type = (event) => {
    const formula = event.target.value;
    let good = own.good;
    try { parse(formula, seen.given); good = formula; } catch { /* the caption says what is wrong */ }
    stage.change({ formula, good, fired: undefined });
  };
  return [
    bar(
      h("input", { type: "text", value: seen.formula, "aria-label": "Formula: type your own", "aria-invalid": seen.trouble ? "true" : undefined, spellcheck: "false", autocapitalize: "off", oninput: type }),
    ),
    bar(
      button("Forward", () => { stage.change({ fired: undefined }); stage.move({ step: n }); }),
      button("By hand", () => stage.change({ fired: [] }), { title: "Start with the gradient of the output, then click nodes" }),
      button("Backward", () => { stage.change({ fired: undefined }); stage.move({ step: seen.last.step }); }),
      h("label", { class: "explorer-check" }, h("input", { type: "checkbox", checked: Boolean(own.replace), onchange: (event) => stage.change({ replace: event.target.checked }) }), "= in place of +="),
      button("Undo", () => stage.reset(), { disabled: Object.keys(own).length === 0 }),
    ),
    picture(width, size.h + 34, `The graph of ${seen.formula}`, { class: "graph" },
      h("g", {}, edges), h("g", {}, labels), h("g", {}, boxes), h("g", {}, scrubs),
      words(4, size.h + 26, "value", { class: "value" }),
      words(52, size.h + 26, "gradient", { class: "gradient" }),
      !stage.still && width > 350 && words(width - 4, size.h + 26, narrow ? "drag inputs · click nodes" : "drag an input sideways · click a node to fire its backward", { class: "faint", "text-anchor": "end" })),
  ];
}

export default { ...scene({ look, draw, keeps: ["step"] }), parse, inner, backward, caption };
