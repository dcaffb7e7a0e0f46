/** Where points lie thickest, as a shade under them. */

import { hexRgb, packColour } from "./colour.js";

/** @typedef {import("./points_2d.js").Scale} Scale */
/** @typedef {{ x: Float32Array, y: Float32Array, rows: Uint32Array, scale: Scale }} Crowd rows, where they lie, and where that is on the panel */

/** Points from which on they hide each other, so that a shade says more than they do. */
export const CROWD = 3000;
/** Pixels of the panel to a cell; the shade is soft anyway. */
const CELL = 6;
/** Times the cells are averaged with those beside them: three come close to a bell curve. */
const PASSES = 3;
/** Of the thickest place of many points: a grey that lets every group's colour stand out. */
const SHADE = { light: "#7d879b", dark: "#93a0b8" };
/** How much of the colour the thickest place has. */
const STRONGEST = 0.5;

/**
 * Counts of points by cells of a panel, row by row from its top left.
 * @param {Crowd} crowd @param {{ width: number, height: number }} panel
 */
export function countCells({ x, y, rows, scale }, { width, height }) {
  const [columns, lines] = [Math.ceil(width / CELL), Math.ceil(height / CELL)];
  const { k, left, top } = scale;
  const counts = new Float32Array(columns * lines);
  for (let i = 0; i < rows.length; i++) {
    const column = Math.floor((left + x[rows[i]] * k) / CELL);
    const line = Math.floor((top - y[rows[i]] * k) / CELL);
    if (column >= 0 && line >= 0 && column < columns && line < lines)
      counts[line * columns + column]++;
  }
  return { counts, columns, lines };
}

/** The same spread over neighbouring cells; what would leave the panel stays. @param {{ counts: Float32Array, columns: number, lines: number }} cells */
export function blurCells({ counts, columns, lines }) {
  let [from, to] = [Float32Array.from(counts), new Float32Array(counts.length)];
  for (let pass = 0; pass < 2 * PASSES; pass++) {
    const [step, length] = pass % 2 ? [columns, lines] : [1, columns];
    const [across, many] = pass % 2 ? [1, columns] : [columns, lines];
    for (let line = 0; line < many; line++) {
      let k = line * across;
      for (let place = 0; place < length; place++, k += step) {
        const before = from[place > 0 ? k - step : k];
        const after = from[place < length - 1 ? k + step : k];
        to[k] = (before + from[k] + after) / 3;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

/**
 * @param {CanvasRenderingContext2D} ctx @param {Crowd} crowd
 * @param {{ width: number, height: number, theme: "light" | "dark" }} panel
 */
export function drawDensity(ctx, crowd, { width, height, theme }) {
  const cells = countCells(crowd, { width, height });
  const blurred = blurCells(cells);
  const most = blurred.reduce((a, b) => Math.max(a, b), 0);
  if (!most) return;
  const image = new ImageData(cells.columns, cells.lines);
  const pixels = new Uint32Array(image.data.buffer);
  const colour = packColour(hexRgb(SHADE[theme])) & 0xffffff;
  for (let k = 0; k < blurred.length; k++) {
    const alpha = Math.round(255 * STRONGEST * Math.sqrt(blurred[k] / most));
    pixels[k] = ((alpha << 24) | colour) >>> 0;
  }
  const small = document.createElement("canvas");
  [small.width, small.height] = [cells.columns, cells.lines];
  small.getContext("2d")?.putImageData(image, 0, 0);
  ctx.imageSmoothingEnabled = true;
  ctx.drawImage(small, 0, 0, cells.columns * CELL, cells.lines * CELL);
}
