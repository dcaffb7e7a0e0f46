/** Where the timeline's rows lie: for each video a title, its film, its lanes and its novelty strip. */

/** @typedef {import("./data.js").Data} Data */
/** @typedef {import("./timeindex.js").Lane} Lane */
/**
 * @typedef {object} Strip
 * @property {"title" | "film" | "lane" | "novelty"} kind
 * @property {number} video
 * @property {Lane | null} lane
 * @property {number} top
 * @property {number} height
 * @property {string} label
 */

/** @typedef {[number, number]} Extent top and bottom */

const HEIGHT = { title: 20, film: 40, lane: 22, novelty: 30 };
const LANE_GAP = 4;
/** A lane higher than this is a block of colour, not a lane. */
export const MOST_STRETCH = 3;

/**
 * Videos that have a strip of film: where there is room for all of them; a single film always.
 * @param {Data} data @param {Lane[]} lanes @param {Set<number>} films videos with a film @param {number} room height that is seen at once
 * @returns {Set<number>}
 */
export function filmsWithRoom(data, lanes, films, room) {
  const { strips, height } = layoutLanes(data, lanes, 1, films);
  const several = strips.filter(({ kind }) => kind === "film").length > 1;
  return several && height > room ? new Set() : new Set(films);
}

/**
 * @param {Data} data @param {Lane[]} lanes @param {number} [stretch] how much higher all but titles are than by themselves
 * @param {Set<number>} [films] videos with a strip of film
 * @returns {{ strips: Strip[], height: number, duration: number }}
 */
export function layoutLanes(data, lanes, stretch = 1, films = new Set()) {
  /** @type {Strip[]} */
  const strips = [];
  let [top, duration] = [0, 0];
  /** @param {Strip["kind"]} kind @param {Lane} lane @param {string} label */
  const add = (kind, lane, label) => {
    const height = HEIGHT[kind] * (kind === "title" ? 1 : stretch);
    strips.push({
      kind,
      video: lane.video,
      lane: kind === "title" ? null : lane,
      top,
      height,
      label,
    });
    top += height + LANE_GAP;
  };
  lanes.forEach((lane, k) => {
    const first = !k || lanes[k - 1].video !== lane.video;
    const last = k === lanes.length - 1 || lanes[k + 1].video !== lane.video;
    if (first && k) top += 2 * LANE_GAP;
    if (first && data.videos.length > 1) add("title", lane, data.videos[lane.video].title);
    if (first && films.has(lane.video)) add("film", lane, "film");
    add("lane", lane, data.lanes[lane.lane] || "segments");
    duration = Math.max(duration, lane.ends, data.videos[lane.video].duration || 0);
    if (!last || !data.novelty) return;
    const rows = lanes.filter((other) => other.video === lane.video);
    const told = rows.find((other) => hasNovelty(data, other));
    if (told) add("novelty", told, "novelty");
  });
  return { strips, height: top, duration: duration || 1 };
}

/** @param {Data} data @param {Lane} lane */
function hasNovelty(data, lane) {
  const values = data.novelty;
  return values !== null && lane.rows.some((row) => Number.isFinite(values[row]));
}

/** The strip at a height, or null. @param {Strip[]} strips @param {number} y */
export function stripAt(strips, y) {
  const hit = strips.find(
    (strip) => y >= strip.top - LANE_GAP / 2 && y < strip.top + strip.height + LANE_GAP / 2,
  );
  return hit ?? null;
}

/** The strip of a video's lane, if it has one. @param {Strip[]} strips @param {number} video @param {number} lane */
export function laneStrip(strips, video, lane) {
  return strips.find((s) => s.kind === "lane" && s.video === video && s.lane?.lane === lane);
}

/** The lanes between two heights; where there are none, all of one video. @param {Strip[]} strips @param {number} top @param {number} bottom @param {number} video */
export function lanesBetween(strips, top, bottom, video) {
  const lanes = strips.filter((strip) => strip.kind === "lane");
  const touched = lanes.filter((lane) => lane.top < bottom && lane.top + lane.height > top);
  return touched.length ? touched : lanes.filter((lane) => lane.video === video);
}

/** Top and bottom of each video's strips, its title left out. @param {Strip[]} strips */
export function videoExtents(strips) {
  /** @type {Map<number, Extent>} */
  const extents = new Map();
  for (const { kind, video, top, height } of strips) {
    if (kind === "title") continue;
    extents.set(video, [extents.get(video)?.[0] ?? top, top + height]);
  }
  return extents;
}
