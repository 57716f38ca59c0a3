// A photograph in k colors: a wipe between the original and its copy, the palette by its shares, and
// the pixels as points of the cube of all colors. A photo of the reader's own is clustered here;
// tests/hwlib/test_scenes.py holds that equal to hwlib.kmeans.
import { bar, button, chance, choice, chooser, clamp, color, dropping, fixed, h, handle, picture, px, range, report, rounded, scene, where, words } from "./kit.js";

// ---- bytes ----------------------------------------------------------------------------------

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function decode(text) {
  const bytes = new Uint8Array(Math.floor((text.replace(/=+$/, "").length * 3) / 4));
  for (let i = 0, at = 0; at < bytes.length; i += 4) {
    const four = range(4).reduce((sum, j) => sum * 64 + Math.max(0, DIGITS.indexOf(text[i + j])), 0);
    for (const shift of [16, 8, 0]) if (at < bytes.length) bytes[at++] = four >> shift;
  }
  return bytes;
}

function encode(bytes) {
  const parts = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const three = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const four = [18, 12, 6, 0].map((shift) => DIGITS[(three >> shift) & 63]).join("");
    const there = Math.min(3, bytes.length - i);
    parts.push(four.slice(0, there + 1), "=".repeat(3 - there));
  }
  return parts.join("");
}

// A picture as the address of a BMP file: no compressor, so the same bytes everywhere. `levels` are
// indices of a palette, or without one, three for each pixel.
function bitmap([width, height], levels, palette) {
  const bits = !palette ? 24 : palette.length > 16 ? 8 : 4, row = Math.ceil((width * bits) / 32) * 4;
  const start = 54 + (palette ? 4 * 2 ** bits : 0), bytes = new Uint8Array(start + row * height), view = new DataView(bytes.buffer);
  bytes.set([66, 77]);
  [[2, bytes.length], [10, start], [14, 40], [18, width], [22, height]].forEach(([at, value]) => view.setUint32(at, value, true));
  bytes[26] = 1;
  bytes[28] = bits;
  palette?.forEach(([r, g, b], c) => bytes.set([b, g, r], 54 + 4 * c));
  for (let y = 0; y < height; y += 1) {
    const at = start + row * (height - 1 - y); // from the lowest row up
    for (let x = 0; x < width; x += 1) {
      const i = y * width + x;
      if (bits === 24) bytes.set([levels[3 * i + 2], levels[3 * i + 1], levels[3 * i]], at + 3 * x);
      else if (bits === 8) bytes[at + x] = levels[i];
      else bytes[at + (x >> 1)] |= levels[i] << (x % 2 ? 0 : 4);
    }
  }
  return `data:image/bmp;base64,${encode(bytes)}`;
}

// A picture of few colors as a PNG file, with its palette and as few bits for a pixel as they need.
// `lines` are its rows, each an array of indices.
async function png([width, height], lines, palette) {
  const bits = [1, 2, 4, 8].find((each) => palette.length <= 2 ** each), row = 1 + Math.ceil((width * bits) / 8);
  const raw = new Uint8Array(row * height); // each row begins with a 0: no filter
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) raw[y * row + 1 + ((x * bits) >> 3)] |= lines[y][x] << (8 - bits - ((x * bits) & 7));
  }
  const zipped = new Response(new Blob([raw]).stream().pipeThrough(new CompressionStream("deflate")));
  const header = new DataView(new ArrayBuffer(13));
  [width, height].forEach((value, i) => header.setUint32(4 * i, value));
  header.setUint8(8, bits);
  header.setUint8(9, 3); // colors from a palette
  const parts = [["IHDR", header.buffer], ["PLTE", Uint8Array.from(palette.flat())], ["IDAT", await zipped.arrayBuffer()], ["IEND", []]];
  return new Blob([Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10), ...parts.map((part) => chunk(...part))], { type: "image/png" });
}

function chunk(name, content) {
  const data = new Uint8Array(content), bytes = new Uint8Array(12 + data.length), view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set([...name].map((sign) => sign.charCodeAt(0)), 4);
  bytes.set(data, 8);
  let sum = -1; // the check sum of zip, bit by bit
  for (let i = 4; i < 8 + data.length; i += 1) {
    sum ^= bytes[i];
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  view.setInt32(8 + data.length, ~sum);
  return bytes;
}

// ---- k-means on pixels ----------------------------------------------------------------------

// The nearest color of each pixel; of equally near ones, the first.
function nearest(pixels, colors) {
  const z = new Uint8Array(pixels.length / 3), flat = Float64Array.from(colors.flat());
  for (let i = 0; i < z.length; i += 1) {
    const r = pixels[3 * i], g = pixels[3 * i + 1], b = pixels[3 * i + 2];
    let least = Infinity;
    for (let c = 0; c < colors.length; c += 1) {
      const distance = (r - flat[3 * c]) ** 2 + (g - flat[3 * c + 1]) ** 2 + (b - flat[3 * c + 2]) ** 2;
      if (distance < least) [least, z[i]] = [distance, c];
    }
  }
  return z;
}

const STEPS = 100; // enough for a picture; the last ones change single pixels

// The colors after each step.
function* steps(pixels, start) {
  let colors = start, z = nearest(pixels, colors);
  for (let step = 0; step < STEPS; step += 1) {
    const sums = colors.map(() => [0, 0, 0, 0]);
    z.forEach((c, i) => range(4).forEach((j) => { sums[c][j] += j < 3 ? pixels[3 * i + j] : 1; }));
    colors = colors.map((mu, c) => (sums[c][3] ? [0, 1, 2].map((j) => sums[c][j] / sums[c][3]) : mu));
    const before = z;
    z = nearest(pixels, colors);
    if (z.every((c, i) => c === before[i])) break;
    yield colors;
  }
  return colors;
}

function lloyd(pixels, start) {
  const run = steps(pixels, start);
  for (let next = run.next(); ; next = run.next()) if (next.done) return next.value;
}

// The different colors, and how many pixels have each.
function counted(pixels) {
  const counts = new Map();
  for (let i = 0; i < pixels.length; i += 3) {
    const code = (pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2];
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  const codes = [...counts.keys()].sort((a, b) => a - b);
  return [codes.map((code) => [code >> 16, (code >> 8) & 255, code & 255]), codes.map((code) => counts.get(code))];
}

// k colors to start from, drawn by k-means++: a rare color far from the others is not missed, as it
// is by k random pixels of a drawing. All colors, if there are at most k.
function drawn(pixels, k, seed) {
  const [colors, counts] = counted(pixels), random = chance(seed), found = [];
  if (colors.length <= k) return colors;
  const squares = colors.map(() => 1);
  while (found.length < k) {
    const shares = squares.map((square, i) => square * counts[i]);
    let left = random() * shares.reduce((sum, share) => sum + share, 0);
    const at = shares.findIndex((share) => share > 0 && (left -= share) <= 0);
    found.push(colors[at < 0 ? shares.findLastIndex((share) => share > 0) : at]);
    colors.forEach((color, i) => {
      const square = color.reduce((sum, level, j) => sum + (level - found.at(-1)[j]) ** 2, 0);
      squares[i] = found.length > 1 ? Math.min(squares[i], square) : square;
    });
  }
  return found;
}

// The palette of a photo as Python gives it: whole levels, the most frequent color first.
function palette(pixels, found) {
  const colors = found.map((mu) => mu.map((level) => rounded(level, 0)));
  const counts = colors.map(() => 0), n = pixels.length / 3;
  nearest(pixels, colors).forEach((c) => { counts[c] += 1; });
  const order = range(colors.length).sort((a, b) => counts[b] - counts[a] || a - b);
  return { colors: order.map((c) => colors[c]), shares: order.map((c) => counts[c] / n) };
}

// ---- a photo of the reader's own ------------------------------------------------------------

const PIXELS = 40000; // as many as are seen
const SAVED = 24e6; // as many as a browser holds without trouble

// The size with at most so many pixels.
function within({ width, height }, most) {
  const scale = Math.min(1, Math.sqrt(most / (width * height)));
  return [width, height].map((side) => Math.max(1, Math.round(side * scale)));
}

const WAY_OUT = "Save it as PNG or JPEG and try again.";
const HEIC = /^....ftyp(hei[cxms]|hev[cxms]|mif1|msf1)/s;

// What a file is that this browser cannot open: the sentences of hwlib.picture_files.
function named(bytes) {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""), head = text.replace(/^(\xef\xbb\xbf|[ \t\r\n])+/, "").toLowerCase();
  const page = /^<(!doctype html|html)/.test(head);
  if (!text) return "it is empty.";
  if (head.startsWith("%pdf")) return `it is a PDF document. Take a screenshot of the page, or export it. ${WAY_OUT}`;
  if (head.startsWith("%!ps")) return `it is a PostScript drawing, which has no pixels yet. Export it. ${WAY_OUT}`;
  if (head.startsWith("<") && head.includes("<svg") && !page) return `it is an SVG drawing, which has no pixels yet. Export it. ${WAY_OUT}`;
  if (page) return "it is a web page, not the picture on it. Save the picture itself.";
  if (HEIC.test(text)) return "it is a HEIC photo, which this browser cannot read. On a phone, share it as JPEG, or set the camera's format to the most compatible one.";
  return `it is not a picture that this browser can read, or it is damaged. ${WAY_OUT}`;
}

// Some rows of an image of this size, on white: three levels for each pixel.
function levels(image, [width, height], from = 0, rows = height) {
  const context = Object.assign(document.createElement("canvas"), { width, height: rows }).getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, width, rows);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, -from, width, height);
  const { data } = context.getImageData(0, 0, width, rows), pixels = new Uint8Array((3 * data.length) / 4);
  for (let i = 0, j = 0; i < data.length; i += 4, j += 3) pixels.set([data[i], data[i + 1], data[i + 2]], j);
  return pixels;
}

async function take(stage, file) {
  if (!file) return;
  stage.change({ work: { text: `Reading ${file.name}`, done: NaN }, trouble: null, saved: null });
  try {
    const image = await createImageBitmap(file), size = within(image, PIXELS);
    const photo = { file, from: [image.width, image.height], size, pixels: levels(image, size) };
    photo.tell = () => stage.own.photo === photo && stage.change({}); // it is clustered step by step
    image.close();
    stage.change({ photo, seed: 1, work: null });
  } catch {
    const bytes = await file.slice(0, 65536).arrayBuffer().catch(() => null); // a folder has none
    stage.change({ trouble: `${file.name}: ${bytes ? named(new Uint8Array(bytes)) : "it cannot be read."}`, work: null });
  }
}

const rest = () => new Promise((done) => setTimeout(done)); // the page may draw, the reader may act
const SLICE = 40; // ms

// A run of k-means on a reader's photo, in slices. It ends when another k or start is asked for.
function clustered(photo, k, seed) {
  const start = drawn(photo.pixels, k, seed), run = { done: false, step: 0, ...palette(photo.pixels, start) };
  const work = async () => {
    const each = steps(photo.pixels, start);
    for (let next = {}; !next.done; run.step += 1) {
      const began = performance.now();
      if (photo.run !== run) return void (run.dropped = true);
      while (!next.done && performance.now() - began < SLICE) next = each.next();
      Object.assign(run, palette(photo.pixels, next.value), { done: next.done });
      photo.tell();
      await rest();
    }
  };
  setTimeout(work);
  return run;
}

// The photo in its colors, at its own size, as a file to keep.
async function save(stage, photo, colors) {
  const { key } = photo;
  const say = (work) => stage.change({ work, saved: null });
  const lines = [], k = colors.length, name = `${photo.file.name.replace(/\.[^.]*$/, "") || "photo"}-${k}-colors.png`;
  say({ text: `Making ${name}`, done: 0 });
  const image = await createImageBitmap(photo.file), [width, height] = within(image, SAVED);
  const rows = Math.max(1, Math.round(500_000 / width / k));
  for (let y = 0; y < height; y += rows) {
    const some = Math.min(rows, height - y), z = nearest(levels(image, [width, height], y, some), colors);
    for (let i = 0; i < some; i += 1) lines.push(z.subarray(i * width, (i + 1) * width));
    say({ text: `Making ${name}`, done: y / height });
    await rest();
  }
  image.close();
  const file = await png([width, height], lines, colors), href = URL.createObjectURL(file);
  Object.assign(document.createElement("a"), { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
  const size = file.size < 1e5 ? `${fixed(file.size / 1e3, 1)} kB` : `${fixed(file.size / 1e6, 2)} MB`;
  const less = width < photo.from[0] ? `, reduced to ${width} × ${height} pixels` : "";
  stage.change({ work: null, saved: { of: key, text: `Saved ${name}: ${k} colors, ${size}${less}.` } });
}

// ---- what is seen ---------------------------------------------------------------------------

// The last few results of a function, by its arguments.
function remember(make, few = 8) {
  const kept = [];
  return (...key) => {
    let found = kept.find(([each]) => each.every((part, i) => part === key[i]));
    if (!found) kept.unshift((found = [key, make(...key)]));
    kept.length = Math.min(kept.length, few);
    return found[1];
  };
}

const ofBook = remember((text, width, height) => ({ size: [width, height], pixels: decode(text) }), 2);
const ofReader = remember(clustered);
const original = remember((photo) => bitmap(photo.size, photo.pixels), 2);
const copy = remember((photo, colors) => {
  const { size, pixels } = photo, z = nearest(pixels, colors), errors = new Uint8Array(pixels.length);
  let loss = 0;
  z.forEach((c, i) => {
    const squares = [0, 1, 2].reduce((sum, j) => sum + (pixels[3 * i + j] - colors[c][j]) ** 2, 0);
    loss += squares;
    errors.fill(Math.min(255, Math.round(2 * Math.sqrt(squares))), 3 * i, 3 * i + 3);
  });
  return { z, loss, off: Math.sqrt(loss / pixels.length), painted: bitmap(size, z, colors), error: () => bitmap(size, errors) };
});
const wrong = remember((made) => made.error());

// Every second pixel of every second row, for stills: they stand in a page of text, which should not
// wait for them.
function halved({ size: [width, height], pixels }) {
  const size = [width, height].map((side) => side >> 1), few = new Uint8Array(3 * size[0] * size[1]);
  for (let i = 0; i < few.length / 3; i += 1) {
    const from = 3 * (2 * Math.floor(i / size[0]) * width + 2 * (i % size[0]));
    few.set(pixels.subarray(from, from + 3), 3 * i);
  }
  return { size, pixels: few };
}

const START = { wipe: 0.5, turn: [-0.6, 0.35], shown: "colors" };

function look(state, values, own) {
  if (state.palettes) return { photo: ofBook(state.photo, ...state.size), palettes: state.palettes };
  const photo = own.photo ?? ofBook(state.photo, ...state.size);
  let run = state;
  if (own.photo) {
    const key = `${values.k} ${own.seed}`;
    if (photo.key !== key || photo.run.dropped) {
      run = ofReader(photo, values.k, own.seed);
      if (run.dropped) run = clustered(photo, values.k, own.seed); // it was ended on the way
      Object.assign(photo, { key, run });
    }
    ({ run } = photo);
  }
  const { colors, shares } = run, seen = { ...START, ...own, photo, colors, shares, mine: Boolean(own.photo) };
  if (!own.photo) return seen;
  if (!run.done) seen.work ??= { text: `Finding ${values.k} colors`, done: Math.min(run.step / 20, 0.95) };
  const [size, from] = [photo.size, photo.from].map((each) => each.join(" × ")), few = colors.length;
  const bits = rounded(Math.log2(few), 2), { off, loss } = copy(photo, colors);
  const which = size === from ? `at ${size} pixels` : `of ${from} pixels, reduced to ${size}`;
  const what = few < values.k && size === from
    ? ` has ${few} ${few === 1 ? "color" : "colors"}. With k = ${values.k}, nothing is lost.`
    : `, k = ${few}: a channel is typically off by ${fixed(off, 0)} of 255 levels, loss ${fixed(loss / 1e6, 1)} million.`;
  return {
    ...seen, ready: run.done,
    caption: `Your photo ${which}${what} It takes ${bits} ${bits === 1 ? "bit" : "bits"} per pixel. The photo stays on this device.`,
  };
}

const GAP = 8;

// Copies in several palettes: in one row, or in two where that is narrow.
function row(photo, palettes, stage) {
  const [w, tall] = photo.size, columns = Math.ceil(palettes.length / (stage.narrow ? 2 : 1));
  const wide = (stage.width - GAP * (columns - 1)) / columns, high = (wide / w) * tall;
  const rows = Math.ceil(palettes.length / columns);
  return picture(stage.width, rows * (high + 26), "The photograph in several palettes", { class: "photograph" }, palettes.map((colors, i) => {
    const x = (i % columns) * (wide + GAP), y = Math.floor(i / columns) * (high + 26);
    return h("g", {},
      h("image", { href: copy(photo, colors).painted, x: px(x), y: px(y), width: px(wide), height: px(high), class: "pixels" }),
      words(x + wide / 2, y + high + 17, `k = ${colors.length}`, { "text-anchor": "middle" }));
  }));
}

function draw(seen, stage) {
  const photo = stage.still ? halved(seen.photo) : seen.photo;
  if (seen.palettes) return row(photo, seen.palettes, stage);
  const { colors, shares, wipe, shown, mine } = seen, { width, narrow } = stage, [w, tall] = photo.size;
  const made = copy(photo, colors), error = shown === "error";
  const scale = narrow ? Math.min(width / w, 1.35 * width / tall) : Math.min(0.45 * width / w, 450 / tall);
  const wide = Math.round(w * scale), high = Math.round(tall * scale);
  const image = (href, key) => h("image", { key, href, width: wide, height: high, preserveAspectRatio: "none", class: "pixels" });
  const side = narrow ? Math.min(width, 340) : Math.min(width - wide - 24, Math.max(high, 300), 420), room = narrow ? high : Math.max(high, side);
  const cube = narrow ? { x: width / 2, y: high + 74 + side / 2 } : { x: wide + 24 + (width - wide - 24) / 2, y: room / 2 };
  const strip = room + (narrow ? 12 : 14), bottom = narrow ? high + 74 + side : strip + 50;
  const cut = Math.round(clamp(wipe, 0, 1) * wide), move = ([to]) => stage.change({ wipe: rounded(clamp(to / wide, 0, 1), 3) });

  const legend = error
    ? `Black: no error. White: ${narrow ? "128 levels." : "off by 128 levels or more."}`
    : narrow ? "Width: share of the pixels." : "Each color is as wide as its share of the pixels.";
  let at = 0;
  const swatches = colors.map((each, c) => {
    const from = at * width;
    at += shares[c];
    return h("rect", { class: "swatch", x: px(from), y: strip, width: px(Math.max(0, at * width - from)), height: 26, fill: css(each) },
      h("title", {}, `${css(each)}: ${fixed(100 * shares[c], 1)}% of the pixels`));
  });

  return [
    bar(
      choice(stage, "What the right part shows", [["colors", "k colors"], ["error", "error"]], shown, (to) => stage.change({ shown: to })),
      chooser("Your own photo", (file) => take(stage, file), { accept: "image/*", title: "Or drop one on the picture, or paste one. It stays on this device." }),
      !stage.still && matchMedia("(pointer: coarse)").matches &&
        chooser("Take a photo", (file) => take(stage, file), { accept: "image/*", capture: "environment" }),
      mine && button("New start", () => stage.change({ seed: seen.seed + 1, saved: null }), { title: "Run again from other pixels" }),
      mine && button("Save the copy", () => save(stage, photo, colors).catch(() => stage.change({ work: null, trouble: "This browser has no room for the whole picture. Try a smaller one." })), {
        disabled: !seen.ready || Boolean(seen.work), title: "A PNG file with these colors, at the size of your photo",
      }),
      button("Undo", () => stage.reset(), { disabled: Object.keys(stage.own).length === 0 }),
    ),
    h("div", {}, report(seen.work ?? (seen.trouble ? { text: seen.trouble, wrong: true }
      : { text: seen.saved?.of === photo.key && mine ? seen.saved.text : (mine ? "" : "You can also drop or paste a photo. It stays on this device.") }))),
    picture(width, bottom, "The photograph and its colors", { class: "photograph", ...dropping((file) => take(stage, file)) },
      image(error ? wrong(made) : made.painted, shown),
      h("svg", { width: stage.still ? 0 : cut, height: high, viewBox: `0 0 ${Math.max(cut, 1)} ${high}`, class: "window", preserveAspectRatio: "xMinYMin slice" },
        !stage.still && image(original(photo), "original")),
      h("g", {}, swatches),
      h("rect", { x: 0, y: strip, width, height: 26, class: "frame" }),
      words(0, strip + 43, legend, { class: "faint" }),
      solid(seen, stage, cube, side, made),
      handle(stage, {
        at: [cut, high / 2], label: "border between the original and its copy", spoken: `${Math.round(100 * wipe)}% original`,
        now: wipe, move, step: wide / 40, reach: 24,
      },
      !stage.still && [
        h("path", { class: "wipe", d: `M0 ${-high / 2}v${high}` }),
        h("circle", { class: "wipe", r: 11 }),
        h("path", { class: "arrows", d: "M-3 -4l-4 4l4 4M3 -4l4 4l-4 4" }),
      ])),
  ];
}

const css = ([r, g, b]) => `rgb(${r},${g},${b})`;

// The cube of all colors, turned by hand: some of the pixels, and the k colors.
function solid({ photo, colors, shares, turn }, stage, { x, y }, side) {
  const [a, b] = turn, size = side / 1.8;
  const place = ([red, green, blue]) => {
    const [u, v, w] = [red, green, blue].map((level) => level / 255 - 0.5);
    const near = w * Math.cos(a) - u * Math.sin(a);
    return [x + size * (u * Math.cos(a) + w * Math.sin(a)), y - size * (v * Math.cos(b) - near * Math.sin(b)), near * Math.cos(b) + v * Math.sin(b)];
  };
  const corners = range(8).map((i) => [i & 1, i & 2, i & 4].map((bit) => (bit ? 255 : 0)));
  const edges = range(8).flatMap((i) => [1, 2, 4].filter((bit) => !(i & bit)).map((bit) => [corners[i], corners[i | bit]]));
  const n = photo.pixels.length / 3, few = Math.max(1, Math.round(n / (stage.still ? 100 : 900)));
  const dots = range(Math.floor(n / few)).map((i) => {
    const level = [...photo.pixels.subarray(3 * i * few, 3 * i * few + 3)];
    return [place(level), level, 2.6];
  });
  const centroids = colors.map((each, c) => [place(each), each, 5 + 16 * Math.sqrt(shares[c])]);
  const all = [...dots, ...centroids].sort(([p], [q]) => p[2] - q[2]);
  const names = [["red", [292, 0, 0]], ["green", [0, 280, 0]], ["blue", [0, 0, 292]]];
  let last = null;
  return handle(stage, {
    at: [x, y], label: "cube of colors", reach: side / 2, now: a,
    spoken: `turned by ${Math.round((a * 180) / Math.PI)}°, tilted by ${Math.round((b * 180) / Math.PI)}°`,
    grab: (event) => { stage.from = event ? where(event) : [x, y]; },
    move: (to) => {
      last = stage.from;
      stage.from = to;
      stage.change({ turn: [a + (to[0] - last[0]) / 80, clamp(b + (to[1] - last[1]) / 80, -1.5, 1.5)].map((angle) => rounded(angle, 3)) });
    },
    step: 8,
  }, h("g", { transform: `translate(${px(-x)},${px(-y)})`, class: "passive" },
    h("g", { class: "axis" }, edges.map(([from, to]) => h("path", { d: `M${place(from).slice(0, 2).map(px).join(" ")}L${place(to).slice(0, 2).map(px).join(" ")}` }))),
    h("g", { class: "colors" }, all.map(([[cx, cy], level, r]) => h("circle", { cx: px(cx), cy: px(cy), r: px(r), fill: css(level), class: r > 3 ? "centroid" : "pixel" }))),
    names.map(([name, end]) => {
      const [nx, ny] = place(end);
      return words(nx, ny + 4, name, { "text-anchor": "middle", class: "halo-paper" });
    })));
}

export default { ...scene({ look, draw, keeps: ["k", "seed"], pasted: take }), decode, bitmap, nearest, lloyd, drawn, palette, named };
