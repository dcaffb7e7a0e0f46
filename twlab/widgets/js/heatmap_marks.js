/** Axes of the heatmap in time, and what is marked on it: focus, selection, brush, pointer. */

import { EDGE, alongCells } from "./cells.js";
import { drawVideoNames } from "./heatmap_names.js";
import { formatTime, timeTicks } from "./time.js";
import { LINE_APART, shorten } from "./timeline_paint.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./cells.js").Plot} Plot */
/** @typedef {import("./cells.js").Grid} Grid */
/**
 * @typedef {object} HeatFrame
 * @property {Plot} plot where the cells are drawn
 * @property {import("./cells.js").CellView} view which of them
 * @property {Grid} grid
 * @property {number} room for names beside it
 * @property {import("./cells.js").Brush | null} brush
 * @property {import("./cells.js").Cell | null} over the cell under the pointer
 */

/** Cells at which videos begin. @param {import("./data.js").Data} data @param {Grid} grid */
export function videoStarts(data, { rows, starts: cells }) {
  /** @type {{ cell: number, video: number, from: number, to: number }[]} */
  const starts = [];
  for (let k = 0; k < rows.length; k++) {
    const video = data.video[rows[k]];
    const last = starts[starts.length - 1];
    if (last?.video === video) last.to = k + 1;
    else starts.push({ cell: alongCells(cells, k), video, from: k, to: k + 1 });
  }
  return starts;
}

/** Place in cells of a time within rows sorted by start. @param {import("./data.js").Data} data @param {Grid} grid @param {number} from @param {number} to @param {number} sec */
export function cellOfTime(data, { rows, starts }, from, to, sec) {
  let [lo, hi] = [from, to];
  while (lo < hi) {
    const middle = (lo + hi) >> 1;
    if (data.start[rows[middle]] < sec) lo = middle + 1;
    else hi = middle;
  }
  const before = rows[lo - 1];
  if (lo === from || !(data.end[before] > data.start[before])) return alongCells(starts, lo);
  const part = (sec - data.start[before]) / (data.end[before] - data.start[before]);
  return alongCells(starts, lo - 1 + Math.min(part, 1));
}

/** @param {CanvasRenderingContext2D} ctx @param {Context} context @param {HeatFrame} frame */
export function drawHeatmapAxes(ctx, { data, look }, frame) {
  const { plot, view, grid } = frame;
  if (grid.ofVideos) return drawVideoNames(ctx, data, look, frame);
  const toPixel = (/** @type {number} */ cell, /** @type {number} */ origin) =>
    ((cell - origin) / view.span) * plot.side;
  ctx.font = look.font(10.5);
  ctx.fillStyle = look.ink(0.62);
  const videos = videoStarts(data, grid);
  let before = 0;
  for (const { cell, video, from, to } of videos) {
    const cells = alongCells(grid.starts, to) - cell;
    const pixels = (cells / view.span) * plot.side;
    const first = data.start[grid.rows[from]];
    const last = data.end[grid.rows[to - 1]];
    // Beside a wide video a line is seen; among many narrow ones lines would be all that is seen.
    const apart = Math.max(pixels, before) >= LINE_APART;
    before = pixels;
    if (videos.length > 1 && apart)
      drawDivider(ctx, look, plot, toPixel(cell, view.x), toPixel(cell, view.y));
    if (videos.length > 1 && pixels < 150) {
      drawVideoName(ctx, plot, data.videos[video].title, toPixel(cell, view.x), pixels);
      continue;
    }
    if (!(last > first)) continue;
    const { ticks } = timeTicks(first, last, pixels / (last - first), 58);
    const alone = videos.length === 1;
    // The square stands in the middle of its room, so that half the edge is to its right.
    const right = alone ? plot.side + EDGE / 2 : toPixel(cell + cells, view.x);
    for (const tick of ticks) {
      const at = cellOfTime(data, grid, from, to, tick);
      const text = formatTime(tick);
      drawTickBelow(ctx, plot, toPixel(at, view.x), text, { alone, right });
      drawTickBeside(ctx, plot, toPixel(at, view.y), text);
    }
  }
}

/** Below its mark; beside it where the name of another video stands to its left. @param {CanvasRenderingContext2D} ctx @param {Plot} plot @param {number} px @param {string} text @param {{ alone: boolean, right: number }} room up to which pixel there is room */
function drawTickBelow(ctx, { x, y, side }, px, text, { alone, right }) {
  if (px < 0 || px > side) return;
  ctx.fillRect(Math.round(x + px), y + side, 1, 4);
  const width = ctx.measureText(text).width;
  // The last one would be cut by the edge of the card.
  const from = alone ? Math.min(px - width / 2, right - width) : px + 3;
  if (!alone && from + width > right) return;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  ctx.fillText(text, x + from, y + side + 5);
}

/** @param {CanvasRenderingContext2D} ctx @param {Plot} plot @param {number} py @param {string} text */
function drawTickBeside(ctx, { x, y, side }, py, text) {
  if (py < 0 || py > side - 4) return;
  ctx.fillRect(x - 4, Math.round(y + py), 4, 1);
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  ctx.fillText(text, x - 7, y + Math.max(py, 5));
}

/** @param {CanvasRenderingContext2D} ctx @param {import("./look.js").Look} look @param {Plot} plot @param {number} px @param {number} py */
export function drawDivider(ctx, look, { x, y, side }, px, py) {
  const ink = ctx.fillStyle;
  ctx.fillStyle = look.ink(0.75);
  if (px > 0 && px < side) ctx.fillRect(Math.round(x + px), y, 1, side);
  if (py > 0 && py < side) ctx.fillRect(x, Math.round(y + py), side, 1);
  ctx.fillStyle = ink;
}

/** @param {CanvasRenderingContext2D} ctx @param {Plot} plot @param {string} title @param {number} px @param {number} pixels */
function drawVideoName(ctx, { x, y, side }, title, px, pixels) {
  if (pixels < 26 || px < 0 || px > side - 20) return;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  ctx.fillText(shorten(ctx, title, Math.min(pixels, side - px) - 6), x + px + 3, y + side + 5);
}

/** @param {CanvasRenderingContext2D} ctx @param {Context} context @param {HeatFrame} frame */
export function drawHeatmapMarks(ctx, { store, look }, frame) {
  const { plot, view, grid, over, brush } = frame;
  const unit = plot.side / view.span;
  drawHidden(ctx, look.paper(0.82), store.get("shown"), frame);
  drawSelected(ctx, look.accent(), store.get("mask"), frame);
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.x - 1, plot.y - 1, plot.side + 2, plot.side + 2);
  ctx.clip();
  ctx.globalAlpha = 0.85;
  drawCross(ctx, frame, grid.cellOf(store.get("focus")), unit, look.accent());
  ctx.globalAlpha = 1;
  if (over) drawPointer(ctx, frame, over, unit);
  else drawCross(ctx, frame, grid.cellOf(store.get("hover")), unit, look.ink(0.4));
  if (brush) drawBrush(ctx, look, frame, brush, unit);
  ctx.restore();
}

/** Through the middle of a cell of the diagonal. @param {CanvasRenderingContext2D} ctx @param {HeatFrame} frame @param {number} cell -1 for none @param {number} unit @param {string} colour */
export function drawCross(ctx, { plot, view, grid }, cell, unit, colour) {
  if (cell < 0) return;
  // Of few and large cells a wide line would hide what they say.
  const thick = grid.ofVideos ? 1.5 : Math.max(1.5, Math.min(unit, 3));
  const [px, py] = [(cell + 0.5 - view.x) * unit, (cell + 0.5 - view.y) * unit];
  ctx.fillStyle = colour;
  ctx.fillRect(plot.x + px - thick / 2, plot.y, thick, plot.side);
  ctx.fillRect(plot.x, plot.y + py - thick / 2, plot.side, thick);
}

/** @param {CanvasRenderingContext2D} ctx @param {HeatFrame} frame @param {import("./cells.js").Cell} cell @param {number} unit */
export function drawPointer(ctx, { plot, view }, [column, row], unit) {
  const [x, y] = [plot.x + (column - view.x) * unit, plot.y + (row - view.y) * unit];
  const side = Math.max(unit, 3);
  ctx.fillStyle = "rgba(255,255,255,0.22)";
  ctx.fillRect(x, plot.y, side, plot.side);
  ctx.fillRect(plot.x, y, plot.side, side);
  ctx.strokeStyle = "#fff";
  ctx.lineWidth = 1.5;
  ctx.strokeRect(x - 0.5, y - 0.5, side + 1, side + 1);
}

/** @param {CanvasRenderingContext2D} ctx @param {import("./look.js").Look} look @param {HeatFrame} frame @param {import("./cells.js").Brush} brush @param {number} unit */
export function drawBrush(ctx, look, { plot, view }, { a, b }, unit) {
  const low = [0, 1].map((k) => Math.min(a[k], b[k]));
  const high = [0, 1].map((k) => Math.max(a[k], b[k]) + 1);
  const x = plot.x + (low[0] - view.x) * unit;
  const y = plot.y + (low[1] - view.y) * unit;
  const [w, h] = [(high[0] - low[0]) * unit, (high[1] - low[1]) * unit];
  ctx.fillStyle = look.band(0, 0.28);
  ctx.fillRect(x, plot.y, w, plot.side);
  ctx.fillStyle = look.band(1, 0.28);
  ctx.fillRect(plot.x, y, plot.side, h);
  ctx.strokeStyle = "#fff";
  ctx.lineWidth = 2;
  ctx.strokeRect(x, y, w, h);
}

/** A veil over the lines of cells whose rows are all hidden. @param {CanvasRenderingContext2D} ctx @param {string} colour @param {Uint8Array | null} shown @param {HeatFrame} frame */
export function drawHidden(ctx, colour, shown, { plot, view, grid }) {
  if (!shown) return;
  const unit = plot.side / view.span;
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.x, plot.y, plot.side, plot.side);
  ctx.clip();
  ctx.fillStyle = colour;
  // Where two veils cross they are one: both are parts of one path.
  ctx.beginPath();
  for (const [from, to] of hiddenRuns(shown, grid)) {
    ctx.rect(plot.x + (from - view.x) * unit, plot.y, (to - from) * unit, plot.side);
    ctx.rect(plot.x, plot.y + (from - view.y) * unit, plot.side, (to - from) * unit);
  }
  ctx.fill();
  ctx.restore();
}

/** Runs of cells of which no row is shown: from which, and before which. @param {Uint8Array} shown @param {{ rows: Uint32Array, starts: Uint32Array, size: number }} grid */
export function hiddenRuns(shown, { rows, starts, size }) {
  /** @type {[number, number][]} */
  const runs = [];
  for (let cell = 0; cell < size; cell++) {
    const own = rows.subarray(starts[cell], starts[cell + 1]);
    if (own.some((row) => shown[row])) continue;
    const last = runs[runs.length - 1];
    if (last?.[1] === cell) last[1] = cell + 1;
    else runs.push([cell, cell + 1]);
  }
  return runs;
}

/** Ticks along both axes where rows are selected. @param {CanvasRenderingContext2D} ctx @param {string} colour @param {Uint8Array} mask @param {HeatFrame} frame */
export function drawSelected(ctx, colour, mask, { plot, view, grid }) {
  const { rows, starts, size } = grid;
  const unit = plot.side / view.span;
  ctx.fillStyle = colour;
  let cell = Math.min(size - 1, Math.max(0, Math.floor(Math.min(view.x, view.y))));
  for (let k = starts[cell]; k < rows.length; k++) {
    if (k >= starts[cell + 1]) cell++;
    if (!mask[rows[k]]) continue;
    const own = starts[cell + 1] - starts[cell];
    const at = cell + (k - starts[cell]) / own;
    const [px, py] = [(at - view.x) * unit, (at - view.y) * unit];
    const long = Math.max(unit / own, 1);
    if (px >= -long && px < plot.side) ctx.fillRect(plot.x + Math.max(px, 0), plot.y - 6, long, 4);
    if (py >= -long && py < plot.side)
      ctx.fillRect(plot.x + plot.side + 2, plot.y + Math.max(py, 0), 4, long);
  }
}
