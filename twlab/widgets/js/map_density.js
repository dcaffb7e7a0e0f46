/** Where points lie thickest, as a shade under them. */

import { hexRgb } from "./colour.js";

/** @typedef {import("./geometry.js").Point} Point */

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
 * @param {Uint32Array} rows @param {(row: number) => Point} toPixels @param {{ width: number, height: number }} panel
 */
export function countCells(rows, toPixels, { width, height }) {
  const [columns, lines] = [Math.ceil(width / CELL), Math.ceil(height / CELL)];
  const counts = new Float32Array(columns * lines);
  for (const row of rows) {
    const [px, py] = toPixels(row);
    const [column, line] = [Math.floor(px / CELL), Math.floor(py / CELL)];
    if (column >= 0 && line >= 0 && column < columns && line < lines)
      counts[line * columns + column]++;
  }
  return { counts, columns, lines };
}

/** The same spread over neighbouring cells; what would leave the panel stays. @param {{ counts: Float32Array, columns: number, lines: number }} cells */
export function blurCells({ counts, columns, lines }) {
  let [from, to] = [Float32Array.from(counts), new Float32Array(counts.length)];
  for (let pass = 0; pass < 2 * PASSES; pass++) {
    const step = pass % 2 ? columns : 1;
    for (let k = 0; k < from.length; k++) {
      const place = step === 1 ? k % columns : Math.floor(k / columns);
      const last = (step === 1 ? columns : lines) - 1;
      const before = from[place > 0 ? k - step : k];
      const after = from[place < last ? k + step : k];
      to[k] = (before + from[k] + after) / 3;
    }
    [from, to] = [to, from];
  }
  return from;
}

/**
 * @param {CanvasRenderingContext2D} ctx @param {Uint32Array} rows @param {(row: number) => Point} toPixels
 * @param {{ width: number, height: number, theme: "light" | "dark" }} panel
 */
export function drawDensity(ctx, rows, toPixels, { width, height, theme }) {
  const rgb = hexRgb(SHADE[theme]);
  const cells = countCells(rows, toPixels, { width, height });
  const blurred = blurCells(cells);
  const most = blurred.reduce((a, b) => Math.max(a, b), 0);
  if (!most) return;
  const image = new ImageData(cells.columns, cells.lines);
  for (let k = 0; k < blurred.length; k++)
    image.data.set([...rgb, 255 * STRONGEST * Math.sqrt(blurred[k] / most)], 4 * k);
  const small = document.createElement("canvas");
  [small.width, small.height] = [cells.columns, cells.lines];
  small.getContext("2d")?.putImageData(image, 0, 0);
  ctx.imageSmoothingEnabled = true;
  ctx.drawImage(small, 0, 0, cells.columns * CELL, cells.lines * CELL);
}
