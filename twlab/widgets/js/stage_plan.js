/** How the room of the explorer is shared among its panels: sizes in pixels, nothing drawn. */

/**
 * @typedef {object} Layout what the user has made of it; what is empty or 0 is shared by itself
 * @property {Readonly<Record<string, number>>} columns widths of the columns, in any unit
 * @property {number} tall height of the columns
 * @property {number} timeline height of the timeline
 * @property {readonly string[]} away panels that are not shown
 */
/**
 * @typedef {object} Room
 * @property {number} width
 * @property {number} height to be filled by columns and timeline; NaN where there is no such limit
 * @property {boolean} tight whether all is to be seen at once, on a full screen, or pages may scroll
 * @property {number} natural height of the timeline as it is by itself, 0 where there is none
 * @property {number} most height of the timeline of which it can make use
 * @property {number} [rows] of columns that stand below each other, each as high
 */

/** @type {Layout} */
export const OWN_LAYOUT = { columns: {}, tall: 0, timeline: 0, away: [] };
/** Space between panels: `gap` of `.twx-stage`. */
export const GAP = 10;
/** Below this a heatmap has no room for its axes, and a player none for its buttons. */
export const LEAST_COLUMN = 220;
export const LEAST_TALL = 200;
export const LEAST_TIMELINE = 70;
/** Heights of columns in a page that scrolls: of the width, and within which bounds. */
const [BY_WIDTH, FROM, UP_TO] = [0.33, 310, 560];
/** Part of a window for the timeline: a lane of 40 pixels on a laptop, the map three times as high. */
const TIMELINE_PART = 0.27;
/** Of many videos the timeline scrolls: on a full screen it leaves the columns twice its own height. */
const MOST_OF_MANY = 1 / 3;
/** The map is a little wider than its neighbours. */
const SHARES = /** @type {Record<string, number>} */ ({ map: 1.12, mapBeside: 1.12, player: 1.06 });
/** A heatmap is square, with its axes beside it: more width than this stays empty. */
const SQUARE = 1.06;
/** A player wider than this, measured by its height, has its words beside it: a column more. */
const ROOM_BESIDE = 1.65;

/** @param {number} value @param {number} least @param {number} most */
function clampSize(value, least, most) {
  return Math.max(least, Math.min(value, most));
}

/** @param {Room} room @param {Layout} layout @returns {{ tall: number, timeline: number }} */
export function planHeights({ width, height, tight, natural, most, rows = 1 }, layout) {
  const own = clampSize(BY_WIDTH * width, FROM, UP_TO);
  if (!Number.isFinite(height))
    return { tall: layout.tall || own, timeline: layout.timeline || natural };
  // Of two rows both are to be seen: they are smaller before the page scrolls.
  const least = tight || rows > 1 ? FROM : own;
  const gaps = GAP * (rows - 1);
  const kept = (layout.tall || least) * rows + gaps;
  const needed = tight
    ? Math.min(natural, Math.max(LEAST_TIMELINE, MOST_OF_MANY * height))
    : natural;
  const part = layout.tall ? height - kept : Math.min(TIMELINE_PART * height, height - kept);
  const timeline = layout.timeline || (natural && clampSize(part, needed, most));
  const share = (height - timeline - gaps) / rows;
  return { tall: Math.round(layout.tall || Math.max(least, share)), timeline };
}

/** Widths of the columns named, which together take the width. @param {readonly string[]} names @param {number} width @param {number} tall @param {Layout} layout @returns {number[]} */
export function planColumns(names, width, tall, { columns }) {
  const room = width - GAP * (names.length - 1);
  const known = names.map((name) => columns[name]).filter((size) => size > 0);
  const usual = known.reduce((sum, size) => sum + size, 0) / known.length;
  if (known.length)
    return shareOut(
      names.map((name) => columns[name] || usual),
      room,
    );
  const shares = shareOut(
    names.map((name) => SHARES[name] ?? 1),
    room,
  );
  const squares = names.map((name) => name.startsWith("heatmap"));
  if (squares.every(Boolean)) return shares;
  const kept = shares.map((size, k) => (squares[k] ? Math.min(size, SQUARE * tall) : 0));
  const rest = shares.map((size, k) => (squares[k] ? 0 : size));
  const left = room - kept.reduce((sum, size) => sum + size, 0);
  return shareOut(rest, left).map((size, k) => (squares[k] ? kept[k] : size));
}

/** @param {number[]} sizes @param {number} room */
function shareOut(sizes, room) {
  const sum = sizes.reduce((total, size) => total + size, 0);
  return sizes.map((size) => (size / sum) * room);
}

/** Whether there is room for the words beside the film. @param {number} width of the player's panel @param {number} tall */
export function isWordsBeside(width, tall) {
  return width > ROOM_BESIDE * tall;
}

/** Widths after the border behind column `k` was moved to where that column is so wide. @param {number[]} widths @param {number} k @param {number} wanted */
export function moveBorder(widths, k, wanted) {
  const both = widths[k] + widths[k + 1];
  const least = Math.min(LEAST_COLUMN, both / 2);
  const moved = [...widths];
  moved[k] = clampSize(wanted, least, both - least);
  moved[k + 1] = both - moved[k];
  return moved;
}

/** Another panel is shown, or not; the last one stays. @param {Layout} layout @param {string} name @param {readonly string[]} views @returns {Layout} */
export function togglePanel(layout, name, views) {
  const away = layout.away.includes(name)
    ? layout.away.filter((other) => other !== name)
    : [...layout.away, name];
  return views.every((view) => away.includes(view)) ? layout : { ...layout, away };
}
