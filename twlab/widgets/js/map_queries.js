/** Queries on the map: a diamond each, with its name beside it. They are no segments. */

import { drawQuery } from "./map_marks.js";
import { shortName } from "./map_names.js";
import { boxesWithRoom } from "./map_places.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./map_places.js").Box} Box */
/** @typedef {import("./data.js").Query} Query */
/** @typedef {{ query: Query, at: Point }} Mark */
/** @typedef {{ toPixels: (x: number, y: number) => Point, width: number, height: number }} Map */

/** From the middle of a diamond to its corners, in pixels: twice as large as a point. */
export const QUERY_RADIUS = 8;
const [LABEL_FONT, LABEL_HEIGHT, LABEL_PAD, LABEL_GAP] = [12, 18, 5, 3];

export class MapQueries {
  #context;
  /** @type {Mark[]} those in sight */
  #marks = [];

  /** What is drawn, for names that must not lie over it. @type {Box[]} */
  taken = [];

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
  }

  /** Find where queries lie; before names are placed. @param {CanvasRenderingContext2D} ctx @param {Map} map */
  place(ctx, map) {
    const { data, store, look } = this.#context;
    const space = store.get("space");
    this.#marks = data.queries
      .filter((query) => data.mapAll || query.space === space)
      .map((query) => ({ query, at: map.toPixels(query.x, query.y) }))
      .filter(({ at: [x, y] }) => x >= 0 && y >= 0 && x <= map.width && y <= map.height);
    ctx.font = look.font(LABEL_FONT, 600);
    const diamonds = this.#marks.map(({ at }) => boxOfQuery(at));
    this.labels = store.get("names") ? placeQueryLabels(ctx, this.#marks, diamonds, map) : [];
    this.taken = [...diamonds, ...this.labels];
  }

  /** @type {(Box & { text: string })[]} */
  labels = [];

  /** @param {CanvasRenderingContext2D} ctx */
  draw(ctx) {
    const { look } = this.#context;
    for (const { at } of this.#marks) drawQuery(ctx, at, QUERY_RADIUS, look);
    ctx.font = look.font(LABEL_FONT, 600);
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    for (const { left, top, width, height, text } of this.labels) {
      ctx.fillStyle = look.paper(0.86);
      ctx.beginPath();
      ctx.roundRect(left, top, width, height, 4);
      ctx.fill();
      ctx.fillStyle = look.ink(0.92);
      ctx.fillText(text, left + LABEL_PAD, top + height / 2);
    }
    ctx.textBaseline = "alphabetic";
  }

  /** The row most like the query at a place in pixels, or -1. @param {{ x: number, y: number }} place */
  rowAt({ x, y }) {
    const near = (/** @type {Mark} */ { at }) => Math.hypot(at[0] - x, at[1] - y) <= QUERY_RADIUS;
    return this.#marks.find(near)?.query.row ?? -1;
  }
}

/** @param {Point} at @returns {Box} */
function boxOfQuery([x, y]) {
  return {
    left: x - QUERY_RADIUS,
    top: y - QUERY_RADIUS,
    width: 2 * QUERY_RADIUS,
    height: 2 * QUERY_RADIUS,
  };
}

/**
 * The names that have room beside their diamonds: to the right, else left, below or above.
 * @param {CanvasRenderingContext2D} ctx @param {Mark[]} marks @param {Box[]} diamonds @param {Map} map
 */
function placeQueryLabels(ctx, marks, diamonds, map) {
  /** @type {(Box & { text: string })[]} */
  const placed = [];
  for (const { query, at } of marks) {
    const text = shortName(query.name);
    const width = ctx.measureText(text).width + 2 * LABEL_PAD;
    const tries = placesBesideQuery(at, width).map((box) => ({ ...box, text }));
    const taken = [...diamonds, ...placed];
    const found = tries.find((box) => boxesWithRoom([box], map, taken).length);
    if (found) placed.push(found);
  }
  return placed;
}

/** @param {Point} at @param {number} width @returns {Box[]} */
function placesBesideQuery([x, y], width) {
  const [middle, far] = [{ width, height: LABEL_HEIGHT }, QUERY_RADIUS + LABEL_GAP];
  return [
    { ...middle, left: x + far, top: y - LABEL_HEIGHT / 2 },
    { ...middle, left: x - far - width, top: y - LABEL_HEIGHT / 2 },
    { ...middle, left: x - width / 2, top: y + far },
    { ...middle, left: x - width / 2, top: y - far - LABEL_HEIGHT },
  ];
}
