/** Views as pictures to take away: SVG, and PNG made of it, with a title and a key to the colours. */

import { cssColour } from "./colour.js";
import { findColumn } from "./data.js";
import { codesByName, codesBySize, countGroups } from "./groups.js";
import { SvgPen, escapeXml } from "./svg_pen.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./surface.js").Drawing} Drawing */
/** @typedef {{ size: { width: number, height: number, dpr: number }, layers: ((on: Drawing) => void)[], scale?: Scale | null }} Drawable a view that is drawn on canvases; its scale where its colours are not those of the segments */
/** @typedef {{ low: string, high: string, lut: Uint32Array }} Scale */
/** @typedef {{ svg: string, width: number, height: number, leftOut: number }} Picture */

const [TITLE_HEIGHT, KEY_LINE, PICTURE_MARGIN] = [30, 20, 12];
/** Groups in the key: the largest; more are not told apart in a picture. */
const MOST_IN_KEY = 24;
/** Of a scale: wide enough to be read off, in as many steps as the eye tells apart there. */
const [SCALE_WIDTH, SCALE_STEPS] = [160, 40];
/** PNGs are so many times as fine as the screen shows the view. */
const FINENESS = 2;

/** @param {Context} context @param {Drawable} view @param {string} name of the view @returns {Picture} */
export function drawPicture(context, view, name) {
  const { width, height, dpr } = view.size;
  const pen = new SvgPen(dpr);
  const on = { ctx: /** @type {any} */ (pen), width, height, dpr };
  const { look, data } = context;
  for (const layer of view.layers) {
    pen.save();
    layer(on);
    pen.restore();
  }
  const top = height + PICTURE_MARGIN;
  const key = view.scale ? drawScale(look, view.scale, top) : drawKey(context, width, top);
  const total = { width, height: TITLE_HEIGHT + height + key.height };
  const title = `${data.title}: ${name.toLowerCase()}`;
  const size = `width="${total.width}" height="${total.height}" viewBox="0 0 ${total.width} ${total.height}"`;
  const heading = new SvgPen(dpr);
  Object.assign(heading, { fillStyle: look.ink(0.92), font: look.font(14, 600) });
  heading.fillText(title, PICTURE_MARGIN, 20);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" ${size}>
<title>${escapeXml(title)}</title>
<rect width="100%" height="100%" fill="${look.paper(1)}"/>
${heading.body}
<g transform="translate(0 ${TITLE_HEIGHT})">${pen.body}${key.body}</g>
</svg>
`;
  return { svg, ...total, leftOut: pen.leftOut };
}

/** What the colours mean, below the view. @param {Context} context @param {number} width @param {number} top */
function drawKey({ data, store, look }, width, top) {
  const column = findColumn(data, store.get("colorBy"));
  const pen = new SvgPen(1);
  if (column?.kind !== "category") return { body: "", height: PICTURE_MARGIN };
  const colours = look.groupColours(column);
  const counts = countGroups(column, data.n);
  pen.font = look.font(12);
  let [x, y] = [PICTURE_MARGIN, top + KEY_LINE / 2];
  const bySize = codesBySize(column.names, counts);
  const largest = new Set(bySize.slice(0, MOST_IN_KEY));
  for (const group of codesByName(column.names).filter((code) => largest.has(code))) {
    const wide = pen.measureText(column.names[group]).width + 34;
    if (x + wide > width && x > PICTURE_MARGIN) [x, y] = [PICTURE_MARGIN, y + KEY_LINE];
    pen.fillStyle = cssColour(colours[group]);
    pen.beginPath();
    pen.arc(x + 5, y, 5);
    pen.fill();
    pen.fillStyle = look.ink(0.85);
    pen.textBaseline = "middle";
    pen.fillText(column.names[group], x + 15, y);
    x += wide;
  }
  const others = bySize.slice(MOST_IN_KEY).filter((code) => counts[code]).length;
  if (others) {
    const words = others === 1 ? "1 other" : `${others.toLocaleString("en")} others`;
    const wide = pen.measureText(words).width + 34;
    if (x + wide > width && x > PICTURE_MARGIN) [x, y] = [PICTURE_MARGIN, y + KEY_LINE];
    pen.fillText(words, x + 15, y);
  }
  return { body: pen.body, height: y - top + KEY_LINE / 2 + 2 * PICTURE_MARGIN };
}

/** From the lowest value to the highest. @param {import("./look.js").Look} look @param {Scale} scale @param {number} top */
function drawScale(look, { low, high, lut }, top) {
  const pen = new SvgPen(1);
  Object.assign(pen, { font: look.font(12), textBaseline: "middle", fillStyle: look.ink(0.85) });
  const left = PICTURE_MARGIN + pen.measureText(low).width + 8;
  pen.fillText(low, PICTURE_MARGIN, top + KEY_LINE / 2);
  pen.fillText(high, left + SCALE_WIDTH + 8, top + KEY_LINE / 2);
  const step = SCALE_WIDTH / SCALE_STEPS;
  for (let k = 0; k < SCALE_STEPS; k++) {
    pen.fillStyle = cssColour(lut[Math.round((k / (SCALE_STEPS - 1)) * (lut.length - 1))]);
    pen.fillRect(left + k * step, top + 4, step + 0.5, KEY_LINE - 8);
  }
  return { body: pen.body, height: KEY_LINE + 2 * PICTURE_MARGIN };
}

/** @param {Picture} picture @returns {Promise<Blob>} */
export async function pictureAsPng({ svg, width, height }) {
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * FINENESS, height * FINENESS];
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  return new Promise((give, fail) =>
    canvas.toBlob((blob) => (blob ? give(blob) : fail(new Error("no PNG was made")))),
  );
}
