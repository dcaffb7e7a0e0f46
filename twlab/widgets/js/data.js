/** What Python sent, as typed arrays: one description and one block of bytes. */

/**
 * @typedef {{ name: string, kind: "number", values: Float32Array, low: number, high: number, time: boolean, searched?: boolean }} NumberColumn `searched` where words gave the numbers
 * @typedef {{ name: string, kind: "category", codes: Uint32Array | Uint16Array | Uint8Array, names: string[], each?: Map<number, number[]> }} CategoryColumn `each` has the groups of rows that are in several
 * @typedef {NumberColumn | CategoryColumn} Column
 * @typedef {{ cells: Uint8Array, size: number, starts: Uint32Array, holes: Uint8Array | null, low: number, high: number }} Similarity a cell stands for the rows from its start to the next one; `holes` says of each cell whether it can be compared with itself (1: not) and with others (2: not)
 * @typedef {{ name: string, rows: Uint32Array, similarity: Similarity | null, byVideo: Similarity | null, neighbors: Int32Array | null, nNeighbors: number, noNeighbors: string }} Space `noNeighbors` says why there are none
 * @typedef {{ kind: "none" | "url" | "bytes" | "hls", url: string, mime: string, note: string, name: string }} Source
 * @typedef {{ id: string, title: string, duration: number, source: Source, thumbnail: string, typical: number }} Video second of the most typical frame, 0 for none
 * @typedef {{ name: string, space: number, x: number, y: number, row: number }} Query what was looked for, its place on the map of its space, and the row most like it
 * @typedef {object} Data
 * @property {string} title
 * @property {number} n
 * @property {string[]} views
 * @property {Float64Array | Float32Array} start
 * @property {Float64Array | Float32Array} end
 * @property {Record<number, string>} pages which page or chunk of a document a row without time is
 * @property {Uint32Array | Uint16Array | Uint8Array} video which video each row belongs to
 * @property {Uint32Array} order timed rows by video, lane and start
 * @property {Uint8Array} lane which embedding option each row belongs to
 * @property {string[]} lanes their names
 * @property {Float32Array | null} x
 * @property {Float32Array | null} y
 * @property {boolean} mapAll whether the map shows all spaces at once
 * @property {Float32Array | null} novelty
 * @property {Video[]} videos
 * @property {Column[]} columns
 * @property {string} videoColumn name of the column that says which video a row is of, empty where there is one video
 * @property {string} timeColumn name of the column of our own that says when a row is
 * @property {string} noNovelty why there is none, empty where that is plain
 * @property {string} colorBy
 * @property {string[]} tooltip
 * @property {Space[]} spaces
 * @property {Query[]} queries
 * @property {{ video: Uint32Array, sec: Float64Array | Float32Array }} scenes
 * @property {boolean} words whether words can be looked for
 * @property {{ rows: Record<number, string>, videos: Set<number> }} stills addresses of pictures of single rows, and the videos that have such
 */

/** @type {Record<string, any>} */
const ARRAY_TYPES = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/**
 * @param {any} spec
 * @param {DataView} bytes every array starts at a multiple of 8 within it
 * @returns {Data}
 */
export function decodeData(spec, bytes) {
  // Buffers that arrive over the wire are not always aligned: copy, once, where they are not.
  const aligned = bytes.byteOffset % 8 === 0;
  const buffer = aligned
    ? bytes.buffer
    : bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const base = aligned ? bytes.byteOffset : 0;
  const array = (/** @type {string | null} */ name) => {
    if (!name || !spec.arrays[name]) return null;
    const [type, length, offset] = spec.arrays[name];
    if (type === "count") return countUp(length);
    return new ARRAY_TYPES[type](buffer, base + offset, length);
  };
  const video = array("video");
  const square = (/** @type {any} */ told) => told && decodeSquare(told, array);
  return {
    ...spec,
    start: array("start"),
    end: array("end"),
    video,
    stills: stillsOf(spec.stills ?? {}, video),
    order: array("order"),
    lane: array("lane"),
    x: array("x"),
    y: array("y"),
    novelty: array("novelty"),
    scenes: { video: array("scene_video"), sec: array("scene_sec") },
    columns: spec.columns.map((/** @type {any} */ column) =>
      column.kind === "number"
        ? { ...column, values: array(column.array) }
        : { ...column, codes: array(column.array) },
    ),
    spaces: spec.spaces.map((/** @type {any} */ space) => ({
      ...space,
      rows: array(space.rows),
      neighbors: array(space.neighbors),
      similarity: square(space.similarity),
      byVideo: square(space.byVideo),
    })),
  };
}

/** @param {number} n */
function countUp(n) {
  const numbers = new Uint32Array(n);
  for (let k = 0; k < n; k++) numbers[k] = k;
  return numbers;
}

/** @param {any} told @param {(name: string | null) => any} array @returns {Similarity} */
function decodeSquare({ array: cells, starts, holes, ...told }, array) {
  return { ...told, cells: array(cells), starts: array(starts), holes: array(holes ?? null) };
}

/** @param {Record<number, string>} rows @param {Uint32Array} video */
function stillsOf(rows, video) {
  return { rows, videos: new Set(Object.keys(rows).map((row) => video[Number(row)])) };
}

/** The column of that name, if there is one. @param {Data} data @param {string} name */
export function findColumn(data, name) {
  return data.columns.find((column) => column.name === name) ?? null;
}

/** Between the names of a row that has several; names that are typed are parted by it. */
export const NAMES_APART = "; ";

/** What a row is called: mostly one name, or none. @param {CategoryColumn} column @param {number} row */
export function namesOf({ codes, names, each }, row) {
  const own = each?.get(row) ?? [codes[row]];
  return own.filter((code) => code < names.length).map((code) => names[code]);
}

/** Whether a row is in a group, if of several. @param {CategoryColumn} column @param {number} row @param {number} code */
export function isInGroup({ codes, each }, row, code) {
  return codes[row] === code || Boolean(each?.get(row)?.includes(code));
}

/** What a column says about a row, as text. @param {Column} column @param {number} row */
export function cellText(column, row) {
  if (isMissing(column, row)) return "–";
  if (column.kind === "category") return namesOf(column, row).join(NAMES_APART);
  const value = column.values[row];
  return Number.isInteger(value) ? String(value) : value.toPrecision(4).replace(/\.?0+$/, "");
}

/** Whether a column says nothing of a row. @param {Column} column @param {number} row */
export function isMissing(column, row) {
  if (column.kind === "category") return column.codes[row] >= column.names.length;
  return !Number.isFinite(column.values[row]);
}

/**
 * Rows the map draws: of the space shown, with coordinates.
 * @param {Data} data @param {number} space
 */
export function mapRows(data, space) {
  const { x, y, n, mapAll } = data;
  if (!x || !y) return new Uint32Array(0);
  const own = data.spaces[space]?.rows ?? new Uint32Array(0);
  const candidates = mapAll ? n : own.length;
  const drawn = new Uint32Array(candidates);
  let count = 0;
  for (let k = 0; k < candidates; k++) {
    const row = mapAll ? k : own[k];
    // A difference is 0 for finite numbers only; this is the fastest test there is.
    if (x[row] - x[row] === 0 && y[row] - y[row] === 0) drawn[count++] = row;
  }
  return drawn.subarray(0, count);
}
