/** What is drawn over the points: focus, hover, the way here, likenesses, the lasso. */

import { cssColour } from "./colour.js";
import { nearestOf } from "./near.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./geometry.js").Point} Point */
/**
 * @typedef {object} MapFrame
 * @property {number} dot size of a point in pixels
 * @property {(row: number) => Point | null} toPixels
 * @property {Point[]} outline
 * @property {Uint32Array} lit rows of the group that is pointed at
 * @property {number} width
 * @property {number} height
 * @property {boolean} empty
 */

const TAIL = 8;
export const LINES = 6;
/** Points of a group that is pointed at are at least so large, unless they are so many that they are seen anyway. */
const [LIT_DOT, LIT_DISCS] = [5, 2000];

/** @param {CanvasRenderingContext2D} ctx @param {Context} context @param {MapFrame} frame */
export function drawMapMarks(ctx, context, frame) {
  const { data, store, look, times } = context;
  const [focus, hover] = [store.get("focus"), store.get("hover")];
  ctx.lineJoin = ctx.lineCap = "round";
  if (frame.empty) {
    ctx.fillStyle = look.ink(0.6);
    ctx.font = look.font(12);
    ctx.textAlign = "center";
    ctx.fillText("No segments to place on a map", frame.width / 2, frame.height / 2);
  }
  drawLit(ctx, frame, look);
  const here = focus >= 0 ? frame.toPixels(focus) : null;
  if (here) {
    if (store.get("playing")) drawTail(ctx, tailPoints(focus, times, frame), look.accent());
    drawLikenesses(
      ctx,
      here,
      nearestOf(data, store.get("space"), focus, LINES),
      frame,
      look.ink(0.6),
    );
    drawFocus(ctx, here, frame.dot, look, look.colours()[focus]);
  }
  const over = hover >= 0 ? frame.toPixels(hover) : null;
  if (over) drawHover(ctx, over, frame.dot, look);
  drawOutline(ctx, frame.outline, look.accent());
}

/** @param {CanvasRenderingContext2D} ctx @param {Point} here @param {number} dot @param {import("./look.js").Look} look @param {number} colour packed */
export function drawFocus(ctx, here, dot, look, colour) {
  ring(ctx, here, dot / 2 + 4.5, look.accent(), 2.5);
  disc(ctx, here, Math.max(3, dot / 2), cssColour(colour));
}

/** @param {CanvasRenderingContext2D} ctx @param {Point} over @param {number} dot @param {import("./look.js").Look} look */
export function drawHover(ctx, over, dot, look) {
  ring(ctx, over, dot / 2 + 3, look.ink(0.9), 1.5);
}

/** A few points among many are found by their size. @param {CanvasRenderingContext2D} ctx @param {MapFrame} frame @param {import("./look.js").Look} look */
export function drawLit(ctx, { lit, dot, toPixels }, look) {
  if (!lit.length || lit.length > LIT_DISCS || dot > LIT_DOT) return;
  const colour = cssColour(look.colours()[lit[0]]);
  for (const row of lit) {
    const place = toPixels(row);
    if (place) disc(ctx, place, LIT_DOT / 2, colour);
  }
}

/** What was looked for, apart from all segments: a diamond in ink on an edge of paper. @param {CanvasRenderingContext2D} ctx @param {Point} at @param {number} radius @param {import("./look.js").Look} look */
export function drawQuery(ctx, [x, y], radius, look) {
  ctx.beginPath();
  ctx.moveTo(x, y - radius);
  ctx.lineTo(x + radius, y);
  ctx.lineTo(x, y + radius);
  ctx.lineTo(x - radius, y);
  ctx.closePath();
  ctx.lineJoin = "round";
  ctx.lineWidth = 4;
  ctx.strokeStyle = look.paper(1);
  ctx.stroke();
  ctx.fillStyle = look.ink(1);
  ctx.fill();
}

/** The way of the video on the player through the map, segment by segment. @param {CanvasRenderingContext2D} ctx @param {Context} context @param {(row: number) => Point | null} toPixels */
export function drawPath(ctx, { store, look, times }, toPixels) {
  ctx.strokeStyle = look.ink(0.4);
  ctx.lineWidth = 1.2;
  ctx.beginPath();
  for (const { video, rows } of times.lanes) {
    if (video !== store.get("video")) continue;
    /** @type {Point | null} */
    let before = null;
    for (const row of rows) {
      const at = toPixels(row);
      if (at && before) ctx.lineTo(...at);
      else if (at) ctx.moveTo(...at);
      before = at;
    }
  }
  ctx.stroke();
}

/** The last few segments before the focused one. @param {number} focus @param {import("./timeindex.js").TimeIndex} times @param {MapFrame} frame */
function tailPoints(focus, times, frame) {
  const points = [];
  for (let row = focus; row >= 0 && points.length < TAIL; row = times.neighborInTime(row, -1)) {
    const place = frame.toPixels(row);
    if (!place) break;
    points.push(place);
  }
  return points;
}

/** @param {CanvasRenderingContext2D} ctx @param {Point[]} tail @param {string} colour */
export function drawTail(ctx, tail, colour) {
  ctx.strokeStyle = colour;
  for (let k = 0; k + 1 < tail.length; k++) {
    const strength = 1 - k / TAIL;
    ctx.globalAlpha = 0.75 * strength * strength;
    ctx.lineWidth = 0.8 + 2.2 * strength;
    ctx.beginPath();
    ctx.moveTo(...tail[k]);
    ctx.lineTo(...tail[k + 1]);
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} ctx @param {Point} here @param {{ row: number }[]} near @param {MapFrame} frame @param {string} colour */
export function drawLikenesses(ctx, here, near, frame, colour) {
  ctx.setLineDash([1.5, 4]);
  ctx.lineWidth = 1.2;
  ctx.strokeStyle = colour;
  for (const { row } of near) {
    const there = frame.toPixels(row);
    if (!there) continue;
    ctx.beginPath();
    ctx.moveTo(...here);
    ctx.lineTo(...there);
    ctx.stroke();
    ring(ctx, there, frame.dot / 2 + 2, colour, 1.2);
  }
  ctx.setLineDash([]);
}

/** @param {CanvasRenderingContext2D} ctx @param {Point} at @param {number} radius @param {string} colour @param {number} width */
function ring(ctx, at, radius, colour, width) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.beginPath();
  ctx.arc(at[0], at[1], radius, 0, 2 * Math.PI);
  ctx.stroke();
}

/** @param {CanvasRenderingContext2D} ctx @param {Point} at @param {number} radius @param {string} colour */
function disc(ctx, at, radius, colour) {
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.arc(at[0], at[1], radius, 0, 2 * Math.PI);
  ctx.fill();
}

/** @param {CanvasRenderingContext2D} ctx @param {Point[]} outline @param {string} colour */
export function drawOutline(ctx, outline, colour) {
  if (outline.length < 2) return;
  ctx.beginPath();
  outline.forEach((point) => ctx.lineTo(...point));
  ctx.closePath();
  ctx.globalAlpha = 0.12;
  ctx.fillStyle = colour;
  ctx.fill();
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5;
  ctx.stroke();
}
