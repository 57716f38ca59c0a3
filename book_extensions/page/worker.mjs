// Python beside the page, in a worker: it can be stopped whatever it does, by ending the worker.
// Messages in: {start}, {run}, {check}, {compute}. Messages out: what happens, as it happens.
const SITE = "/lib/python3.14/site-packages";
const LOCK = {
  info: { abi_version: "2026_0", arch: "wasm32", platform: "emscripten_5_0_3", python: "3.14.0" },
  packages: {},
};
const STAGES = ["numbers", "pictures", "more"];
const MOST = 200_000; // characters that a cell may print

let python, runner, base, runtime, loaded = 0;
let ready = null;

const say = (message) => postMessage(message);

async function bytes(name, stage) {
  const response = await fetch(base + name);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  const parts = [];
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    say({ loading: stage, bytes: value.length });
  }
  return new Blob(parts).arrayBuffer();
}

// The archives of a stage, on their way from the first time that somebody asks.
const coming = {};
function archives(stage) {
  coming[stage] ??= Promise.all(runtime[stage].map((name) => bytes(name, stage)));
  coming[stage].catch(() => delete coming[stage]);
  return coming[stage];
}

async function start(message) {
  ({ base, runtime } = message);
  say({ loading: "Python", bytes: 0 });
  archives("numbers");
  const core = `${base}${runtime.core}/`;
  import(`${core}pyodide.asm.mjs`).catch(() => {}); // loadPyodide takes it, and says what is wrong
  const { loadPyodide } = await import(`${core}pyodide.mjs`);
  python = await loadPyodide({
    indexURL: core,
    stdLibURL: base + runtime.stdlib,
    lockFileContents: LOCK,
    env: { MPLBACKEND: "AGG", MPLCONFIGDIR: "/tmp/matplotlib", HOME: "/home/pyodide" },
  });
  unpack(await archives("numbers"));
  loaded = 1;
  runner = python.pyimport("live_runner");
  say({ ready: true });
}

function unpack(buffers) {
  for (const each of buffers) python.unpackArchive(each, "zip", { extractDir: SITE });
}

// The next stage of packages, once a cell has missed something.
async function more() {
  const stage = STAGES[loaded++];
  say({ loading: stage, bytes: 0 });
  unpack(await archives(stage));
  runner.look_again();
}

// What is printed travels in parts, not line by line: a million prints leave the page alive.
class Printer {
  constructor(id) {
    Object.assign(this, { id, text: "", total: 0, sent: performance.now() });
  }
  write(buffer, stream) {
    if (this.total > MOST) return buffer.length;
    const text = new TextDecoder().decode(buffer);
    this.total += text.length;
    if (this.stream !== stream) this.flush();
    this.stream = stream;
    this.text += text;
    if (this.total > MOST) this.text += "\n… the rest of the output is cut off\n";
    if (performance.now() - this.sent > 50 || this.total > MOST) this.flush();
    return buffer.length;
  }
  flush() {
    if (this.text) say({ output: this.id, kind: this.stream, data: this.text });
    this.text = "";
    this.sent = performance.now();
  }
}

async function runCell(id, source, act = runner.run) {
  for (;;) {
    const printer = new Printer(id);
    for (const [set, stream] of [["setStdout", "stdout"], ["setStderr", "stderr"]]) {
      python[set]({ write: (buffer) => printer.write(buffer, stream), isatty: false });
    }
    say({ begin: id });
    const show = (kind, data) => {
      printer.flush();
      const plain = data?.toJs ? data.toJs({ dict_converter: Object.fromEntries }) : data;
      say({ output: id, kind, data: plain });
    };
    const wrong = act(id, source, show)?.toJs({ dict_converter: Object.fromEntries });
    printer.flush();
    if (wrong?.missing && loaded < STAGES.length) {
      await more(); // and once more from the cell's beginning
      continue;
    }
    say({ end: id, wrong });
    return !wrong;
  }
}

// Runs a cell after what it needs; returns whether all went well.
async function run({ target, cells, again }) {
  const given = python.toPy(cells);
  try {
    const [imports, ids] = runner.plan(given, target, again).toJs();
    if (imports.length && !(await runCell("imports", imports.join("\n")))) return false;
    const texts = Object.fromEntries(cells.map((cell) => [cell.id, cell.source]));
    for (const id of ids) if (!(await runCell(id, texts[id]))) return false;
    const changed = runner.dependents(given, target).toJs();
    say({ stale: changed.filter((id) => !ids.includes(id)) });
    return true;
  } finally {
    given.destroy();
  }
}

async function check({ id, source, task }) {
  return runCell(id, source, (...given) => runner.check(given[0], given[1], task, given[2]));
}

// What an explorer shows at some values; without any, the figure of one that the page has not. The
// cell that makes it is run first, where it has not been: `first`.
async function compute({ name, values, file, call, first }) {
  try {
    if (first && !(await run(first))) throw new Error("The cell of this picture went wrong.");
    const [of, own] = [values, file].map((each) => each && python.toPy(each));
    const result = of ? runner.compute(name, of, own).toJs({ dict_converter: Object.fromEntries }) : runner.figure(name);
    of?.destroy();
    own?.destroy();
    say({ computed: name, call, result });
  } catch (error) {
    say({ computed: name, call, error: String(error.message).trim().split("\n").pop().replace(/^ValueError: /, "") });
  }
}

async function receive(data) {
  try {
    if (data.start) ready = start(data.start);
    await ready;
    if (data.run) say({ idle: await run(data.run) });
    if (data.check) say({ idle: await check(data.check) });
    if (data.compute) await compute(data.compute);
  } catch (error) {
    say({ broken: String(error.message ?? error).trim().split("\n").pop() });
  }
}

let last = Promise.resolve(); // one thing after another, also while packages are on their way
onmessage = ({ data }) => {
  last = last.then(() => receive(data));
  // a cell that says that it draws need not wait until Python misses something
  const { target, cells } = data.run ?? {};
  const asked = cells?.find(({ id }) => id === target)?.source ?? data.check?.source;
  if (runtime && loaded < 2 && /\b(matplotlib|plt|PIL)\b/.test(asked)) archives("pictures");
};
