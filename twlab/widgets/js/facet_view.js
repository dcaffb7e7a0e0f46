/** The head of a column as a picture: how its values are spread, to brush and to click. */

import { element } from "./dom.js";
import { binsOf, countSlots, facetOf, groupsOf, rangeFilter, toggleInFilter } from "./facets.js";
import { numberText } from "./table_order.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./data.js").Column} Column */
/** @typedef {import("./facets.js").Facet} Facet */
/** @typedef {{ group: number, name: string, total: number, missing: boolean }} Group */

/** Groups made for one head; the legend and the search know all of them. */
const MOST_GROUPS = 300;

/** @param {Context} context @param {Column} column */
export function makeFacetView(context, column) {
  return new FacetView(context, facetOf(column, context.data.n));
}

class FacetView {
  #context;
  #facet;
  #groups;
  /** @type {Histogram | null} */
  #histogram = null;
  node = element("div", { class: "twx-facet" });

  /** @param {Context} context @param {Facet} facet */
  constructor(context, facet) {
    this.#context = context;
    this.#facet = facet;
    const groups = groupsOf(facet);
    this.#groups = groups.slice(0, MOST_GROUPS);
    if (facet.nBins) {
      this.#histogram = new Histogram(facet, (from, to) => this.#brush(from, to));
      this.node.append(this.#histogram.node);
    }
    if (this.#groups.length) this.node.append(this.#makeGroups(groups.length));
    this.draw();
  }

  get #name() {
    return this.#facet.column.name;
  }

  /** @param {number} n groups there are */
  #makeGroups(n) {
    const buttons = this.#groups.map(makeGroup);
    const rest = n - buttons.length;
    const more = rest ? element("span", { class: "twx-more" }, `and ${rest} smaller ones`) : null;
    const list = element(
      "div",
      { class: "twx-facet-groups", role: "group", "aria-label": `Filter by ${this.#name}` },
      ...buttons,
      more,
    );
    if (buttons[0]) buttons[0].tabIndex = 0;
    list.addEventListener("click", (event) => this.#click(event));
    list.addEventListener("keydown", (event) => moveAmong(list, event));
    return list;
  }

  /** @param {Event} event */
  #click(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const button = /** @type {HTMLElement | null} */ (target.closest("[data-slot]"));
    if (!button) return;
    const { store, actions } = this.#context;
    const filter = store.get("filters")[this.#name];
    actions.filter(this.#name, toggleInFilter(filter, Number(button.dataset.slot)));
  }

  /** From a bin up to another, or no range any longer where it is that already. @param {number} from @param {number} to before which bin */
  #brush(from, to) {
    const { store, actions } = this.#context;
    const now = store.get("filters")[this.#name];
    const old = binsOf(this.#facet, now);
    const groups = now?.groups ?? [];
    const same = old && old[0] === from && old[1] === to;
    const plain = groups.length ? { range: null, closed: false, groups } : null;
    actions.filter(this.#name, same ? plain : { ...rangeFilter(this.#facet, from, to), groups });
  }

  /** What is selected over all that is shown. */
  draw() {
    const { data, store } = this.#context;
    const facet = this.#facet;
    const shown = store.get("shown");
    const all = shown ? countSlots(facet, shown, data.n) : facet.totals;
    const kept = store.get("selected") ? countSlots(facet, store.get("mask"), data.n) : all;
    const filter = store.get("filters")[this.#name];
    this.#histogram?.draw(all, kept, binsOf(facet, filter));
    // Beside bins, what lies in none of them is a part of all rows.
    const sum = facet.totals.reduce((one, other) => one + other, 0);
    const top = facet.nBins ? sum : Math.max(1, ...this.#groups.map(({ total }) => total));
    for (const node of this.node.querySelectorAll("[data-slot]")) {
      const button = /** @type {HTMLElement} */ (node);
      const slot = Number(button.dataset.slot) + facet.nBins;
      button.style.setProperty("--all", `${(100 * all[slot]) / top}%`);
      button.style.setProperty("--kept", `${(100 * kept[slot]) / top}%`);
      button.setAttribute("aria-pressed", String(filter?.groups.includes(slot - facet.nBins)));
      const count = button.querySelector("i");
      if (count) count.textContent = kept[slot].toLocaleString("en");
    }
  }
}

/** @param {Group} group */
function makeGroup({ group, name, missing, total }) {
  const title = `${name}: ${total.toLocaleString("en")}`;
  return element(
    "button",
    { type: "button", class: "twx-facet-group", "data-slot": group, tabindex: -1, title },
    element("span", { class: missing ? "twx-missing" : null, dir: "auto" }, name || " "),
    element("i", {}),
  );
}

/** @param {HTMLElement} list @param {KeyboardEvent} event */
function moveAmong(list, event) {
  const buttons = [...list.querySelectorAll("button")];
  const place = buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target));
  /** @type {Record<string, number>} */
  const keys = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: buttons.length - 1 };
  const next = buttons[keys[event.key]];
  if (!next) return;
  event.preventDefault();
  for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
  next.focus();
}

/** Bars to brush, and two handles for the keyboard. */
class Histogram {
  #facet;
  #choose;
  #all = bars("twx-hist-all");
  #kept = bars("twx-hist-kept");
  #range = element("div", { class: "twx-hist-range" });
  #plot;
  #handles;
  /** @type {[number, number] | null} the bins of the filter */
  #now = null;
  /** @type {number} where the brush began, -1 where there is none */
  #from = -1;

  /** @param {Facet} facet @param {(from: number, to: number) => void} choose */
  constructor(facet, choose) {
    this.#facet = facet;
    this.#choose = choose;
    this.#handles = [this.#makeHandle(0), this.#makeHandle(1)];
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", `0 0 ${facet.nBins} 1`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    svg.append(this.#all, this.#kept);
    this.#plot = element("div", { class: "twx-hist" }, this.#range, ...this.#handles);
    this.#plot.prepend(svg);
    const [low, high] = [0, facet.nBins].map((edge) => this.#text(edge));
    const ends = low === high ? [low] : [low, high];
    const words = ends.map((text) => element("span", {}, text));
    this.node = element(
      "div",
      {},
      this.#plot,
      element("div", { class: "twx-hist-ends" }, ...words),
    );
    this.#plot.addEventListener("pointerdown", (event) => this.#begin(event));
    this.#plot.addEventListener("pointermove", (event) => this.#move(event));
    this.#plot.addEventListener("pointerup", (event) => this.#end(event));
    this.#plot.addEventListener("pointercancel", () => this.#cancel());
  }

  /** @param {number} edge */
  #text(edge) {
    const { column, edges } = this.#facet;
    const value = Number(edges[edge].toPrecision(4));
    return numberText({ time: column.kind === "number" && column.time }, value);
  }

  /** @param {0 | 1} side */
  #makeHandle(side) {
    const { column, nBins } = this.#facet;
    return element("div", {
      ...{ class: "twx-hist-handle", role: "slider", tabindex: 0 },
      "aria-label": `${column.name} ${side ? "to" : "from"}`,
      ...{ "aria-valuemin": 0, "aria-valuemax": nBins },
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event, side),
    });
  }

  /** @param {KeyboardEvent} event @param {0 | 1} side */
  #key(event, side) {
    const { nBins } = this.#facet;
    const bins = /** @type {[number, number]} */ ([...(this.#now ?? [0, nBins])]);
    /** @type {Record<string, number>} */
    const keys = {
      ...{ ArrowRight: bins[side] + 1, ArrowUp: bins[side] + 1 },
      ...{ ArrowLeft: bins[side] - 1, ArrowDown: bins[side] - 1, Home: 0, End: nBins },
    };
    if (!(event.key in keys)) return;
    event.preventDefault();
    event.stopPropagation();
    const [least, most] = side ? [bins[0] + 1, nBins] : [0, bins[1] - 1];
    bins[side] = Math.max(least, Math.min(most, keys[event.key]));
    const same = this.#now?.every((edge, k) => edge === bins[k]);
    if (!same) this.#choose(...bins);
  }

  /** @param {PointerEvent} event */
  #binAt({ clientX }) {
    const { left, width } = this.#plot.getBoundingClientRect();
    const { nBins } = this.#facet;
    return Math.max(0, Math.min(nBins - 1, Math.floor(((clientX - left) / width) * nBins)));
  }

  /** @param {PointerEvent} event */
  #begin(event) {
    if (event.button) return;
    this.#plot.setPointerCapture(event.pointerId);
    this.#from = this.#binAt(event);
    this.#mark([this.#from, this.#from + 1]);
  }

  /** @param {PointerEvent} event @returns {[number, number]} */
  #brushed(event) {
    const to = this.#binAt(event);
    return [Math.min(this.#from, to), Math.max(this.#from, to) + 1];
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (this.#from >= 0) this.#mark(this.#brushed(event));
  }

  /** @param {PointerEvent} event */
  #end(event) {
    if (this.#from < 0) return;
    const bins = this.#brushed(event);
    this.#from = -1;
    this.#choose(...bins);
  }

  #cancel() {
    this.#from = -1;
    this.#mark(this.#now);
  }

  /** @param {[number, number] | null} bins */
  #mark(bins) {
    const { nBins } = this.#facet;
    const edges = bins ?? [0, nBins];
    this.#range.hidden = !bins;
    this.#range.style.left = `${(100 * edges[0]) / nBins}%`;
    this.#range.style.right = `${100 - (100 * edges[1]) / nBins}%`;
    this.#handles.forEach((handle, side) => {
      handle.style.left = `${(100 * edges[side]) / nBins}%`;
      handle.setAttribute("aria-valuenow", String(edges[side]));
      handle.setAttribute("aria-valuetext", this.#text(edges[side]));
    });
  }

  /** @param {Uint32Array} all @param {Uint32Array} kept @param {[number, number] | null} bins */
  draw(all, kept, bins) {
    const { nBins } = this.#facet;
    const top = Math.max(1, ...all.subarray(0, nBins));
    this.#all.setAttribute("d", barPath(all, nBins, top));
    this.#kept.setAttribute("d", barPath(kept, nBins, top));
    this.#now = bins;
    if (this.#from < 0) this.#mark(bins);
  }
}

/** @param {string} name of its class */
function bars(name) {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("class", name);
  return path;
}

/** One bar beside the other, whoever has rows at least a sliver high. @param {Uint32Array} counts @param {number} nBins @param {number} top */
export function barPath(counts, nBins, top) {
  let path = "";
  for (let bin = 0; bin < nBins; bin++) {
    if (!counts[bin]) continue;
    const height = Math.max(counts[bin] / top, 0.04);
    path += `M${bin + 0.06} 1V${(1 - height).toFixed(4)}H${bin + 0.94}V1Z`;
  }
  return path;
}
