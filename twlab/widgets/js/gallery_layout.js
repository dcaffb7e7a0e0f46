/** Where the cards of the gallery lie, and which of them are seen: a strip, or rows of a grid. */

/**
 * @typedef {object} Shape of a card, in pixels
 * @property {number} width the least it needs
 * @property {number} words height of what stands below the frame
 * @property {number} ratio height of the frame as a part of its width; 0 where there is none
 */
/**
 * @typedef {object} Layout
 * @property {number} n cards
 * @property {boolean} grid rows below each other; otherwise one row that runs on
 * @property {number} columns
 * @property {number} width of a card
 * @property {number} height of a card
 * @property {number} view how much is seen along the way one scrolls
 * @property {number} gap between cards
 * @property {number} pitch from one row of cards to the next, along that way
 * @property {number} full how long all cards are, along that way
 * @property {number} length how long what is scrolled is: browsers draw nothing beyond some length
 */

export const CARD_GAP = 8;
/** Firefox draws nothing beyond 17.8 million pixels, Chromium beyond 33. */
const LONGEST = 8_000_000;
/** Rows of cards made before they are seen, on either side. */
const AHEAD = 1;

/**
 * @param {{ n: number, grid: boolean, width: number, height: number, shape: Shape, gap?: number }} room
 *   width and height of what is seen
 * @returns {Layout}
 */
export function layCards({ n, grid, width, height, shape, gap = CARD_GAP }) {
  const fitting = Math.floor((width + gap) / (shape.width + gap));
  const columns = grid ? Math.max(1, fitting) : Math.max(1, n);
  const own = grid ? (width - gap * (columns - 1)) / columns : shape.width;
  const tall = Math.round(own * shape.ratio) + shape.words;
  const pitch = (grid ? tall : own) + gap;
  const full = Math.max(0, Math.ceil(n / (grid ? columns : 1)) * pitch - gap);
  const length = Math.min(full, LONGEST);
  return {
    n,
    grid,
    columns,
    width: own,
    height: tall,
    view: grid ? height : width,
    gap,
    pitch,
    full,
    length,
  };
}

/** What the scrollbar's pixels stand for: more than themselves where there are too many cards. @param {Layout} layout @param {number} scroll */
export function offsetAt({ full, length, view }, scroll) {
  return full > length ? (scroll * (full - view)) / (length - view) : scroll;
}

/** The cards in sight, and a row before and after them: from the first up to, without, the second. @param {Layout} layout @param {number} scroll @returns {[number, number]} */
export function cardsSeen(layout, scroll) {
  const per = layout.grid ? layout.columns : 1;
  const offset = offsetAt(layout, scroll);
  const first = Math.floor(offset / layout.pitch) - AHEAD;
  const last = Math.ceil((offset + layout.view) / layout.pitch) + AHEAD;
  return [Math.max(0, first * per), Math.min(layout.n, last * per)];
}

/** Left and top of a card within what is scrolled. @param {Layout} layout @param {number} k @param {number} scroll @returns {[number, number]} */
export function cardPlace(layout, k, scroll) {
  const { grid, columns, width, gap, pitch } = layout;
  const away = scroll - offsetAt(layout, scroll);
  if (!grid) return [k * pitch + away, 0];
  return [(k % columns) * (width + gap), Math.floor(k / columns) * pitch + away];
}

/** Where to scroll to for a card to be in sight; `scroll` where it is already. @param {Layout} layout @param {number} k @param {number} scroll */
export function scrollFor(layout, k, scroll) {
  const { grid, columns, gap, pitch, view, full, length } = layout;
  const from = Math.floor(k / (grid ? columns : 1)) * pitch;
  const to = from + pitch - gap;
  const offset = offsetAt(layout, scroll);
  if (from >= offset && to <= offset + view) return scroll;
  const wanted = from < offset ? from : Math.min(from, to - view);
  const scale = full > length ? (length - view) / (full - view) : 1;
  return Math.max(0, wanted * scale);
}

/** The card to which a key leads from card `k`, or -1 where the key leads nowhere. @param {Layout} layout @param {string} key @param {number} k */
export function cardAfterKey({ n, grid, columns, view, pitch }, key, k) {
  const row = grid ? columns : 1;
  const page = Math.max(1, Math.floor(view / pitch)) * row;
  /** @type {Record<string, number>} */
  const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -page, PageDown: page };
  if (grid) Object.assign(steps, { ArrowUp: -row, ArrowDown: row });
  if (key === "Home") return n ? 0 : -1;
  if (key === "End") return n - 1;
  if (!(key in steps)) return -1;
  return Math.max(0, Math.min(n - 1, k + steps[key]));
}
