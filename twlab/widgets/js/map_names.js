/** Names of the groups on the map, each at its densest place, with a frame of the film there. */

import { cssColour } from "./colour.js";
import { findColumn } from "./data.js";
import { boxesWithRoom, densestPlaces } from "./map_places.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./map_places.js").Place} Place */
/** @typedef {import("./map_places.js").Box & { text: string, colour: string, place: Place, picture: HTMLCanvasElement | null, at: Point }} Name */

/** Names tried, the largest groups' first: more than fit on any screen. */
const MOST_NAMES = 60;
/** Groups of which a frame is shown: more are a wall of pictures rather than a map. */
const MOST_PICTURES = 16;
const [FONT, NAME_HEIGHT, PAD] = [12, 16, 5];
/** Letters of a name that are written. */
const LONGEST_NAME = 28;
/** Pixels between a place and words alone, which would hide the points they name. */
const ABOVE = 2;
/** Of frames beside names, in pixels. */
const PICTURE = 54;
/** Below that a panel has room for points only. */
const SMALLEST_PANEL = 260;

export class MapNames {
  #context;
  #pictures;
  /** @type {Place[]} */
  #places = [];
  /** What the places were found for. @type {unknown[]} */
  #foundFor = [];

  /**
   * @param {Context} context @param {import("./row_pictures.js").RowPictures} pictures
   */
  constructor(context, pictures) {
    this.#context = context;
    this.#pictures = pictures;
  }

  /** The names with room, as last drawn. @type {Name[]} */
  shown = [];

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {{ x: Float32Array, y: Float32Array, rows: Uint32Array, toPixels: (x: number, y: number) => Point, width: number, height: number, taken: import("./map_places.js").Box[] }} map
   */
  draw(ctx, map) {
    this.shown = this.#placed(ctx, map);
    for (const name of this.shown) drawName(ctx, name, this.#context.look);
  }

  /** @param {CanvasRenderingContext2D} ctx @param {Parameters<MapNames["draw"]>[1]} map */
  #placed(ctx, { x, y, rows, toPixels, width, height, taken }) {
    const { data, store, look } = this.#context;
    const column = findColumn(data, store.get("colorBy"));
    if (column?.kind !== "category" || column.names.length < 2) return [];
    if (!store.get("names") || Math.min(width, height) < SMALLEST_PANEL) return [];
    this.#find(column, x, y, rows);
    const colours = look.groupColours(column);
    ctx.font = look.font(FONT, 600);
    const few = this.#places.length <= MOST_PICTURES;
    const names = this.#places.map((place) => {
      const at = toPixels(place.x, place.y);
      const text = shortName(nameOf(column, place.group));
      const wide = ctx.measureText(text).width;
      const picture = few ? this.#pictures.of(place.row) : null;
      const colour = cssColour(colours[place.group]);
      return { text, colour, place, picture, at, ...boxAt(at, wide, picture) };
    });
    const placed = boxesWithRoom(names, { width, height }, taken);
    const bare = names
      .filter((name) => name.picture && !placed.includes(name))
      .map((name) => {
        const wide = ctx.measureText(name.text).width;
        return { ...name, picture: null, ...boxAt(name.at, wide, null) };
      });
    return [...placed, ...boxesWithRoom(bare, { width, height }, [...placed, ...taken])];
  }

  /** @param {import("./data.js").CategoryColumn} column @param {Float32Array} x @param {Float32Array} y @param {Uint32Array} rows */
  #find(column, x, y, rows) {
    const now = [column, rows, x];
    if (now.every((one, k) => one === this.#foundFor[k])) return;
    this.#foundFor = now;
    this.#places = densestPlaces(column, x, y, rows, MOST_NAMES);
  }
}

/** A bare number says what it is a number of. @param {import("./data.js").CategoryColumn} column @param {number} group */
export function nameOf(column, group) {
  const name = column.names[group];
  return /^-?\d+$/.test(name) ? `${column.name} ${name}` : name;
}

/** @param {string} text */
export function shortName(text) {
  return text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME - 1).trimEnd()}…` : text;
}

/** Words alone stand above their place; a picture stands on it, its words below. @param {Point} at @param {number} textWidth @param {HTMLCanvasElement | null} picture */
function boxAt([px, py], textWidth, picture) {
  const pictureHeight = picture ? Math.round((PICTURE * picture.height) / picture.width) : 0;
  const width = Math.max(textWidth, picture ? PICTURE : 0) + 2 * PAD;
  const height = NAME_HEIGHT + pictureHeight + 2 * PAD;
  const top = picture ? py - height / 2 : py - height - ABOVE;
  return { left: px - width / 2, top, width, height };
}

/** @param {CanvasRenderingContext2D} ctx @param {Name} name @param {import("./look.js").Look} look */
function drawName(ctx, { left, top, width, height, text, colour, picture }, look) {
  const middle = left + width / 2;
  if (picture) {
    const tall = height - NAME_HEIGHT - 2 * PAD;
    ctx.drawImage(picture, middle - PICTURE / 2, top + PAD, PICTURE, tall);
    ctx.strokeStyle = colour;
    ctx.lineWidth = 2;
    ctx.strokeRect(middle - PICTURE / 2, top + PAD, PICTURE, tall);
  }
  ctx.font = look.font(FONT, 600);
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const line = top + height - PAD - NAME_HEIGHT / 2;
  const wide = ctx.measureText(text).width;
  ctx.fillStyle = look.paper(0.86);
  ctx.beginPath();
  ctx.roundRect(middle - wide / 2 - PAD, line - NAME_HEIGHT / 2, wide + 2 * PAD, NAME_HEIGHT, 4);
  ctx.fill();
  ctx.fillStyle = colour;
  ctx.fillRect(middle - wide / 2, line + NAME_HEIGHT / 2 - 2, wide, 2);
  ctx.fillStyle = look.ink(0.92);
  ctx.fillText(text, middle, line);
  ctx.textBaseline = "alphabetic";
}
