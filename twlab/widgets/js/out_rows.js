/** Rows as text to take out of the page: Python that chooses them from the table, CSV, JSON. */

import { NAMES_APART, findColumn, isMissing, namesOf } from "./data.js";
import { NAMED_COLUMN } from "./naming.js";

/** @typedef {import("./data.js").Data} Data */
/** @typedef {import("./data.js").Column} Column */

/** What a segment is known by, as the table has it. */
const KNOWN_BY = ["video_id", "embedding_option", "start_sec", "end_sec"];
/** The name of the only lane of a table without embedding options. */
const NO_OPTION = "segments";
/** What files of labels call a name, where the table has no column of that. */
const LABEL = "label";
/** What programs for sheets would take for a formula, and what would be read as such a text marked. */
const FORMULA = /^'*[=+\-@\t\r]/;
/** Digits with which every number of 32 bits comes back; most need fewer. */
const [FEWEST_DIGITS, MOST_DIGITS] = [6, 9];

/** The embedding option of a row, empty where it has none. @param {Data} data @param {number} row */
function optionOf({ lanes, lane }, row) {
  const name = lanes[lane[row]];
  return name === NO_OPTION ? "" : name;
}

/** @param {Data} data @param {number} row */
function keyOf(data, row) {
  return JSON.stringify([data.video[row], data.lane[row], data.start[row], data.end[row]]);
}

/** Whether what a segment is known by tells these rows from all others. @param {Data} data @param {number[]} rows */
function areTold(data, rows) {
  const chosen = new Set(rows);
  const keys = new Set(rows.map((row) => keyOf(data, row)));
  if (keys.size < rows.length) return false;
  for (let row = 0; row < data.n; row++)
    if (!chosen.has(row) && keys.has(keyOf(data, row))) return false;
  return true;
}

/** @param {number} value */
const pythonNumber = (value) =>
  Number.isFinite(value) ? (Number.isInteger(value) ? `${value}.0` : String(value)) : "-1.0";

/**
 * Python that chooses these rows from the table `segments`, in whatever order that is by now.
 * @param {Data} data @param {number[]} rows
 */
export function rowsAsPython(data, rows) {
  const head = `# ${rows.length} of ${data.n} rows of ${data.title.replaceAll(/\s+/g, " ")}`;
  if (!areTold(data, rows))
    return `${head}; by position, as others have the same video, option and times\nselection = segments.iloc[[${rows.join(", ")}]]\n`;
  const lines = rows.map((row) => {
    const texts = [data.videos[data.video[row]].id, optionOf(data, row)].map(pythonText);
    const times = [data.start[row], data.end[row]].map(pythonNumber);
    return `    (${[...texts, ...times].join(", ")}),`;
  });
  return [
    head,
    `known_by = ${JSON.stringify(KNOWN_BY)}`,
    "rows = {",
    ...lines,
    "}",
    'named = segments[known_by].astype({"video_id": str, "embedding_option": object})',
    'named = named.fillna({"embedding_option": "", "start_sec": -1.0, "end_sec": -1.0})',
    "selection = segments[[row in rows for row in named.itertuples(index=False, name=None)]]",
    "",
  ].join("\n");
}

/** A text as Python reads it: as JSON does, but for halves of a character. @param {string} text */
function pythonText(text) {
  return JSON.stringify(text).replaceAll(/[\u007f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/**
 * What is known of rows: where they are, what the page shows of them, null where it knows nothing,
 * and a list of the names that were given here.
 * @param {Data} data @param {number[]} rows
 */
export function rowsAsRecords(data, rows) {
  const unlike = [...KNOWN_BY, data.timeColumn, NAMED_COLUMN];
  const shown = data.columns.filter(({ name }) => !unlike.includes(name));
  const given = findColumn(data, NAMED_COLUMN);
  const head = findColumn(data, LABEL) ? NAMED_COLUMN : LABEL;
  return rows.map((row) => {
    /** @type {Record<string, string | number | null | string[]>} */
    const record = {
      video_id: data.videos[data.video[row]].id,
      embedding_option: optionOf(data, row) || null,
      start_sec: finiteOrNull(data.start[row]),
      end_sec: finiteOrNull(data.end[row]),
    };
    if (data.pages[row] !== undefined) record.page = data.pages[row];
    for (const column of shown) record[column.name] = valueOf(column, row);
    if (given?.kind === "category") record[head] = namesOf(given, row);
    return record;
  });
}

/** @param {Data} data @param {number[]} rows */
export function rowsAsJson(data, rows) {
  return `${JSON.stringify(rowsAsRecords(data, rows), null, 1)}\n`;
}

/**
 * As RFC 4180 has it; texts that a sheet would calculate have an apostrophe before them. A segment
 * with several names has a row for each, as in the file that `labels=` reads and writes.
 * @param {Data} data @param {number[]} rows
 */
export function rowsAsCsv(data, rows) {
  const records = rowsAsRecords(data, rows).flatMap(recordsByName);
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const lines = records.map((record) => names.map((name) => csvCell(record[name] ?? null)));
  return [names.map(csvCell), ...lines].map((cells) => `${cells.join(",")}\r\n`).join("");
}

/** What is known of a row, once for each name that it was given here. @param {ReturnType<typeof rowsAsRecords>[number]} record */
function recordsByName(record) {
  const [head, names] = Object.entries(record).find(([, value]) => Array.isArray(value)) ?? [];
  if (head === undefined || !Array.isArray(names)) return [record];
  return (names.length ? names : [null]).map((name) => ({ ...record, [head]: name }));
}

/** @param {string | number | null | string[]} value */
function csvCell(value) {
  if (value === null || Array.isArray(value)) return "";
  if (typeof value === "number") return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) || !safe ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** @param {number} value */
function finiteOrNull(value) {
  return Number.isFinite(value) ? value : null;
}

/** @param {Column} column @param {number} row */
function valueOf(column, row) {
  if (isMissing(column, row)) return null;
  return column.kind === "category"
    ? namesOf(column, row).join(NAMES_APART)
    : shortest(column.values[row]);
}

/** The shortest number that is the same in 32 bits. @param {number} value */
function shortest(value) {
  for (let digits = FEWEST_DIGITS; digits < MOST_DIGITS; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(MOST_DIGITS));
}
