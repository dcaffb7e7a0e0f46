/** The selection as one picture: a frame of each segment with its time below. */

import { momentText } from "./facts.js";

/** @typedef {import("./app.js").Context} Context */

const [FRAME_WIDE, FRAME_TALL, TIME_TALL, SHEET_GAP] = [240, 135, 22, 10];
/** More is no sheet any longer, and a canvas has an end. */
export const MOST_ON_SHEET = 400;

/**
 * @param {Context} context @param {number[]} rows at most `MOST_ON_SHEET` @param {(done: number) => void} tell
 * @returns {Promise<Blob | null>} null where no frame can be shown or read
 */
export async function drawSheet(context, rows, tell) {
  const { data, frames, look } = context;
  const columns = Math.min(rows.length, Math.ceil(Math.sqrt(rows.length * 1.2)));
  const canvas = document.createElement("canvas");
  canvas.width = columns * (FRAME_WIDE + SHEET_GAP) + SHEET_GAP;
  canvas.height =
    Math.ceil(rows.length / columns) * (FRAME_TALL + TIME_TALL + SHEET_GAP) + SHEET_GAP;
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  ctx.fillStyle = look.paper(1);
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.font = look.font(13, 600);
  let drawn = 0;
  for (const [k, row] of rows.entries()) {
    const left = SHEET_GAP + (k % columns) * (FRAME_WIDE + SHEET_GAP);
    const top = SHEET_GAP + Math.floor(k / columns) * (FRAME_TALL + TIME_TALL + SHEET_GAP);
    const middle = (data.start[row] + data.end[row]) / 2;
    const frame = Number.isFinite(middle)
      ? await frames.frame(data.video[row], middle, FRAME_WIDE)
      : null;
    if (frame) drawWithin(ctx, frame, left, top);
    drawn += Number(frame !== null);
    ctx.fillStyle = look.ink(0.9);
    const film = data.videos.length > 1 ? ` ${data.videos[data.video[row]].title}` : "";
    ctx.fillText(momentText(data, row) + film, left, top + FRAME_TALL + 15, FRAME_WIDE);
    tell(k + 1);
  }
  return drawn ? asPng(canvas) : null;
}

/** As large as it fits, in the middle. @param {CanvasRenderingContext2D} ctx @param {HTMLCanvasElement} frame @param {number} left @param {number} top */
function drawWithin(ctx, frame, left, top) {
  const scale = Math.min(FRAME_WIDE / frame.width, FRAME_TALL / frame.height);
  const [width, height] = [frame.width * scale, frame.height * scale];
  ctx.drawImage(
    frame,
    left + (FRAME_WIDE - width) / 2,
    top + (FRAME_TALL - height) / 2,
    width,
    height,
  );
}

/** @param {HTMLCanvasElement} canvas @returns {Promise<Blob | null>} null where it holds frames of another server */
function asPng(canvas) {
  try {
    return new Promise((give) => canvas.toBlob(give));
  } catch (error) {
    if (error instanceof DOMException && error.name === "SecurityError")
      return Promise.resolve(null);
    throw error;
  }
}
