/** Colours: palettes safe for colour-blind readers, and one packed colour per row. */

import { colourOrder, coloursOfGroups } from "./groups.js";
import { CATEGORIES, MARKS, MISSING, MUTED, N_STRONG, SIMILARITY } from "./palette.js";

/** @typedef {import("./data.js").Column} Column */

/** @param {string} hex @returns {[number, number, number]} */
export function hexRgb(hex) {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** As canvas image data wants it: red in the lowest byte. @param {number[]} rgb */
export function packColour([r, g, b]) {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** @param {number} packed */
export function cssColour(packed) {
  return `rgb(${packed & 255},${(packed >> 8) & 255},${(packed >> 16) & 255})`;
}

/** 256 packed colours that run through the stops. @param {string} stops */
function ramp(stops) {
  const colours = stops.split(" ").map(hexRgb);
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (colours.length - 1);
    const k = Math.min(Math.floor(place), colours.length - 2);
    const mix = (/** @type {number} */ c) =>
      Math.round(colours[k][c] + (colours[k + 1][c] - colours[k][c]) * (place - k));
    return packColour([mix(0), mix(1), mix(2)]);
  });
}

/** Of groups, in order of their numbers. */
export function categoryColours() {
  return CATEGORIES.split(" ").map((hex) => packColour(hexRgb(hex)));
}

/** For times and numbers. */
export function sequenceRamp() {
  return ramp(MARKS);
}

/** Bytes to colours, the contrast stretched between two of them. @param {{ lo: number, hi: number }} window */
export function similarityLut({ lo, hi }) {
  const colours = ramp(SIMILARITY);
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const place = Math.round(((i - lo) / Math.max(hi - lo, 1)) * 255);
    return colours[Math.max(0, Math.min(255, place))];
  });
}

/** @typedef {{ theme: "light" | "dark", hidden?: number[], lit?: number }} Dress groups of the column that are hidden, and the one that is pointed at */

/** Of groups beyond those that have a colour each. @param {"light" | "dark"} theme */
export function mutedColour(theme) {
  return packColour(hexRgb(MUTED[theme]));
}

/**
 * The colour of each group of a category column, that of missing values last. The one pointed at
 * is the only one in full colour.
 * @param {import("./data.js").CategoryColumn} column @param {number} n rows of the table @param {Dress} dress
 */
export function groupColours(column, n, { theme, hidden = [], lit = -1 }) {
  const [palette, missing] = [categoryColours(), packColour(hexRgb(MISSING[theme]))];
  const { names } = column;
  const ordered = names.length > palette.length ? colourOrder(column, n) : [];
  const places = coloursOfGroups({ names, ordered, hidden, nColours: palette.length });
  if (lit >= 0) {
    const faint = new Uint32Array(names.length + 1).fill(missing);
    faint[lit] = palette[Math.max(0, places[lit] ?? 0) % N_STRONG];
    return faint;
  }
  const own = Uint32Array.from(places, (k) => (k < 0 ? mutedColour(theme) : palette[k]));
  return Uint32Array.of(...own, missing);
}

/**
 * One packed colour per row.
 * @param {Column | null} column @param {number} n @param {Dress} dress
 */
export function rowColours(column, n, dress) {
  const missing = packColour(hexRgb(MISSING[dress.theme]));
  const out = new Uint32Array(n).fill(column ? missing : categoryColours()[0]);
  if (!column) return out;
  if (column.kind === "category") {
    const [{ codes, names }, colours] = [column, groupColours(column, n, dress)];
    for (let i = 0; i < n; i++) out[i] = colours[Math.min(codes[i], names.length)];
    return out;
  }
  const colours = sequenceRamp();
  const scale = 255 / (column.high - column.low || 1);
  for (let i = 0; i < n; i++) {
    const value = column.values[i];
    if (value - value !== 0) continue;
    out[i] = colours[Math.max(0, Math.min(255, Math.round((value - column.low) * scale)))];
  }
  return out;
}

/** Relative luminance, 0 to 1. @param {number[]} rgb */
export function luminance(rgb) {
  const [r, g, b] = rgb.map((v) =>
    v / 255 <= 0.04045 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
