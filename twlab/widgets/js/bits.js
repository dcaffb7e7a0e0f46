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

/** One byte for each of `n` rows: 1 where it is among `rows`. @param {ArrayLike<number>} rows @param {number} n */
export function maskOf(rows, n) {
  const mask = new Uint8Array(n);
  for (let k = 0; k < rows.length; k++) mask[rows[k]] = 1;
  return mask;
}

/**
 * The values of some rows, in their order: the very array where those are all rows, from the first on.
 * @template {Float32Array | Uint32Array | Uint8Array} A
 * @param {A} values @param {Uint32Array} rows @returns {A}
 */
export function gather(values, rows) {
  let k = 0;
  while (k < rows.length && rows[k] === k) k++;
  if (k === rows.length && k === values.length) return values;
  const out = /** @type {A} */ (new /** @type {any} */ (values.constructor)(rows.length));
  for (k = 0; k < rows.length; k++) out[k] = values[rows[k]];
  return out;
}
