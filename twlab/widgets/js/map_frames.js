/** Frames in the place of points, once so few are in sight that there is room for them. */

import { cssColour } from "./colour.js";
import { boxesWithRoom } from "./map_places.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./map_places.js").Box & { row: number, picture: HTMLCanvasElement }} Mark */

/** Points in sight up to which they become frames: about as many as fit beside each other. */
const MOST_POINTS = 60;
const WIDE = 54;
const BORDER = 2;

export class MapFrames {
  #context;
  #pictures;
  /** Frames as last drawn. @type {Mark[]} */
  shown = [];

  /** @param {Context} context @param {import("./row_pictures.js").RowPictures} pictures */
  constructor(context, pictures) {
    this.#context = context;
    this.#pictures = pictures;
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {{ rows: Uint32Array, toPixels: (row: number) => Point | null, width: number, height: number, zoomed: boolean, taken: import("./map_places.js").Box[] }} map
   */
  draw(ctx, map) {
    this.shown = this.#chosen(map);
    const { look, store } = this.#context;
    const [colours, mask, selected] = [look.colours(), store.get("mask"), store.get("selected")];
    for (const { row, picture, left, top, width, height } of this.shown) {
      ctx.globalAlpha = selected && !mask[row] ? 0.35 : 1;
      ctx.drawImage(picture, left, top, width, height);
      ctx.strokeStyle = row === store.get("hover") ? look.ink(0.95) : cssColour(colours[row]);
      if (row === store.get("focus")) ctx.strokeStyle = look.accent();
      ctx.lineWidth = BORDER + Number(row === store.get("focus"));
      ctx.strokeRect(left, top, width, height);
    }
    ctx.globalAlpha = 1;
  }

  /** The row whose frame lies at a place in pixels, or -1. @param {{ x: number, y: number }} place */
  rowAt({ x, y }) {
    const over = (/** @type {Mark} */ { left, top, width, height }) =>
      x >= left && x <= left + width && y >= top && y <= top + height;
    return this.shown.find(over)?.row ?? -1;
  }

  /** @param {Parameters<MapFrames["draw"]>[1]} map @returns {Mark[]} */
  #chosen({ rows, toPixels, width, height, zoomed, taken }) {
    if (!zoomed || !this.#context.store.get("names") || !this.#pictures.possible) return [];
    const inSight = rowsInSight(rows, toPixels, { width, height });
    if (!inSight) return [];
    this.#pictures.keepOnly(new Set(inSight.map(({ row }) => row)));
    const { store } = this.#context;
    const rank = (/** @type {number} */ row) =>
      2 * Number(row === store.get("focus")) + store.get("mask")[row];
    inSight.sort((a, b) => rank(b.row) - rank(a.row) || a.row - b.row);
    const marks = inSight.flatMap(({ row, at }) => {
      const picture = this.#pictures.of(row);
      return picture ? [{ row, picture, ...boxAround(at, picture) }] : [];
    });
    return boxesWithRoom(marks, { width, height }, taken);
  }
}

/** What lies on the panel; null where that is too much. @param {Uint32Array} rows @param {(row: number) => Point | null} toPixels @param {{ width: number, height: number }} panel */
function rowsInSight(rows, toPixels, { width, height }) {
  /** @type {{ row: number, at: Point }[]} */
  const found = [];
  for (const row of rows) {
    const at = toPixels(row);
    if (!at || at[0] < 0 || at[1] < 0 || at[0] > width || at[1] > height) continue;
    if (found.length === MOST_POINTS) return null;
    found.push({ row, at });
  }
  return found;
}

/** @param {Point} at @param {HTMLCanvasElement} picture */
function boxAround([px, py], { width, height }) {
  const tall = Math.round((WIDE * height) / width);
  return { left: px - WIDE / 2, top: py - tall / 2, width: WIDE, height: tall };
}
