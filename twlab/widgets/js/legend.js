/** What the colours mean: categories to click, or a scale. */

import { categoryColours, cssColour, sequenceRamp } from "./colour.js";
import { element } from "./dom.js";
import { findColumn } from "./data.js";
import { formatTime } from "./time.js";

/** @typedef {import("./app.js").Context} Context */

const NAMED = 16;

/** @param {Context} context @param {HTMLElement} parent */
export function createLegend(context, parent) {
  const { data, store } = context;
  function draw() {
    const column = findColumn(data, store.get("colorBy"));
    if (!column) return parent.replaceChildren();
    if (column.kind === "number") return parent.replaceChildren(scale(column, store.get("theme")));
    parent.replaceChildren(...chips(context, column));
  }
  const off = store.on(["colorBy", "theme"], draw);
  draw();
  return { destroy: off };
}

/** @param {Context} context @param {import("./data.js").CategoryColumn} column */
function chips({ data, store, actions }, column) {
  const palette = categoryColours(store.get("theme"));
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

/** @param {import("./data.js").NumberColumn} column @param {"light" | "dark"} theme */
function scale(column, theme) {
  const text = (/** @type {number} */ value) =>
    column.time ? formatTime(value) : String(Number(value.toPrecision(3)));
  return element(
    "span",
    { class: "twx-scale" },
    text(column.low),
    rampBar(sequenceRamp(theme)),
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
