/** Small pictures of rows for the views that draw them: asked for once, one after the other. */

import { hasPictures } from "./gallery_frames.js";

/** @typedef {import("./app.js").Context} Context */

/** Pixels: what is drawn is half as wide, on fine displays all of it. */
const PICTURE_WIDTH = 108;
/** Pictures are fetched once the first drawing has been on the screen for a while. */
const PICTURES_AFTER_MS = 700;
/** Rows whose pictures are remembered. */
const KEPT_PICTURES = 400;

export class RowPictures {
  #context;
  #redraw;
  /** @type {Map<number, HTMLCanvasElement | null>} null while it is awaited, or where there is none */
  #known = new Map();
  /** @type {number[]} */
  #wanted = [];
  #busy = false;
  #begun = performance.now();
  #timer = 0;

  /** @param {Context} context @param {() => void} redraw when a picture has come */
  constructor(context, redraw) {
    this.#context = context;
    this.#redraw = redraw;
  }

  /** Whether any row can have a picture of its film. */
  get possible() {
    return this.#context.data.videos.some(({ source }) => source.kind !== "none");
  }

  /** The picture of a row, if it is there; else it is asked for. @param {number} row */
  of(row) {
    const known = this.#known.get(row);
    if (known !== undefined || !this.#hasFilm(row)) return known ?? null;
    this.#known.set(row, null);
    this.#wanted.push(row);
    const wait = Math.max(0, this.#begun + PICTURES_AFTER_MS - performance.now());
    this.#timer ||= window.setTimeout(() => void this.#fetch(), wait);
    return null;
  }

  /** What is no longer in sight need not come. @param {Set<number>} rows in sight */
  keepOnly(rows) {
    for (const row of this.#wanted) if (!rows.has(row)) this.#known.delete(row);
    this.#wanted = this.#wanted.filter((row) => rows.has(row));
  }

  /** @param {number} row */
  #hasFilm(row) {
    const { data } = this.#context;
    const video = data.video[row];
    return (
      data.videos[video]?.source.kind !== "none" &&
      hasPictures(data, video) &&
      Number.isFinite(data.start[row] + data.end[row])
    );
  }

  async #fetch() {
    this.#timer = 0;
    if (this.#busy) return;
    this.#busy = true;
    const { data, frames } = this.#context;
    for (let row = this.#wanted.shift(); row !== undefined; row = this.#wanted.shift()) {
      const middle = (data.start[row] + data.end[row]) / 2;
      this.#keep(row, await frames.frame(data.video[row], middle, PICTURE_WIDTH));
      this.#redraw();
    }
    this.#busy = false;
  }

  /** @param {number} row @param {import("./frames.js").Picture} picture */
  #keep(row, picture) {
    // Given up for others: the next drawing asks again.
    if (picture === undefined) return void this.#known.delete(row);
    this.#known.set(row, picture);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KEPT_PICTURES) break;
      this.#known.delete(oldest);
    }
  }

  destroy() {
    clearTimeout(this.#timer);
    this.#wanted = [];
  }
}
