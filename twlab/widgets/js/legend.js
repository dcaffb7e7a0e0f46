/** What the colours mean: categories to click, or a scale. */

import { categoryColours, cssColour, sequenceRamp } from "./colour.js";
import { element } from "./dom.js";
import { findColumn, isMissing } from "./data.js";
import { formatTime } from "./time.js";

/** @typedef {import("./app.js").Context} Context */

const NAMED = 16;

export class Legend {
  #context;
  #parent;
  #life = new AbortController();

  /** @param {Context} context @param {HTMLElement} parent */
  constructor(context, parent) {
    this.#context = context;
    this.#parent = parent;
    context.store.on(["colorBy", "labels"], () => this.#draw(), this.#life.signal);
    this.#draw();
  }

  #draw() {
    const { data, store } = this.#context;
    const column = findColumn(data, store.get("colorBy"));
    if (!column) return this.#parent.replaceChildren();
    const told = column.kind === "number" ? [makeScale(column)] : makeChips(this.#context, column);
    this.#parent.replaceChildren(...told, ...makeMissing(this.#context, column));
  }

  destroy() {
    this.#life.abort();
  }
}

/** @param {Context} context @param {import("./data.js").CategoryColumn} column */
function makeChips(context, column) {
  const palette = categoryColours();
  /** @type {HTMLElement[]} */
  const made = column.names.slice(0, NAMED).map((name, code) =>
    makeChip(context, {
      name,
      what: `${column.name} ${name}`,
      colour: palette[code % palette.length],
      has: (row) => column.codes[row] === code,
    }),
  );
  const more = column.names.length - NAMED;
  if (more > 0) made.push(element("span", { class: "twx-more" }, `and ${more} more`));
  return made;
}

/** What selects the rows without a value, where there are any. @param {Context} context @param {import("./data.js").Column} column */
function makeMissing(context, column) {
  const { data, look } = context;
  /** @param {number} row */
  const has = (row) => isMissing(column, row);
  if (![...Array(data.n).keys()].some(has)) return [];
  return [
    makeChip(context, { name: "none", what: `no ${column.name}`, colour: look.missing(), has }),
  ];
}

/**
 * A name with its colour, to select its rows.
 * @param {Context} context
 * @param {{ name: string, what: string, colour: number, has: (row: number) => boolean }} group
 */
function makeChip({ data, actions }, { name, what, colour, has }) {
  const attributes = {
    type: "button",
    class: "twx-chip",
    title: `Select ${what}`,
    onclick: (/** @type {MouseEvent} */ event) => {
      const rows = [...Array(data.n).keys()].filter(has);
      actions.select(rows, event.shiftKey ? "add" : "replace", `with ${what}`);
    },
  };
  const dot = element("span", { class: "twx-dot", style: `background:${cssColour(colour)}` });
  return element("button", attributes, dot, name);
}

/** @param {import("./data.js").NumberColumn} column */
function makeScale(column) {
  const text = (/** @type {number} */ value) =>
    column.time ? formatTime(value) : String(Number(value.toPrecision(3)));
  if (column.low === column.high)
    return element("span", { class: "twx-scale" }, `all ${text(column.low)}`);
  return element(
    "span",
    { class: "twx-scale" },
    text(column.low),
    rampBar(sequenceRamp()),
    text(column.high),
  );
}

/** A bar that runs through 256 colours. @param {Uint32Array} colours */
export function rampBar(colours) {
  const stops = [0, 36, 73, 109, 146, 182, 219, 255].map((i) => cssColour(colours[i])).join(",");
  return element("span", {
    class: "twx-ramp",
    style: `background:linear-gradient(90deg,${stops})`,
  });
}
