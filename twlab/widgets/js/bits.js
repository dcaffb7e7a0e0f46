/** Selections as masks (one byte per row) and as bitmasks (one bit per row, for the wire). */

/** @param {Uint8Array} mask */
export function packBits(mask) {
  const bits = new Uint8Array((mask.length + 7) >> 3);
  for (let i = 0; i < mask.length; i++) if (mask[i]) bits[i >> 3] |= 1 << (i & 7);
  return bits;
}

/** @param {Uint8Array} bits @param {number} n */
export function unpackBits(bits, n) {
  const mask = new Uint8Array(n);
  const known = Math.min(n, bits.length * 8);
  for (let i = 0; i < known; i++) mask[i] = (bits[i >> 3] >> (i & 7)) & 1;
  return mask;
}

/** @param {Uint8Array} mask */
export function countSet(mask) {
  let count = 0;
  for (let i = 0; i < mask.length; i++) count += mask[i];
  return count;
}

/**
 * The new mask when `rows` are picked: replacing what was selected, added to it, or taken away.
 * @param {Uint8Array} mask @param {ArrayLike<number>} rows
 * @param {"replace" | "add" | "toggle"} mode
 */
export function combineSelection(mask, rows, mode) {
  const out = mode === "replace" ? new Uint8Array(mask.length) : mask.slice();
  for (let k = 0; k < rows.length; k++) {
    out[rows[k]] = mode === "toggle" ? 1 - out[rows[k]] : 1;
  }
  return out;
}
