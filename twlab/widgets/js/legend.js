/** What the colours mean: categories to click, or a scale. */

import { categoryColours, cssColour, sequenceRamp } from "./colour.js";
import { element } from "./dom.js";
import { findColumn } from "./data.js";
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
    context.store.on(["colorBy"], () => this.#draw(), this.#life.signal);
    this.#draw();
  }

  #draw() {
    const { data, store } = this.#context;
    const column = findColumn(data, store.get("colorBy"));
    if (!column) this.#parent.replaceChildren();
    else if (column.kind === "number") this.#parent.replaceChildren(makeScale(column));
    else this.#parent.replaceChildren(...makeChips(this.#context, column));
  }

  destroy() {
    this.#life.abort();
  }
}

/** @param {Context} context @param {import("./data.js").CategoryColumn} column */
function makeChips({ data, store, actions }, column) {
  const palette = categoryColours();
  const made = column.names.slice(0, NAMED).map((name, code) =>
    element(
      "button",
      {
        type: "button",
        class: "twx-chip",
        title: `Select ${column.name} ${name}`,
        onclick: (/** @type {MouseEvent} */ event) => {
          const rows = [...Array(data.n).keys()].filter((i) => column.codes[i] === code);
          actions.select(rows, event.shiftKey ? "add" : "replace", `with ${column.name} ${name}`);
        },
      },
      element("span", {
        class: "twx-dot",
        style: `background:${cssColour(palette[code % palette.length])}`,
      }),
      name,
    ),
  );
  const more = column.names.length - NAMED;
  /** @type {HTMLElement[]} */
  const out = [...made];
  if (more > 0) out.push(element("span", { class: "twx-more" }, `and ${more} more`));
  return out;
}

/** @param {import("./data.js").NumberColumn} column */
function makeScale(column) {
  const text = (/** @type {number} */ value) =>
    column.time ? formatTime(value) : String(Number(value.toPrecision(3)));
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
