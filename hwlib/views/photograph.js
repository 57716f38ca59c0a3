// A photograph in k colors: a wipe between the original and its copy, the palette by its shares, and
// the pixels as points of the cube of all colors. A photo of the reader's own is clustered here;
// tests/hwlib/test_scenes.py holds that equal to hwlib.kmeans.
import { bar, button, chance, choice, clamp, color, fixed, h, handle, picture, px, range, rounded, scene, where, words } from "./kit.js";

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

function lloyd(pixels, start) {
  let colors = start, z = nearest(pixels, colors);
  for (let step = 0; step < STEPS; step += 1) {
    const sums = colors.map(() => [0, 0, 0, 0]);
    z.forEach((c, i) => range(4).forEach((j) => { sums[c][j] += j < 3 ? pixels[3 * i + j] : 1; }));
    colors = colors.map((mu, c) => (sums[c][3] ? [0, 1, 2].map((j) => sums[c][j] / sums[c][3]) : mu));
    const before = z;
    z = nearest(pixels, colors);
    if (z.every((c, i) => c === before[i])) break;
  }
  return colors;
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
function palette(pixels, k, seed) {
  const colors = lloyd(pixels, drawn(pixels, k, seed)).map((mu) => mu.map((level) => rounded(level, 0)));
  const counts = colors.map(() => 0), n = pixels.length / 3;
  nearest(pixels, colors).forEach((c) => { counts[c] += 1; });
  const order = range(colors.length).sort((a, b) => counts[b] - counts[a] || a - b);
  return { colors: order.map((c) => colors[c]), shares: order.map((c) => counts[c] / n) };
}

// ---- a photo of the reader's own ------------------------------------------------------------

const PIXELS = 40000; // as many as are seen

async function opened(file) {
  const image = await createImageBitmap(file), scale = Math.min(1, Math.sqrt(PIXELS / (image.width * image.height)));
  const width = Math.max(1, Math.round(image.width * scale)), height = Math.max(1, Math.round(image.height * scale));
  const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return { size: [width, height], pixels: Uint8Array.from({ length: 3 * width * height }, (_, i) => data[Math.floor(i / 3) * 4 + (i % 3)]) };
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

function take(stage, file) {
  if (!file) return;
  opened(file).then(
    (photo) => stage.change({ photo, seed: 1, trouble: null }),
    async () => {
      const bytes = await file.slice(0, 65536).arrayBuffer().catch(() => null); // a folder has none
      stage.change({ trouble: `${file.name}: ${bytes ? named(new Uint8Array(bytes)) : "it cannot be read."}` });
    },
  );
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
const ofReader = remember((photo, k, seed) => palette(photo.pixels, k, seed));
const original = remember((photo) => bitmap(photo.size, photo.pixels), 2);
const copy = remember((photo, colors) => {
  const { size, pixels } = photo, z = nearest(pixels, colors), errors = new Uint8Array(pixels.length);
  let loss = 0;
  z.forEach((c, i) => {
    const squares = [0, 1, 2].reduce((sum, j) => sum + (pixels[3 * i + j] - colors[c][j]) ** 2, 0);
    loss += squares;
    errors.fill(Math.min(255, Math.round(2 * Math.sqrt(squares))), 3 * i, 3 * i + 3);
  });
  return { z, off: Math.sqrt(loss / pixels.length), painted: bitmap(size, z, colors), error: () => bitmap(size, errors) };
});
const wrong = remember((made) => made.error());

const START = { wipe: 0.5, turn: [-0.6, 0.35], shown: "colors" };

function look(state, values, own) {
  const photo = own.photo ?? ofBook(state.photo, ...state.size);
  const { colors, shares } = own.photo ? ofReader(photo, values.k, own.seed) : state;
  const seen = { ...START, ...own, photo, colors, shares, mine: Boolean(own.photo) };
  if (own.trouble) return { ...seen, caption: own.trouble };
  if (!own.photo) return seen;
  const bits = rounded(Math.log2(colors.length), 2), { off } = copy(photo, colors), few = colors.length;
  const what = few < values.k
    ? ` has ${few} ${few === 1 ? "color" : "colors"}: with k = ${values.k}, nothing is lost.`
    : `, k = ${values.k}: a channel is typically off by ${fixed(off, 0)} of 255 levels.`;
  return {
    ...seen,
    caption: `Your photo at ${photo.size.join(" × ")} pixels${what} ` +
      `It takes ${bits} ${bits === 1 ? "bit" : "bits"} per pixel. The photo stays in this browser.`,
  };
}

function draw(seen, stage) {
  const { photo, colors, shares, wipe, shown, mine } = seen, { width, narrow } = stage, [w, tall] = photo.size;
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
      h("label", { class: "explorer-file" }, h("input", { type: "file", accept: "image/*", onchange: (event) => take(stage, event.target.files[0]) }), h("span", {}, "Your own photo")),
      mine && button("New start", () => stage.change({ seed: seen.seed + 1 }), { title: "Run again from other pixels" }),
      button("Undo", () => stage.reset(), { disabled: Object.keys(stage.own).length === 0 }),
    ),
    picture(width, bottom, "The photograph and its colors", {
      class: "photograph", ondragover: (event) => event.preventDefault(),
      ondrop: (event) => { event.preventDefault(); take(stage, event.dataTransfer.files[0]); },
    },
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
  const n = photo.pixels.length / 3, few = Math.max(1, Math.round(n / (stage.still ? 250 : 900)));
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

export default { ...scene({ look, draw, keeps: ["k", "seed"] }), decode, bitmap, nearest, lloyd, palette, named };
