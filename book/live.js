// Lets a reader run and change the page's cells. Python starts at the first Run, in a worker from
// files of this site (book_extensions/page). Until then nothing of it is loaded.
"use strict";

{
  const info = document.getElementById("python-runtime");
  const runtime = info && JSON.parse(info.textContent);
  const page = location.pathname.split("/").pop().replace(/\.html$/, "");
  const cells = new Map();
  let worker = null, ready = false, unkept = false, bytes = 0, calls = 0, bar = null;
  const waiting = new Map(); // explorers that wait for a picture
  const drawn = (name) => (typeof explorers === "undefined" ? null : explorers.get(name));
  const made = new Set(); // explorers that Python has, as the cells are now

  const make = (tag, props = {}, ...children) => {
    const { dataset, ...rest } = props;
    const element = Object.assign(document.createElement(tag), rest);
    Object.assign(element.dataset, dataset);
    element.append(...children);
    return element;
  };
  const hash = (text) => {
    let h = 5381;
    for (const c of text) h = (h * 33) ^ c.codePointAt(0);
    return (h >>> 0).toString(36);
  };
  const kept = {
    key: (cell) => `cell:${page}:${cell.id}`,
    read(cell) {
      try { return JSON.parse(localStorage.getItem(this.key(cell))); } catch { return null; }
    },
    write(cell) {
      try {
        if (cell.changed) {
          const value = { text: cell.source, of: hash(cell.original) };
          localStorage.setItem(this.key(cell), JSON.stringify(value));
        } else localStorage.removeItem(this.key(cell));
      } catch { /* no storage here */ }
    },
  };

  // ---- a cell -----------------------------------------------------------------------------------

  class Cell {
    static {
      this.prototype.verb = "Run"; // on its button
    }

    constructor(element, id = element.dataset.cell) {
      this.element = element;
      this.id = id;
      this.input = element.querySelector(".cell_input");
      this.pre = this.input.querySelector("pre");
      this.original = this.pre.textContent.replace(/\n$/, "");
      this.highlighted = this.pre.innerHTML;
      this.source = this.original;
      this.stored = element.querySelector(".cell_output");
      this.output = make("div", { className: "live-output", hidden: true, role: "status" });
      this.run = make("button", { type: "button", className: "live-run", textContent: this.verb });
      this.edit = make("button", { type: "button", textContent: "Edit" });
      this.reset = make("button", { type: "button", textContent: "Reset", hidden: true });
      this.note = make("span", { className: "live-note" });
      this.bar = make("div", { className: "live-bar" }, this.run, this.edit, this.reset, this.note);
      // where only the code is folded, Run is at hand while it is
      this.fold = this.input.closest("details");
      const place = this.fold && !this.fold.contains(this.stored) ? this.fold : this.input;
      place.after(this.bar, this.output);
      this.run.addEventListener("click", () => (this.running ? stop() : runCells(this)));
      this.edit.addEventListener("click", () => this.open());
      this.reset.addEventListener("click", () => this.restore());
      this.pre.addEventListener("click", () => getSelection().isCollapsed && this.open());
      const before = kept.read(this);
      if (before) {
        this.set(before.text);
        if (before.of !== hash(this.original)) {
          this.note.textContent = "The book's own cell has changed since. Reset shows it.";
        }
      }
    }

    get changed() { return this.source !== this.original; }

    set(text) {
      this.source = text;
      made.clear();
      this.element.classList.toggle("live-changed", this.changed);
      this.reset.hidden = !this.changed;
      if (!this.area) this.draw();
      kept.write(this);
    }

    draw() {
      if (this.changed) this.pre.textContent = this.source + "\n";
      else this.pre.innerHTML = this.highlighted;
    }

    open() {
      if (this.fold) this.fold.open = true;
      if (this.area) return this.area.focus();
      this.area = make("textarea", {
        className: "live-editor", value: this.source, spellcheck: false,
        rows: this.source.split("\n").length, wrap: "off",
      });
      this.area.setAttribute("aria-label", "Code of this cell. Escape leaves the editor.");
      this.area.setAttribute("autocapitalize", "off");
      this.pre.hidden = true;
      this.pre.after(this.area);
      this.area.focus({ preventScroll: true });
      this.area.setSelectionRange(0, 0);
      this.area.addEventListener("input", () => {
        this.area.rows = this.area.value.split("\n").length;
        this.set(this.area.value);
      });
      this.area.addEventListener("keydown", (event) => this.key(event));
      this.edit.hidden = true;
    }

    key(event) {
      event.stopPropagation(); // the page's own shortcuts rest meanwhile
      if (event.key === "Escape") {
        this.close();
        this.run.focus();
      } else if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        runCells(this);
        if (event.shiftKey) {
          this.close();
          const all = [...cells.values()];
          (all[all.indexOf(this) + 1] ?? this).run.focus();
        }
      } else if (event.key === "Enter") {
        // the next line begins where this one does, or one step further after a colon
        const at = this.area.selectionStart;
        const line = this.area.value.slice(0, at).split("\n").pop();
        const indent = line.match(/^ */)[0] + (line.trimEnd().endsWith(":") ? "    " : "");
        event.preventDefault();
        document.execCommand("insertText", false, "\n" + indent);
      }
    }

    close() {
      this.area?.remove();
      this.area = null;
      this.pre.hidden = false;
      this.edit.hidden = false;
      this.draw();
    }

    restore() {
      this.set(this.original);
      this.close();
      this.output.replaceChildren();
      this.output.hidden = true;
      if (this.stored) this.stored.hidden = false;
      this.note.textContent = "";
      this.element.classList.remove("live-stale");
      for (const { id } of this.stored?.querySelectorAll("figure.explorer") ?? []) {
        if (drawn(id)?.changed) Object.assign(drawn(id), { changed: false }).show();
      }
    }

    begin() {
      this.start("Running");
      this.element.classList.remove("live-stale", "live-wrong");
      this.fresh = true;
    }

    // `aria-busy` while it runs; `data-runs` counts the runs that have come to an end
    start(note) {
      this.running = true;
      this.ended = this.failed = false;
      this.run.textContent = "Stop";
      this.note.textContent = note;
      this.element.setAttribute("aria-busy", "true");
    }

    rest(note) {
      this.running = false;
      this.run.textContent = this.verb;
      this.note.textContent = note;
      this.element.setAttribute("aria-busy", "false");
      this.element.dataset.runs = Number(this.element.dataset.runs ?? 0) + 1;
    }

    // the stored output stays in view until the first new one is there
    receive() {
      if (!this.fresh) return;
      this.fresh = false;
      this.output.replaceChildren();
      this.output.hidden = false;
      if (this.stored) this.stored.hidden = true;
      const fold = this.stored?.closest("details");
      if (fold && !fold.contains(this.output)) fold.open = true;
    }

    show(kind, data) {
      if (kind === "explorer" && this.keeps(data)) return void (this.kept = true);
      this.receive();
      if (kind === "stdout" || kind === "stderr") {
        let last = this.output.lastElementChild;
        if (last?.dataset.kind !== kind) {
          last = make("pre", { className: `live-text live-${kind}`, dataset: { kind } });
          this.output.append(last);
        }
        last.append(data);
      } else if (kind === "plain") {
        this.output.append(make("pre", { className: "live-text", textContent: data }));
      } else if (kind === "png") {
        const image = make("img", { src: `data:image/png;base64,${data}` });
        image.alt = "The figure that this cell draws";
        this.output.append(image);
      } else if (kind === "markdown") {
        this.output.append(...markdown(data));
      } else if (kind === "html") {
        this.output.append(...parsed(data));
      } else if (kind === "explorer") {
        const taken = document.getElementById(data), place = make("div");
        place.textContent = taken && `This page has a picture called ${data}. Give yours another name.`;
        this.output.append(place);
        if (!taken) adopt(data, place);
      }
    }

    end(wrong) {
      this.receive();
      // what can be scrolled can be reached by keys
      for (const each of [this.output, ...this.output.querySelectorAll("pre")]) {
        const more = each.scrollWidth > each.clientWidth || each.scrollHeight > each.clientHeight;
        if (more) each.tabIndex = 0;
        else each.removeAttribute("tabindex");
      }
      this.ended = true;
      this.failed = Boolean(wrong);
      if (this !== current) this.rest("");
      if (!this.output.childElementCount && !wrong) this.output.hidden = true;
      if (this.kept && this.stored) this.stored.hidden = false;
      this.kept = false;
      if (!wrong) return;
      this.element.classList.add("live-wrong");
      const where = wrong.line ? `Line ${wrong.line}: ` : "";
      const account = make("details", {}, make("summary", { textContent: "Where it happened" }),
        make("pre", { className: "live-text", textContent: wrong.traceback }));
      this.output.hidden = false;
      this.output.append(make("p", { className: "live-error" },
        make("strong", { textContent: where }), wrong.message), account);
      if (wrong.line && this.area) {
        const lines = this.area.value.split("\n");
        const from = lines.slice(0, wrong.line - 1).join("\n").length + (wrong.line > 1 ? 1 : 0);
        this.area.setSelectionRange(from, from + lines[wrong.line - 1].length);
      } else if (wrong.line) {
        markLine(this.pre, this.source, wrong.line);
      }
    }

    halt(why) {
      if (this.running) this.rest(why);
    }

    // The page's own figure stays. It asks for all that it shows once the cell's code has changed.
    keeps(name) {
      made.add(name);
      const figure = this.stored?.querySelector(`figure#${CSS.escape(name)}`);
      if (!figure) return false;
      const explorer = drawn(name);
      if (explorer && Boolean(explorer.changed) !== this.changed) {
        explorer.changed = this.changed;
        explorer.show();
      }
      return true;
    }

    // what the worker is asked for
    get request() {
      return { run: cellsToRun(this.id) };
    }

    outdate() {
      this.element.classList.add("live-stale");
      this.note.textContent = "A cell above has changed. Run again.";
    }
  }

  // A task's cell: it starts as the starter's stub, and runs on names of its own (live_runner.check).
  // Cells of the page that use what it defines get the book's.
  class Exercise extends Cell {
    static {
      this.prototype.verb = "Check";
    }

    constructor(element, about) {
      super(element, `exercise-${element.dataset.cell}`);
      this.about = about;
    }

    get request() {
      const { task, after } = this.about;
      const earlier = after ? `${cells.get(`exercise-${after}`).source}\n` : "";
      return { check: { id: this.id, source: earlier + this.source, task } };
    }

    show(kind, data) {
      if (kind !== "verdict") return super.show(kind, data);
      this.receive();
      const { passed, parts, notes } = data;
      const right = parts.filter((part) => part.right).length;
      const { task, practice } = this.about;
      const done = practice ? `Your code for ${task} is right. Now write the formula and your reasons.` : `${task} is right.`;
      const text = passed ? done : `${right} of ${parts.length} parts are right.`;
      const list = make("ul", { className: "live-parts" });
      const hints = parts.flatMap(({ messages }) => messages);
      for (const part of parts) {
        list.append(make("li", { className: part.right ? "live-right" : "live-wrong" },
          make("strong", { textContent: part.name }), part.right ? ": right" : ": not yet"));
      }
      this.output.append(make("p", { className: "live-verdict", textContent: text }), list);
      // one thing at a time
      const [first, ...more] = hints;
      if (first) this.output.append(make("p", { className: "live-hint", textContent: first }));
      if (more.length) {
        this.output.append(make("details", { className: "live-more" },
          make("summary", { textContent: more.length > 1 ? `${more.length} more hints` : "One more hint" }),
          ...more.map((hint) => make("p", { textContent: hint }))));
      }
      for (const note of notes) this.output.append(make("p", { textContent: `Note: ${note}` }));
      const exercise = document.getElementById(`ex-${task}`);
      if (passed && !practice) {
        const box = exercise?.querySelector(".exercise-done input");
        if (box && !box.checked) box.click();
      }
      // the nudges are about the formula
      if (parts.some((part) => !part.right && part.name !== "extremes")) this.output.append(...nudge(exercise));
    }
  }

  // A button that opens the next nudge below an exercise, if the reader has not opened all.
  function nudge(exercise) {
    let fold = exercise?.nextElementSibling;
    while (fold && !fold.matches("details.hint:not([open])")) {
      fold = fold.nextElementSibling?.matches(".exercise") ? null : fold.nextElementSibling;
    }
    if (!fold) return [];
    const summary = fold.querySelector("summary");
    const button = make("button", { type: "button" });
    button.textContent = `Open: ${summary.firstElementChild.textContent}`;
    button.addEventListener("click", () => {
      fold.open = true;
      summary.focus();
      button.remove();
    });
    return [make("div", { className: "live-bar" }, button)];
  }

  // A cell, and all that it may need; also those whose code the page does not show.
  const cellsToRun = (target) => ({
    target,
    again: true, // also if nothing has changed
    cells: runtime.cells.map(({ id, source }) => ({ id, source: cells.get(id)?.source ?? source })),
  });

  function markLine(pre, source, line) {
    const lines = source.split("\n");
    const marked = make("mark", { className: "live-line", textContent: lines[line - 1] });
    pre.replaceChildren(lines.slice(0, line - 1).map((each) => each + "\n").join(""), marked,
      "\n" + lines.slice(line).map((each) => each + "\n").join(""));
  }

  function parsed(html) {
    const shown = new DOMParser().parseFromString(html, "text/html").body;
    for (const script of shown.querySelectorAll("script")) script.remove();
    return shown.childNodes;
  }

  // What `source()` and tables of numbers need of Markdown.
  function markdown(text) {
    const parts = [];
    for (const block of text.split(/(```[a-z]*\n[\s\S]*?\n```|(?:^\|.*\|$\n?)+)/m)) {
      const code = block.match(/^```[a-z]*\n([\s\S]*)\n```$/);
      if (code) parts.push(make("pre", { className: "live-text", textContent: code[1] }));
      else if (block.startsWith("|")) {
        const rows = block.trim().split("\n").filter((row) => !/^\|[\s:|-]+\|$/.test(row));
        const table = make("table", { className: "table" });
        rows.forEach((row, i) => {
          const line = table.insertRow();
          for (const cell of row.slice(1, -1).split("|")) {
            line.append(make(i ? "td" : "th", { textContent: cell.trim().replaceAll("**", "") }));
          }
        });
        parts.push(table);
      } else if (block.trim()) parts.push(make("p", { textContent: block.trim() }));
    }
    return parts;
  }

  // ---- explorers of a reader's own ---------------------------------------------------------------

  // Python tells the page of a new one: its sliders, and what to draw first.
  async function adopt(name, place) {
    const answer = await request("compute", { name });
    if (!answer || answer.error) return void (place.textContent = answer?.error ?? "");
    place.innerHTML = answer;
    const [figure] = place.children, { view } = figure.dataset;
    if (!runtime.views[view]) return void (place.textContent = `There is no view called ${view}.`);
    const scripts = ["kit", view].map((each) => root() + runtime.views[each]);
    figure.dataset.scripts = scripts.join(" ");
    enliven(figure);
    drawn(name).changed = true; // nothing of it is stored
    drawn(name).openAxes();
  }

  // Python answers in order; the cell that makes the explorer is run first, where it has not been.
  function compute(name, values, file) {
    if (!worker) return { error: "Python was stopped. Run the cell again." };
    const target = runtime.explorers[name];
    const first = made.has(name) || !target ? null : { ...cellsToRun(target), again: false };
    made.add(name);
    return request("compute", { name, values: { ...values }, file, first });
  }

  // Ask the worker, which starts if need be, for something; null if it is stopped before it answers.
  function request(kind, what) {
    const call = ++calls;
    if (!worker) start();
    return new Promise((resolve) => {
      waiting.set(call, resolve);
      worker.postMessage({ [kind]: { ...what, call } });
    });
  }

  // ---- the worker -------------------------------------------------------------------------------

  const PHASES = { Python: "Python", numbers: "numpy", pictures: "matplotlib", more: "more fonts" };

  function start() {
    const base = new URL(runtime.base, document.baseURI).href;
    worker = new Worker(base + runtime.worker, { type: "module" });
    worker.onmessage = ({ data }) => receive(data);
    worker.onerror = () => broken("This browser or its settings do not let Python start here.");
    worker.postMessage({ start: { base, runtime } });
    bytes = 0;
    document.dispatchEvent(new CustomEvent("bookpython"));
    // a policy that forbids WebAssembly makes no error, only silence
    start.watch = setTimeout(() => ready || bytes > 1e6 || broken(
      "Python did not start. Perhaps the site's policy or the network stands in the way."), 60000);
  }

  function broken(why) {
    halt(why);
    status(why);
  }

  function receive(data) {
    if (data.loading) {
      bytes += data.bytes;
      const size = bytes ? `, ${(bytes / 1e6).toFixed(1)} MB` : "";
      const before = data.loading === "pictures" ? runtime.sizes.numbers : NaN; // what Python itself takes is not told
      status(`Loading ${PHASES[data.loading]}${size}`, (bytes - before) / runtime.sizes.pictures);
    } else if (data.ready) {
      ready = true;
      clearTimeout(start.watch);
      status("Python is ready");
      unkept = true;
      document.dispatchEvent(new CustomEvent("bookpython"));
    } else if (data.begin) cells.get(data.begin)?.begin();
    else if (data.output) cells.get(data.output)?.show(data.kind, data.data);
    else if (data.end) {
      if (data.end === "imports" && data.wrong) current?.end(data.wrong);
      cells.get(data.end)?.end(data.wrong);
    } else if (data.stale) {
      for (const id of data.stale) cells.get(id)?.outdate();
    } else if ("idle" in data) {
      arrived();
    } else if (data.computed) {
      if (data.error) made.delete(data.computed);
      if (!current) status("");
      waiting.get(data.call)?.(data.result ?? { error: data.error });
      waiting.delete(data.call);
    } else if (data.broken) broken(data.broken);
    // not before there is something to see: what is kept is loaded, too
    if (unkept && ("idle" in data || data.computed)) {
      unkept = false;
      keepForOffline();
    }
  }

  let current = null; // the cell that a reader has asked for, while it and what it needs run
  const queue = []; // and those asked for meanwhile

  function runCells(cell) {
    if (cell.running) return;
    if (location.protocol === "file:") {
      // browsers let no worker start from a disk
      cell.note.textContent =
        "From a disk, Python cannot start. Run serve.py, which lies beside the book, or open the book on the web.";
      return;
    }
    queue.push(cell);
    cell.start(ready ? "" : "Starting Python");
    advance();
  }

  function advance() {
    if (current || !queue.length) return;
    current = queue.shift();
    if (!worker) start();
    worker.postMessage(current.request);
  }

  // What was asked for has run, or could not.
  function arrived() {
    const { ended, failed } = current;
    current.rest(ended ? "" : "A cell that this one needs went wrong.");
    current = null;
    if (failed || !ended) for (const each of queue.splice(0)) each.rest("");
    status(queue.length ? `${queue.length} more to run` : "");
    advance();
  }

  function halt(why) {
    worker?.terminate();
    worker = current = null;
    ready = false;
    queue.length = 0;
    for (const resolve of waiting.values()) resolve(null);
    waiting.clear();
    made.clear();
    for (const cell of cells.values()) cell.halt(why);
    document.dispatchEvent(new CustomEvent("bookpython"));
  }

  function stop() {
    halt("Stopped. All variables are gone: Run also runs what this cell needs.");
    status("Stopped. Python starts again with the next Run.");
  }

  function runAll() {
    for (const cell of cells.values()) if (!cell.about) runCells(cell);
  }

  // `done` says how much of what is loaded is there: a share, or NaN where that is not known.
  function status(text, done) {
    bar.textContent = text;
    document.dispatchEvent(new CustomEvent("bookstatus", { detail: { text, done } }));
  }

  // ---- without network --------------------------------------------------------------------------

  // What this page uses is kept for a visit without network (book_extensions/page/offline.js), from
  // the first Run on; a button clears it.
  async function keepForOffline() {
    if (!navigator.serviceWorker || !globalThis.isSecureContext) return;
    try {
      const { active } = await navigator.serviceWorker.register(`${root()}offline.js`)
        .then(() => navigator.serviceWorker.ready);
      const { worker: main, core, stdlib, numbers, pictures } = runtime;
      const loads = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm"].map((name) => `${core}/${name}`);
      const python = [main, ...loads, stdlib, ...numbers, ...pictures]
        .map((name) => new URL(runtime.base + name, document.baseURI).href);
      const loaded = [location.href.split("#")[0],
        ...performance.getEntriesByType("resource").map(({ name }) => name)];
      const channel = new MessageChannel();
      channel.port1.onmessage = ({ data }) => data.kept && offerClearing();
      active.postMessage({ loaded, python }, [channel.port2]);
    } catch { /* no room or no permission: the page works with network */ }
  }

  const root = () => new URL(`${runtime.base}../`, document.baseURI).href;

  function offerClearing() {
    if (document.getElementById("live-clear")) return;
    const clear = make("button", { type: "button", id: "live-clear", textContent: "Clear offline copy" });
    clear.title = "This browser keeps the pages that you run, and works without network. This removes them.";
    clear.addEventListener("click", async () => {
      await (await navigator.serviceWorker.getRegistration(root()))?.unregister();
      await caches.delete(`book ${root()}`);
      clear.remove();
      status("The offline copy is gone.");
    });
    bar.before(clear);
  }

  // ---- the page ---------------------------------------------------------------------------------

  function save(name, type, text) {
    const link = make("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
    link.click();
    URL.revokeObjectURL(link.href);
  }

  function saveNotebook() {
    const notebook = { cells: [...cells.values()].map(({ element, source }) => ({
      cell_type: "code", execution_count: null, id: element.dataset.cell, metadata: {}, outputs: [],
      source: source.split(/(?<=\n)/),
    })), metadata: { language_info: { name: "python" } }, nbformat: 4, nbformat_minor: 5 };
    save(`${page}.ipynb`, "application/json", JSON.stringify(notebook, null, 1));
  }

  // The file to hand in: the starter's, with the reader's own cells where they belong.
  function saveFile(name) {
    const mine = new Map([...cells.values()].filter((cell) => cell.about).map((cell) => [cell.about.task, cell]));
    const parts = runtime.files[name];
    save(name, "text/x-python", parts.map(({ task, text }) => text ?? `${mine.get(task).source.trimEnd()}\n`).join(""));
    const asked = parts.flatMap(({ task }) => task ? [mine.get(task)] : []);
    const open = asked.filter((cell) => !cell.changed), broken = asked.filter((cell) => cell.failed);
    const labels = (some) => some.map((cell) => cell.about.task).sort().join(", ");
    status([`Saved ${name}.`, open.length && `Not written yet: ${labels(open)}.`,
      broken.length && `Stops with an error: ${labels(broken)}.`].filter(Boolean).join(" "));
  }

  if (runtime && "noModule" in HTMLScriptElement.prototype) {
    for (const element of document.querySelectorAll(".cell[data-cell]")) {
      if (element.querySelector(".cell_input pre")) {
        const about = runtime.exercises[element.dataset.cell];
        const cell = about ? new Exercise(element, about) : new Cell(element);
        cells.set(cell.id, cell);
      }
    }
    navigator.serviceWorker?.getRegistration(root()).then((kept) => kept && offerClearing(), () => {});
    bar = make("span", { className: "live-status", role: "status" });
    const all = make("button", { type: "button", textContent: "Run all" });
    const notebook = make("button", { type: "button", textContent: "Save as notebook" });
    const files = Object.keys(runtime.files).map((name) => {
      const button = make("button", { type: "button", textContent: `Save ${name}` });
      button.title = "The file to hand in, with your own cells";
      button.addEventListener("click", () => saveFile(name));
      return button;
    });
    const reset = make("button", { type: "button", textContent: "Reset all" });
    all.addEventListener("click", runAll);
    notebook.addEventListener("click", saveNotebook);
    reset.addEventListener("click", () => cells.forEach((cell) => cell.changed && cell.restore()));
    cells.values().next().value?.element.before(
      make("div", { className: "live-bar live-page" }, all, notebook, ...files, reset, bar));
    globalThis.bookPython = {
      get status() { return ready ? "ready" : worker ? "loading" : "off"; },
      start: () => worker || start(),
      runs: (name) => location.protocol !== "file:" && name in runtime.explorers,
      compute,
    };
  }
}
