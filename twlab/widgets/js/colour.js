/** Colours: palettes safe for colour-blind readers, and one packed colour per row. */

/** @typedef {import("./data.js").Column} Column */

/** Eleven hues of differing lightness (after Okabe & Ito, extended); other categories repeat them. */
const CATEGORIES = {
  light: "#0072b2 #e69f00 #009e73 #cc6699 #d55e00 #56b4e9 #8a6fd1 #b3a000 #7a4b2a #1b3a57 #8c8c8c",
  dark: "#4da3e0 #f5b335 #2ec4a0 #ee8fbd #ff8148 #8fd3ff #b19cf2 #ddd24a #c99468 #7f9cc0 #b8b8b8",
};
/** Sequential, even in lightness: for times and numbers (after viridis, its dark end lifted). */
const SEQUENCE = "#453781 #39568c #2a788e #1f9a8a #35b779 #74d055 #b8de29 #fde725";
/** Sequential, for similarity: near the background where low, standing out where high. */
const SIMILARITY = {
  dark: "#101218 #26223f #3b3a73 #36609b #348fa7 #45bbad #93ddb6 #f1fbef",
  light: "#f4faf6 #bfe6cf #7dcfb6 #45b0ac #348ba6 #375e97 #3b3771 #1c1430",
};
const MISSING = { light: "#c9ccd1", dark: "#4a4e57" };

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
export function ramp(stops) {
  const colours = stops.split(" ").map(hexRgb);
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (colours.length - 1);
    const k = Math.min(Math.floor(place), colours.length - 2);
    const mix = (/** @type {number} */ c) =>
      Math.round(colours[k][c] + (colours[k + 1][c] - colours[k][c]) * (place - k));
    return packColour([mix(0), mix(1), mix(2)]);
  });
}

/** @param {"light" | "dark"} theme */
export function categoryColours(theme) {
  return CATEGORIES[theme].split(" ").map((hex) => packColour(hexRgb(hex)));
}

export function sequenceRamp() {
  return ramp(SEQUENCE);
}

/** Bytes to colours, the contrast stretched between two of them. @param {"light" | "dark"} theme @param {{ lo: number, hi: number }} window */
export function similarityLut(theme, { lo, hi }) {
  const colours = ramp(SIMILARITY[theme]);
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const place = Math.round(((i - lo) / Math.max(hi - lo, 1)) * 255);
    return colours[Math.max(0, Math.min(255, place))];
  });
}

/**
 * One packed colour per row.
 * @param {Column | null} column @param {number} n @param {"light" | "dark"} theme
 */
export function rowColours(column, n, theme) {
  const missing = packColour(hexRgb(MISSING[theme]));
  const palette = categoryColours(theme);
  const out = new Uint32Array(n).fill(column ? missing : palette[0]);
  if (!column) return out;
  if (column.kind === "category") {
    const { codes, names } = column;
    for (let i = 0; i < n; i++) {
      if (codes[i] < names.length) out[i] = palette[codes[i] % palette.length];
    }
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
