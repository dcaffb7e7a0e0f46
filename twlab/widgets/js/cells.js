/** The square of similarities in cells: the rows they stand for, and where they are drawn. */

import { placeInSpace } from "./near.js";
import { buildPyramid, contrastWindow } from "./pyramid.js";

/** @typedef {import("./data.js").Data} Data */
/** @typedef {[number, number]} Cell column and row */
/** @typedef {{ a: Cell, b: Cell }} Brush two opposite corners */
/** @typedef {{ x: number, y: number, span: number }} CellView first column and row shown, and how many */
/** @typedef {{ x: number, y: number, side: number }} Plot the square the cells are drawn into, in pixels */

/** Room for times beside the square, and below it. */
const [LEFT, BOTTOM] = [44, 22];
export const EDGE = 12;
/** The fewest cells a side that one may zoom to. */
const FEWEST = 4;

/** The cells of one space. Each stands for a run of rows by another. */
export class Grid {
  #data;
  #square;

  /** @param {Data} data @param {Uint32Array} rows of the space @param {import("./data.js").Similarity} square */
  constructor(data, rows, square) {
    this.#data = data;
    this.#square = square;
    this.rows = rows;
    this.size = square.size;
    this.starts = square.starts;
    /** Whether its cells are videos, not parts of them. */
    this.ofVideos = isOfVideos(data, rows, square.starts);
    this.levels = buildPyramid(square.cells, square.size);
    this.contrast = contrastWindow(this.levels[Math.min(1, this.levels.length - 1)]);
    /** Whether all cells are alike. */
    this.flat = square.cells.every((cell) => cell === square.cells[0]);
  }

  /** The similarity that a byte stands for. @param {number} byte */
  similarity(byte) {
    const { low, high } = this.#square;
    return low + (byte / 255) * (high - low);
  }

  /** NaN where there is nothing to compare. @param {Cell} cell */
  similarityAt([column, row]) {
    const holes = this.#square.holes;
    if (holes && (holes[row] === 2 || holes[column] === 2)) return NaN;
    if (holes?.[row] && row === column) return NaN;
    return this.similarity(this.#square.cells[row * this.size + column]);
  }

  /** The first row that a cell stands for. @param {number} cell */
  rowOf(cell) {
    return this.rows[this.starts[Math.min(cell, this.size - 1)]] ?? -1;
  }

  /** The rows of the cells from `a` to `b`, both included, in either order. @param {number} a @param {number} b */
  rowsOf(a, b) {
    return this.rows.slice(this.starts[Math.min(a, b)], this.starts[Math.max(a, b) + 1]);
  }

  /** The cell of a row, or -1. @param {number} row */
  cellOf(row) {
    const place = placeInSpace(this.rows, this.#data, row);
    return place < 0 ? -1 : cellOfPlace(this.starts, place);
  }

  /** What cannot be compared with itself (1), or with anything (2). @returns {[cell: number, hole: number][]} */
  get holes() {
    return [...(this.#square.holes ?? [])].flatMap((hole, cell) => (hole ? [[cell, hole]] : []));
  }
}

/** @param {Data} data @param {Uint32Array} rows @param {Uint32Array} starts */
function isOfVideos({ video }, rows, starts) {
  const inside = starts.subarray(1, -1);
  return (
    inside.length > 0 && inside.every((start) => video[rows[start]] !== video[rows[start - 1]])
  );
}

/** The cell that a place among the rows lies in. @param {Uint32Array} starts @param {number} place */
export function cellOfPlace(starts, place) {
  let [lo, hi] = [0, starts.length - 2];
  while (lo < hi) {
    const middle = (lo + hi + 1) >> 1;
    if (starts[middle] <= place) lo = middle;
    else hi = middle - 1;
  }
  return lo;
}

/** Where among the cells a place among the rows lies, parts of cells counted. @param {Uint32Array} starts @param {number} place */
export function alongCells(starts, place) {
  const cell = cellOfPlace(starts, place);
  return cell + (place - starts[cell]) / (starts[cell + 1] - starts[cell]);
}

/** The largest square beside the axes. @param {{ width: number, height: number }} size @param {{ left: number, bottom: number }} [room] for what stands beside it, and below @returns {Plot} */
export function plotWithin({ width, height }, { left, bottom } = { left: LEFT, bottom: BOTTOM }) {
  const side = Math.max(10, Math.floor(Math.min(width - left - EDGE, height - bottom - EDGE)));
  const x = Math.round((width - side - left) / 2 + left);
  const y = Math.max(8, Math.round((height - side - bottom) / 2));
  return { x, y, side };
}

/** Whether a pixel lies on the square. @param {Plot} plot @param {number} px @param {number} py */
export function isOnPlot({ x, y, side }, px, py) {
  return px >= x && px < x + side && py >= y && py < y + side;
}

/** The cell at a pixel, or the one nearest to it. @param {Plot} plot @param {CellView} view @param {number} n cells a side @param {number} px @param {number} py @returns {Cell} */
export function cellAt(plot, view, n, px, py) {
  const clamp = (/** @type {number} */ cell) => Math.max(0, Math.min(n - 1, Math.floor(cell)));
  const unit = view.span / plot.side;
  return [clamp(view.x + (px - plot.x) * unit), clamp(view.y + (py - plot.y) * unit)];
}

/** As many cells as wanted where there are so many, and inside. @param {CellView} view @param {number} n cells a side @returns {CellView} */
export function clampCells({ x, y, span }, n) {
  const shown = Math.max(Math.min(FEWEST, n), Math.min(n, span));
  const clamp = (/** @type {number} */ first) => Math.max(0, Math.min(n - shown, first));
  return { x: clamp(x), y: clamp(y), span: shown };
}

/** What lies at a place stays there. @param {CellView} view @param {number} n cells a side @param {number} factor @param {number} u the place as parts of the square @param {number} v @returns {CellView} */
export function zoomCells(view, n, factor, u, v) {
  const span = Math.max(Math.min(FEWEST, n), Math.min(n, view.span / factor));
  const [x, y] = [view.x + u * (view.span - span), view.y + v * (view.span - span)];
  return clampCells({ x, y, span }, n);
}
