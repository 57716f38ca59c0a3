// Checks formulas that a reader types, by numbers: book_extensions/formulas.py says at which points.
// A formula is right if it gives the right values, in whatever form it is written.
"use strict";

{
  // What cannot be read or computed, in words for the reader.
  class Unclear extends Error {}

  // ---- values: a number, or a matrix as a list of rows; a vector is a column ----------------------

  const isMatrix = Array.isArray;
  const columns = (a) => a[0].length;
  const size = (a) => (isMatrix(a) ? `${a.length} by ${columns(a)}` : "a number");
  const each = (a, f) => a.map((row) => row.map(f));
  const scalar = (a) => (isMatrix(a) && a.length === 1 && columns(a) === 1 ? a[0][0] : a);
  const transpose = (a) => (isMatrix(a) ? a[0].map((_, j) => a.map((row) => row[j])) : a);
  const given = (value) => (isMatrix(value) ? value.map((row) => (isMatrix(row) ? row : [row])) : value);

  function number(a, where) {
    if (isMatrix(a)) throw new Unclear(`${where} takes a number, not a matrix or vector.`);
    return a;
  }

  function add(a, b, sign) {
    if (!isMatrix(a) && !isMatrix(b)) return a + sign * b;
    if (isMatrix(a) && isMatrix(b) && size(a) === size(b)) {
      return a.map((row, i) => row.map((x, j) => x + sign * b[i][j]));
    }
    throw new Unclear(`You add ${size(a)} and ${size(b)}: the shapes must be equal.`);
  }

  function multiply(a, b) {
    if (!isMatrix(a) && !isMatrix(b)) return a * b;
    if (!isMatrix(a)) return each(b, (x) => a * x);
    if (!isMatrix(b)) return each(a, (x) => x * b);
    if (columns(a) === b.length) {
      return scalar(a.map((row) => b[0].map((_, j) => row.reduce((sum, x, i) => sum + x * b[i][j], 0))));
    }
    throw new Unclear(
      `You multiply ${size(a)} by ${size(b)}: the inner sizes differ. Which factor needs a transpose, ^T?`);
  }

  function power(a, b) {
    return number(a, "A power") ** number(b, "A power");
  }

  const FUNCTIONS = {
    log: Math.log, ln: Math.log, log2: Math.log2, exp: Math.exp, sqrt: Math.sqrt,
    sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  };
  const OF_VECTORS = {
    outer: (a, b) => multiply(a, transpose(b)), dot: (a, b) => multiply(transpose(a), b),
    transpose,
  };
  const WRITTEN = [
    [/[×·⋅∗]/g, "*"], [/[−–]/g, "-"], [/÷/g, "/"], [/²/g, "^2"], [/\*\*/g, "^"],
    [/\^\s*\{?\s*(T|⊤|\\top)\b\s*\}?|ᵀ|\^⊤|\.T\b|'/g, " ᵀ "], [/σ/g, "sigmoid "], [/π/g, "pi"],
    [/\b(np|math)\./g, ""], [/_\{?(\w+)\}?/g, "$1"], [/[[{]/g, "("], [/[\]}]/g, ")"],
  ];

  // ---- reading ----------------------------------------------------------------------------------

  // Returns a function that computes the formula from values of its names.
  function read(text, names, also) {
    for (const [from, to] of WRITTEN) text = text.replace(from, to);
    const known = (token) => names.includes(token) || [also, FUNCTIONS, OF_VECTORS].some(
      (all) => Object.hasOwn(all, token));
    // gx is g times x
    const apart = (token) => token.length > 1 && !known(token) &&
      [...token].every((letter) => names.includes(letter)) ? [...token] : [token];
    const found = text.match(/\d+(?:\.\d+)?|\.\d+|\p{L}[\p{L}\d]*|\S/gu) ?? [];
    const tokens = found.flatMap(apart);
    let at = 0;
    const next = () => tokens[at];
    const take = (token) => (next() === token ? (at++, true) : false);
    const begins = (token) => token !== undefined && /^[\d.(]|^(?!ᵀ)\p{L}/u.test(token);

    function sum() {
      let left = product();
      while (next() === "+" || next() === "-") {
        const sign = tokens[at++] === "+" ? 1 : -1, [a, b] = [left, product()];
        left = (v) => add(a(v), b(v), sign);
      }
      return left;
    }

    function product() {
      let left = signed();
      for (;;) {
        if (take("/")) {
          const [a, b] = [left, signed()];
          left = (v) => multiply(a(v), 1 / number(b(v), "A division"));
        } else if (take("*") || take("@") || begins(next())) {
          const [a, b] = [left, signed()];
          left = (v) => multiply(a(v), b(v));
        } else return left;
      }
    }

    function signed() {
      if (take("+")) return signed();
      if (!take("-")) return raised();
      const a = signed();
      return (v) => multiply(-1, a(v));
    }

    function raised() {
      let base = atom();
      while (take("ᵀ")) {
        const a = base;
        base = (v) => transpose(a(v));
      }
      if (!take("^")) return base;
      const [a, b] = [base, signed()];
      return (v) => power(a(v), b(v));
    }

    function inBrackets() {
      const parts = [sum()];
      while (take(",")) parts.push(sum());
      if (!take(")")) throw new Unclear("A closing parenthesis is missing.");
      return parts;
    }

    function atom() {
      const token = tokens[at++];
      if (token === undefined) throw new Unclear("The formula breaks off at its end.");
      if (token === "(") {
        const parts = inBrackets();
        if (parts.length > 1) throw new Unclear("Use a point in decimals, not a comma.");
        return parts[0];
      }
      if (/^[\d.]/.test(token)) return () => Number(token);
      if (/^\p{L}/u.test(token) && token !== "ᵀ") return named(token);
      throw new Unclear(`“${token}” is not expected here.`);
    }

    function named(token) {
      const name = Object.hasOwn(also, token) ? also[token] : token;
      if (names.includes(name)) return (v) => v[name];
      if (Object.hasOwn(FUNCTIONS, token)) {
        const a = take("(") ? inBrackets()[0] : raised();
        return (v) => FUNCTIONS[token](number(a(v), token));
      }
      if (Object.hasOwn(OF_VECTORS, token) && take("(")) {
        const parts = inBrackets();
        if (parts.length !== OF_VECTORS[token].length) {
          throw new Unclear(`${token} takes ${OF_VECTORS[token].length} arguments.`);
        }
        return (v) => OF_VECTORS[token](...parts.map((part) => part(v)));
      }
      if (token === "e") return () => Math.E;
      throw new Unclear(`“${token}” is not one of the names here: ${names.join(", ")}.`);
    }

    if (!tokens.length) throw new Unclear("Type a formula first.");
    if (tokens.includes("=")) throw new Unclear("Type the right-hand side only.");
    const formula = sum();
    if (next() === ")") throw new Unclear("There is a closing parenthesis too many.");
    if (at < tokens.length) throw new Unclear(`“${next()}” is not expected here.`);
    return formula;
  }

  // ---- judging ----------------------------------------------------------------------------------

  const near = (a, b) => Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b));

  function equal(a, b) {
    if (!isMatrix(a) || !isMatrix(b)) return !isMatrix(a) && !isMatrix(b) && near(a, b);
    return size(a) === size(b) && a.every((row, i) => row.every((x, j) => near(x, b[i][j])));
  }

  const short = (x) => String(Number(x.toPrecision(4))).replace("-", "−");

  // Returns whether a formula is right, and a sentence about it.
  function judge(text, { points, right, slips, also, rest }) {
    try {
      const formula = read(text, Object.keys(points[0]), also);
      const found = points.map((point) => formula(
        Object.fromEntries(Object.entries(point).map(([name, value]) => [name, given(value)]))));
      const fits = (values) => found.every((value, i) => equal(value, given(values[i])));
      if (fits(right)) return { right: true, said: `Right. ${rest}`.trim() };
      const slip = slips.find(([, values]) => fits(values));
      if (slip) return { right: false, said: slip[0] };
      const [first, expected] = [found[0], given(right[0])];
      if (size(first) !== size(expected)) {
        return { right: false, said: `Your result is ${size(first)}. It should be ${size(expected)}.` };
      }
      if (isMatrix(first)) return { right: false, said: "Not yet: the shape is right, the entries are not." };
      const where = Object.entries(points[0]).map(([name, x]) => `${name} = ${short(x)}`).join(", ");
      if (!Number.isFinite(first)) return { right: false, said: `At ${where} this is not a number.` };
      return { right: false, said: `Not yet. At ${where} this gives ${short(first)}.` };
    } catch (error) {
      if (error instanceof Unclear) return { right: false, unclear: true, said: error.message };
      throw error;
    }
  }

  // ---- the page ---------------------------------------------------------------------------------

  function markAsDone(exercise) {
    const all = [...exercise.querySelectorAll("form.formula")];
    const whole = all.every((form) => form.dataset.verdict === "right" && !JSON.parse(form.dataset.check).rest);
    const box = exercise.querySelector(".exercise-done input");
    if (whole && box && !box.checked) box.click();
  }

  for (const form of document.querySelectorAll("form.formula")) {
    const input = form.querySelector("input"), output = form.querySelector("output");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { right, unclear, said } = judge(input.value, JSON.parse(form.dataset.check));
      form.dataset.verdict = right ? "right" : unclear ? "unclear" : "wrong";
      output.textContent = said;
      if (right) markAsDone(form.closest("div.exercise"));
    });
    input.addEventListener("input", () => {
      delete form.dataset.verdict;
      output.textContent = "";
    });
    input.addEventListener("keydown", (event) => event.stopPropagation()); // not the page's shortcuts
  }
}
