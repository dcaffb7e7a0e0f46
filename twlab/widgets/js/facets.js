/**
 * How the values of a column are spread, and which rows some filters leave.
 *
 * Numbers fall into bins as wide as each other; bin `k` holds what is at least `edges[k]` and less
 * than `edges[k + 1]`, the last one also what is exactly there. Numbers that are missing or
 * infinite lie in no bin: they are groups, as categories are.
 */

import { compareNames, missingGroup } from "./groups.js";

/** @typedef {import("./data.js").Data} Data */
/** @typedef {import("./data.js").Column} Column */
/**
 * @typedef {object} Filter rows whose number lies in the range or who are in one of the groups
 * @property {[number, number] | null} range from the first number up to the second one; to it only where `closed`
 * @property {boolean} closed
 * @property {number[]} groups
 */
/** @typedef {Readonly<Record<string, Filter>>} Filters by the name of the column; rows pass all of them */
/**
 * @typedef {object} Facet
 * @property {Column} column
 * @property {Float64Array} edges of the bins, one more than there are; none of categories
 * @property {number} nBins
 * @property {ArrayLike<number>} slots of each row: its bin; its group comes after all bins
 * @property {number} nGroups
 * @property {Uint32Array} totals rows in each slot
 */

/** @type {Filters} */
export const NO_FILTERS = Object.freeze({});

/** As many as can be told apart and hit with a finger in a column of a table. */
const N_BINS = 24;
/** Of columns of numbers, as groups. */
const [MISSING_NUMBER, INFINITE_NUMBER] = [0, 1];

/** @param {Column} column @param {number} n rows of the table @returns {Facet} */
export function facetOf(column, n) {
  if (column.kind === "category") {
    const [nGroups, slots] = [missingGroup(column) + 1, column.codes];
    const facet = { column, edges: new Float64Array(0), nBins: 0, slots, nGroups };
    return { ...facet, totals: countSlots({ ...facet, totals: new Uint32Array(0) }, null, n) };
  }
  const edges = edgesOf(column.values);
  const nBins = Math.max(0, edges.length - 1);
  const slots = new Uint8Array(n);
  for (let row = 0; row < n; row++) slots[row] = slotOf(column.values[row], edges, nBins);
  const facet = { column, edges, nBins, slots, nGroups: 2 };
  return { ...facet, totals: countSlots({ ...facet, totals: new Uint32Array(0) }, null, n) };
}

/** @param {Float32Array} values */
export function edgesOf(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value - value !== 0) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return new Float64Array(0);
  if (low === high) return Float64Array.of(low, high);
  const edges = Float64Array.from({ length: N_BINS + 1 }, (_, k) => {
    return low + ((high - low) * k) / N_BINS;
  });
  edges[N_BINS] = high;
  return edges;
}

/** @param {number} value @param {Float64Array} edges @param {number} nBins */
function slotOf(value, edges, nBins) {
  if (Number.isNaN(value)) return nBins + MISSING_NUMBER;
  if (!Number.isFinite(value)) return nBins + INFINITE_NUMBER;
  const span = edges[nBins] - edges[0] || 1;
  let bin = Math.min(nBins - 1, Math.floor(((value - edges[0]) / span) * nBins));
  // What was rounded here is decided by the edges, as it is for a filter.
  while (bin > 0 && value < edges[bin]) bin--;
  while (bin < nBins - 1 && value >= edges[bin + 1]) bin++;
  return bin;
}

/** How many of some rows lie in each slot, those in several groups in each; of all where there is no mask. @param {Facet} facet @param {Uint8Array | null} mask @param {number} n */
export function countSlots({ column, slots, nBins, nGroups }, mask, n) {
  const counts = new Uint32Array(nBins + nGroups);
  const last = counts.length - 1;
  if (mask) for (let row = 0; row < n; row++) counts[Math.min(slots[row], last)] += mask[row];
  else for (let row = 0; row < n; row++) counts[Math.min(slots[row], last)]++;
  const several = (column.kind === "category" && column.each) || [];
  for (const [row, groups] of several) for (const one of groups) counts[one] += mask?.[row] ?? 1;
  return counts;
}

/** A filter by some bins that lie beside each other. @param {Facet} facet @param {number} from @param {number} to before which bin @returns {Filter} */
export function rangeFilter({ edges, nBins }, from, to) {
  return { range: [edges[from], edges[to]], closed: to === nBins, groups: [] };
}

/** The bins that a filter takes; none where it takes no range. @param {Facet} facet @param {Filter | undefined} filter @returns {[number, number] | null} */
export function binsOf({ edges, nBins }, filter) {
  if (!filter?.range) return null;
  const [low, high] = filter.range;
  return [edges.indexOf(low), filter.closed ? nBins : edges.indexOf(high)];
}

/** A filter with a group more or less; null where nothing is left of it. @param {Filter | undefined} filter @param {number} group @returns {Filter | null} */
export function toggleInFilter(filter, group) {
  const { range = null, closed = false, groups = [] } = filter ?? {};
  const without = groups.filter((one) => one !== group);
  const next = without.length < groups.length ? without : [...groups, group];
  return range || next.length ? { range, closed, groups: next } : null;
}

/** The filters with another one for a column. @param {Filters} filters @param {string} name @param {Filter | null} filter @returns {Filters} */
export function withFilter(filters, name, filter) {
  const others = Object.entries(filters).filter(([column]) => column !== name);
  return Object.fromEntries(filter ? [...others, [name, filter]] : others);
}

/** @param {Filters} filters */
export function isFiltered(filters) {
  return Object.keys(filters).length > 0;
}

/** One byte per row: 1 where it passes every filter. @param {Column[]} columns @param {number} n @param {Filters} filters */
export function rowsPassing(columns, n, filters) {
  const mask = new Uint8Array(n).fill(1);
  for (const [name, filter] of Object.entries(filters)) {
    const column = columns.find((one) => one.name === name);
    if (column) keepPassing(mask, column, filter);
  }
  return mask;
}

/** @param {Uint8Array} mask @param {Column} column @param {Filter} filter */
function keepPassing(mask, column, { range, closed, groups }) {
  if (column.kind === "category") {
    const last = missingGroup(column);
    const wanted = new Uint8Array(last + 1);
    for (const group of groups) wanted[group] = 1;
    for (let row = 0; row < mask.length; row++)
      mask[row] &=
        wanted[Math.min(column.codes[row], last)] ||
        Number(column.each?.get(row)?.some((group) => wanted[group]));
    return;
  }
  const [low, high] = range ?? [Infinity, -Infinity];
  const [missing, infinite] = [MISSING_NUMBER, INFINITE_NUMBER].map((one) => groups.includes(one));
  for (let row = 0; row < mask.length; row++) {
    const value = column.values[row];
    const finite = value - value === 0;
    const within = value >= low && (value < high || (closed && value === high));
    mask[row] &= Number(finite ? within : Number.isNaN(value) ? missing : infinite);
  }
}

/** Groups of a facet with their places, the largest first, those that say there is none last. @param {Facet} facet */
export function groupsOf({ column, totals, nBins }) {
  if (column.kind === "number")
    return ["missing", "infinite"]
      .map((name, group) => ({ group, name, total: totals[nBins + group], missing: true }))
      .filter(({ total }) => total);
  const groups = column.names.map((name, group) => {
    return { group, name, total: totals[group], missing: false };
  });
  groups.sort((a, b) => b.total - a.total || compareNames(a.name, b.name));
  const group = column.names.length;
  const none = { group, name: "missing", total: totals[group], missing: true };
  return [...groups.filter(({ total }) => total), ...(none.total ? [none] : [])];
}
