/** A heatmap of videos: their names on both axes, their edges, and what cannot be compared. */

import { LINE_APART } from "./timeline_paint.js";

/** @typedef {import("./heatmap_marks.js").HeatFrame} HeatFrame */
/** @typedef {import("./look.js").Look} Look */
/** @typedef {import("./data.js").Data} Data */

/** Of the letters, in pixels, and from one name to the next. */
const [LETTERS, APART] = [11, 13];
/** Names beside the square take this part of the panel, within bounds. */
const [NAME_PART, NAME_LEAST, NAME_MOST] = [0.22, 62, 116];
const TO_AXIS = 7;

/** Room beside the square and below it. @param {{ width: number, height: number }} size */
export function roomForNames({ width, height }) {
  const room = Math.min(NAME_MOST, Math.max(NAME_LEAST, NAME_PART * Math.min(width, height)));
  return { left: Math.round(room), bottom: Math.round(room) };
}

/** Names below the square and beside it, as many as do not touch, and the edges of the cells. @param {CanvasRenderingContext2D} ctx @param {Data} data @param {Look} look @param {HeatFrame} frame */
export function drawVideoNames(ctx, data, look, frame) {
  const { plot, view, grid } = frame;
  const unit = plot.side / view.span;
  drawEdges(ctx, look, frame, unit);
  ctx.font = look.font(LETTERS);
  ctx.fillStyle = look.ink(0.72);
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  const wide = frame.room - TO_AXIS - 4;
  const every = Math.max(1, Math.ceil(APART / unit));
  for (let cell = 0; cell < grid.size; cell += every) {
    const name = shortenMiddle(ctx, sideOf(data, grid.rowsOf(cell, cell)).text, wide);
    const [px, py] = [view.x, view.y].map((from) => (cell + 0.5 - from) * unit);
    // At a corner a name stands within the square's height, not across its edge.
    const kept = (/** @type {number} */ at) => Math.max(5, Math.min(plot.side - 5, at));
    if (py > 0 && py < plot.side) ctx.fillText(name, plot.x - TO_AXIS, plot.y + kept(py));
    if (px > 0 && px < plot.side)
      fillUpright(ctx, name, plot.x + kept(px), plot.y + plot.side + TO_AXIS);
  }
}

/** Lines between videos, where they are far enough apart to leave more than lines. @param {CanvasRenderingContext2D} ctx @param {Look} look @param {HeatFrame} frame @param {number} unit */
function drawEdges(ctx, look, { plot, view, grid }, unit) {
  if (unit < LINE_APART) return;
  ctx.fillStyle = look.paper(0.7);
  for (let cell = 1; cell < grid.size; cell++) {
    // A pixel has the colour of the cell at its middle: half of one is no room for a stripe.
    const [px, py] = [view.x, view.y].map((from) => Math.ceil((cell - from) * unit - 0.5));
    if (px > 0 && px < plot.side) ctx.fillRect(plot.x + px, plot.y, 1, plot.side);
    if (py > 0 && py < plot.side) ctx.fillRect(plot.x, plot.y + py, plot.side, 1);
  }
}

/** Read from below, its end at a place. @param {CanvasRenderingContext2D} ctx @param {string} text @param {number} x @param {number} y */
function fillUpright(ctx, text, x, y) {
  ctx.save();
  ctx.translate(x, y);
  ctx.rotate(-Math.PI / 2);
  ctx.fillText(text, 0, 0);
  ctx.restore();
}

/** Videos of an archive often begin alike and differ at the end: the middle goes first. @param {CanvasRenderingContext2D} ctx @param {string} text @param {number} room in pixels */
export function shortenMiddle(ctx, text, room) {
  if (ctx.measureText(text).width <= room) return text;
  const signs = [...text];
  for (let kept = signs.length - 1; kept > 1; kept--) {
    const head = Math.ceil(kept * 0.4);
    const tail = signs.slice(signs.length - (kept - head)).join("");
    const short = `${signs.slice(0, head).join("")}…${tail}`;
    if (ctx.measureText(short).width <= room) return short;
  }
  return "…";
}

/** What a cell that is a video is called, and what to show of it; of several videos the first and how many more. @param {Data} data @param {Uint32Array} rows @returns {import("./actions.js").Side} */
export function sideOf({ videos, video }, rows) {
  const [first, last] = [video[rows[0]], video[rows[rows.length - 1]]];
  const { title, typical } = videos[first];
  const text = last > first ? `${title} to ${videos[last].title} (${last - first + 1})` : title;
  return { text, sec: typical, video: first, count: rows.length };
}

/** Nothing is drawn where nothing can be compared. @param {CanvasRenderingContext2D} ctx @param {Look} look @param {HeatFrame} frame */
export function drawHoles(ctx, look, { plot, view, grid }) {
  const unit = plot.side / view.span;
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.x, plot.y, plot.side, plot.side);
  ctx.clip();
  ctx.fillStyle = look.paper(1);
  for (const [cell, hole] of grid.holes) {
    const [px, py] = [plot.x + (cell - view.x) * unit, plot.y + (cell - view.y) * unit];
    if (hole === 1) ctx.fillRect(px, py, unit, unit);
    else {
      ctx.fillRect(px, plot.y, unit, plot.side);
      ctx.fillRect(plot.x, py, plot.side, unit);
    }
  }
  ctx.restore();
}
