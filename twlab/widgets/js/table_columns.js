/** The columns of the table: when, which video, and whatever else is known of the rows. */

import { findColumn } from "./data.js";
import { placeText } from "./facts.js";
import { rowsByColumn, rowsByNumber, valueText } from "./table_order.js";

/** @typedef {import("./data.js").Data} Data */
/** @typedef {import("./data.js").Column} Column */
/**
 * @typedef {object} TableColumn
 * @property {string} name
 * @property {Column | null} column what can be filtered, null where nothing can
 * @property {boolean} aligned whether numbers stand below each other
 * @property {(row: number) => string} text
 * @property {(rows: Uint32Array, descending: boolean) => Uint32Array} order
 */

/** More columns than this are there to choose, but not shown unasked. */
const COLUMNS_SHOWN = 8;

/** The columns asked for stand first. @param {Data} data @returns {TableColumn[]} */
export function tableColumns(data) {
  const all = data.columns;
  const others = all.filter(({ name }) => name !== data.timeColumn);
  const first = new Set(data.tooltip);
  const rank = ({ name = "" }) => (name === "video" ? 0 : first.has(name) ? 1 : 2);
  const ordered = [...others].sort((a, b) => rank(a) - rank(b));
  const when = {
    ...{ name: data.timeColumn, aligned: false, column: findColumn(data, data.timeColumn) },
    text: (/** @type {number} */ row) => placeText(data, row),
    order: (/** @type {Uint32Array} */ rows, /** @type {boolean} */ descending) =>
      rowsByNumber(rows, data.start, descending),
  };
  return [when, ...ordered.map(columnOf)];
}

/** @param {Column} column @returns {TableColumn} */
function columnOf(column) {
  return {
    ...{ name: column.name, column, aligned: column.kind === "number" },
    text: (row) => valueText(column, row),
    order: (rows, descending) => rowsByColumn(rows, column, descending),
  };
}

/** The names of the columns that are shown unasked. @param {TableColumn[]} columns */
export function shownUnasked(columns) {
  return new Set(columns.slice(0, COLUMNS_SHOWN).map(({ name }) => name));
}

/** What a filter takes, in words. @param {import("./facets.js").Filter} filter @param {Column} column @param {(value: number) => string} text */
export function filterText({ range, groups }, column, text) {
  const named = column.kind === "category" ? column.names : [];
  const unnamed = column.kind === "category" ? ["missing"] : ["missing", "infinite"];
  const words = groups.map((group) => named[group] ?? unnamed[group - named.length]);
  if (range) words.unshift(range.map(text).join(" – "));
  const [shown, rest] = [words.slice(0, 2), words.length - 2];
  return `${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
