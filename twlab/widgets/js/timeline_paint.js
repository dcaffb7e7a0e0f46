/** Painting the timeline: segments, novelty, scenes, the time axis, and what is marked on them. */

import { cssColour } from "./colour.js";
import { findColumn } from "./data.js";
import { groupOf } from "./groups.js";
import { formatTime, timeTicks } from "./time.js";
import { secToX } from "./timespan.js";
import { onlyShown } from "./visibility.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./lanes.js").Strip} Strip */
/** @typedef {import("./lanes.js").Extent} Extent */
/** @typedef {import("./state.js").Stretch} Stretch */
/** @typedef {import("./timespan.js").Window} Window */

export const AXIS = 22;
/** Lines closer than this, in pixels, hide what lies between them. */
export const LINE_APART = 8;
const CROWDED_MARK = 4;
/** Novelty below this is rounding: `LEAST_DIFFERENCE` of twlab/looks.py. */
const LEAST_NOVELTY = 1e-3;

/** @param {CanvasRenderingContext2D} ctx @param {Context} context @param {Window} w @param {number} height */
export function paintAxis(ctx, { look }, w, height) {
  const hi = w.lo + (w.width - w.left) / w.perSec;
  const { step, ticks } = timeTicks(Math.max(w.lo, 0), hi, w.perSec, 74);
  ctx.font = look.font(11);
  ctx.textBaseline = "middle";
  ctx.textAlign = "center";
  for (const tick of ticks) {
    const x = Math.round(secToX(w, tick)) + 0.5;
    const text = formatTime(tick, step < 1 ? 1 : 0);
    const half = ctx.measureText(text).width / 2 + 1;
    ctx.fillStyle = look.ink(0.07);
    ctx.fillRect(x, AXIS - 4, 1, height - AXIS + 4);
    ctx.fillStyle = look.ink(0.62);
    ctx.fillText(text, Math.max(half, Math.min(x, w.width - half)), AXIS / 2 - 2);
  }
}

/** In place of an axis that would have no length. @param {CanvasRenderingContext2D} ctx @param {Context} context @param {Window} w */
export function tellNothing(ctx, { look }, w) {
  ctx.font = look.font(12);
  ctx.textBaseline = "middle";
  ctx.textAlign = "center";
  ctx.fillStyle = look.ink(0.6);
  ctx.fillText("No segments with a time", w.width / 2, AXIS);
}

/** @param {CanvasRenderingContext2D} ctx @param {Context} context @param {Window} w @param {Strip} strip */
export function paintLane(ctx, { data, store, look }, w, strip) {
  const rows = onlyShown(strip.lane?.rows ?? new Uint32Array(0), store.get("shown"));
  const y = w.top + strip.top;
  const [colours, mask] = [look.colours(), store.get("mask")];
  const dim = store.get("selected") > 0;
  const column = findColumn(data, store.get("colorBy"));
  const lit = column ? store.get("lit") : -1;
  const right = w.width;
  const snap = snapper(ctx);
  const scores = dim || lit >= 0 ? null : (store.get("searched")?.scores ?? null);
  let reached = -Infinity;
  let reachedWorth = -Infinity;
  for (const row of rows) {
    const x0 = secToX(w, data.start[row]);
    if (x0 > right) break;
    const x1 = secToX(w, data.end[row]);
    // Segments finer than a pixel share it; a selected one still shows, one pointed at, and of
    // those that words were compared with the best.
    const picked = lit < 0 || !column ? mask[row] : Number(groupOf(column, row) === lit);
    const worth = scores ? scores[row] : picked;
    if (x1 < w.left || (x1 <= reached && !(worth > reachedWorth))) continue;
    const thin = x1 - x0 < 3;
    const from = snap(Math.max(x0, w.left));
    const width = Math.max(snap(x1) - from - (thin ? 0 : 1), snap(1));
    ctx.globalAlpha = dim && !picked ? 0.2 : 1;
    ctx.fillStyle = cssColour(colours[row]);
    if (thin || width < 5) ctx.fillRect(from, y, width, strip.height);
    else roundedBar(ctx, from, y, width, strip.height);
    reached = Math.max(x1, from + width);
    reachedWorth = Number.isNaN(worth) ? -Infinity : worth;
  }
  ctx.globalAlpha = 1;
}

/** To the nearest whole pixel of the screen: what begins or ends within one has a tint of its own. @param {CanvasRenderingContext2D} ctx */
function snapper(ctx) {
  const dpr = ctx.getTransform().a;
  return (/** @type {number} */ x) => Math.round(x * dpr) / dpr;
}

/** @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y @param {number} w @param {number} h */
function roundedBar(ctx, x, y, w, h) {
  ctx.beginPath();
  ctx.roundRect(x, y, w, h, 3);
  ctx.fill();
}

/** @param {CanvasRenderingContext2D} ctx @param {Context} context @param {Window} w @param {Strip} strip @param {number} top value of its upper edge */
export function paintNovelty(ctx, { data, look }, w, strip, top) {
  const values = data.novelty;
  const rows = strip.lane?.rows;
  if (!values || !rows) return;
  const base = w.top + strip.top + strip.height;
  const scale = (strip.height - 2) / top;
  ctx.beginPath();
  ctx.moveTo(w.left, base);
  let [column, peak] = [-Infinity, 0];
  for (const row of rows) {
    const x = secToX(w, data.start[row]);
    if (x < w.left - 400 || x > w.width + 400 || !Number.isFinite(values[row])) continue;
    const place = Math.max(x, w.left);
    if (Math.floor(place) === column && values[row] <= peak) continue;
    [column, peak] = [Math.floor(place), values[row]];
    ctx.lineTo(place, base - values[row] * scale);
  }
  ctx.lineTo(Math.max(column, w.left), base);
  ctx.closePath();
  ctx.fillStyle = look.ink(0.16);
  ctx.fill();
  ctx.strokeStyle = look.ink(0.55);
  ctx.lineWidth = 1.2;
  ctx.stroke();
}

/** What all strips reach up to, so that they can be compared: where there is but rounding, the most there can be. @param {import("./data.js").Data} data */
export function highestNovelty({ novelty }) {
  let top = 0;
  for (const value of novelty ?? []) if (value > top) top = value;
  return top < LEAST_NOVELTY ? 1 : top;
}

/** Scene boundaries of one video: through its lanes, or where they crowd as marks above them. @param {CanvasRenderingContext2D} ctx @param {Context} context @param {Window} w @param {number} video @param {Extent} extent */
export function paintScenes(ctx, { data, look }, w, video, extent) {
  const { scenes } = data;
  const [top, foot] = extent.map((y) => y + w.top);
  const places = [...scenes.sec].filter((_, k) => scenes.video[k] === video);
  const bottom = crowded(places, w) ? top + CROWDED_MARK : foot;
  ctx.strokeStyle = ctx.fillStyle = look.ink(0.8);
  ctx.lineWidth = 1.25;
  for (const sec of places) {
    const x = Math.round(secToX(w, sec)) + 0.5;
    if (x < w.left || x > w.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, bottom);
    ctx.stroke();
    if (bottom < foot) continue;
    ctx.beginPath();
    ctx.moveTo(x - 4, top - 3);
    ctx.lineTo(x + 4, top - 3);
    ctx.lineTo(x, top + 3);
    ctx.fill();
  }
}

/** Whether lines at some seconds would stand closer than the eye needs to see between them. @param {number[]} places @param {Window} w */
function crowded(places, w) {
  const shown = places.map((sec) => secToX(w, sec)).filter((x) => x >= w.left && x <= w.width);
  return shown.length * LINE_APART > w.width - w.left;
}

/** @param {CanvasRenderingContext2D} ctx @param {Context} context @param {Window} w @param {Strip} strip */
export function paintLabel(ctx, { look, data }, w, strip) {
  const title = strip.kind === "title";
  if (!title && w.left < 40) return;
  ctx.font = look.font(title ? 12 : 11, title ? 600 : 400);
  ctx.fillStyle = look.ink(title ? 0.9 : 0.62);
  ctx.textAlign = title ? "left" : "right";
  ctx.textBaseline = "middle";
  const room = title ? w.width - 16 : w.left - 14;
  const others = strip.kind === "lane" ? data.lanes : [];
  const text = shortenApart(ctx, strip.label, others, room);
  ctx.fillText(text, title ? 8 : w.left - 8, w.top + strip.top + strip.height / 2 + 0.5);
}

/** A range of time over all strips of its video. @param {CanvasRenderingContext2D} ctx @param {Window} w @param {Stretch} band @param {string} colour @param {Extent | undefined} extent */
export function paintBand(ctx, w, { start, end }, colour, extent) {
  if (!extent) return;
  const [x0, x1] = [secToX(w, start), secToX(w, end)];
  ctx.fillStyle = colour;
  ctx.fillRect(x0, w.top + extent[0] - 3, x1 - x0, extent[1] - extent[0] + 6);
}

/** A frame around a segment. @param {CanvasRenderingContext2D} ctx @param {Window} w @param {Strip} strip @param {{ start: number, end: number }} segment @param {string} colour */
export function paintFocus(ctx, w, strip, { start, end }, colour) {
  const [x0, x1] = [secToX(w, start), secToX(w, end)];
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2;
  ctx.strokeRect(x0 - 1, w.top + strip.top - 1, Math.max(x1 - x0, 3) + 1, strip.height + 2);
}

/** @param {CanvasRenderingContext2D} ctx @param {import("./look.js").Look} look @param {number} x @param {number} height */
export function paintPointer(ctx, look, x, height) {
  ctx.fillStyle = look.ink(0.35);
  ctx.fillRect(Math.round(x), AXIS - 4, 1, height);
}

/** @param {CanvasRenderingContext2D} ctx @param {number} x @param {Extent} extent in pixels of the canvas @param {string} colour */
export function paintPlayhead(ctx, x, [top, bottom], colour) {
  ctx.fillStyle = colour;
  ctx.fillRect(x - 0.75, top, 1.5, bottom - top);
  ctx.beginPath();
  ctx.roundRect(x - 4.5, top - 5, 9, 9, 3);
  ctx.fill();
}

/** @param {CanvasRenderingContext2D} ctx @param {string} text @param {number} room */
export function shorten(ctx, text, room) {
  if (ctx.measureText(text).width <= room) return text;
  let length = text.length;
  while (length > 1 && ctx.measureText(text.slice(0, length) + "…").width > room) length--;
  return text.slice(0, length) + "…";
}

/** What tells a name from the others, where there is no room for the whole: of what it begins with like another one as little is left out as can be. @param {CanvasRenderingContext2D} ctx @param {string} text @param {string[]} others @param {number} room */
export function shortenApart(ctx, text, others, room) {
  const fits = (/** @type {string} */ part) => ctx.measureText(part).width <= room;
  if (fits(text)) return text;
  const common = Math.max(0, ...others.map((other) => lengthInCommon(text, other)));
  const words = [...text.matchAll(WORD_BEGINS)].filter(({ index }) => index <= common);
  // What follows a dot between option and model is a name by itself.
  const tails = words.map(({ index }) => {
    return `${text.slice(0, index).endsWith(" · ") ? "" : "…"}${text.slice(index)}`;
  });
  return tails.find(fits) ?? shorten(ctx, tails[tails.length - 1] ?? text, room);
}

/** Where within a name a word or a number begins. */
const WORD_BEGINS = /(?<=[^\p{L}\p{N}])[\p{L}\p{N}]|(?<=\p{L})\p{N}/gu;

/** How many characters two names begin with in common; none where they are the same. @param {string} a @param {string} b */
function lengthInCommon(a, b) {
  let k = 0;
  while (k < a.length && a[k] === b[k]) k++;
  return a === b ? 0 : k;
}
