/** What the colours mean: categories to click, or a scale; all of them in a list where asked. */

import { categoryColours, cssColour, mutedColour, sequenceRamp } from "./colour.js";
import { element, icon } from "./dom.js";
import { findColumn } from "./data.js";
import { countMembers, codesByName, codesBySize, missingGroup } from "./groups.js";
import { LegendList, makeChip } from "./legend_list.js";
import { rampBar } from "./scale_bar.js";
import { makeSearchScale } from "./search_scale.js";
import { formatTime } from "./time.js";
import { isSolo } from "./visibility.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./data.js").Column} Column */
/**
 * @typedef {object} Entry a group of the column that gives the colours
 * @property {number} group
 * @property {string} name
 * @property {string} what for sentences
 * @property {number} count of rows
 * @property {boolean} missing whether it is that of the rows without a value
 */

/** Up to so many groups stand beside each other, by name; of more the largest of these. */
const [ALL_UP_TO, LARGEST] = [16, 12];
/** A pointer that only passes by recolours nothing. */
const LIGHT_AFTER_MS = 70;

export class Legend {
  #context;
  #parent;
  #chips = element("div", { class: "twx-chips" });
  #panel = element("div", { class: "twx-groups", hidden: true });
  #list;
  #more = element("button", { type: "button", class: "twx-chip", "aria-expanded": "false" });
  /** @type {Column | null} */
  #column = null;
  /** @type {Entry[]} */
  #entries = [];
  #timer = 0;
  #life = new AbortController();

  /** @param {Context} context @param {HTMLElement} parent */
  constructor(context, parent) {
    this.#context = context;
    this.#parent = parent;
    parent.append(this.#chips, this.#panel);
    this.#list = new LegendList(this.#panel, {
      dress: () => this.#dress(),
      select: (entries, what) => this.#select(entries, "replace", what),
    });
    const { signal } = this.#life;
    const { store } = context;
    store.on(["colorBy", "labels", "searched"], () => this.#draw(), signal);
    store.on(["hidden", "theme"], () => this.#dress(), signal);
    this.#listen();
    this.#draw();
  }

  #listen() {
    /** @type {[string, (event: any) => void][]} */
    const listeners = [
      ["click", (event) => this.#click(event)],
      ["pointerover", (event) => this.#light(this.#entryOf(event), LIGHT_AFTER_MS)],
      ["focusin", (event) => this.#light(this.#entryOf(event), LIGHT_AFTER_MS)],
      ["pointerleave", () => this.#light(undefined, 0)],
      ["focusout", () => this.#light(undefined, 0)],
    ];
    const { signal } = this.#life;
    for (const [name, listener] of listeners)
      this.#parent.addEventListener(name, listener, { signal });
    this.#more.addEventListener("click", () => this.#unfold(this.#panel.hidden), { signal });
  }

  /** Another column, or other groups of it. */
  #draw() {
    const { data, store } = this.#context;
    const column = (this.#column = findColumn(data, store.get("colorBy")));
    this.#entries = column ? entriesOf(column, data.n) : [];
    this.#light(undefined, 0);
    const searched = store.get("searched");
    const numbers = column?.kind === "number" ? [makeScale(column)] : [];
    const byWords = searched && column === searched.column;
    const scale = byWords ? makeSearchScale(this.#context, searched) : numbers;
    const n = this.#entries.length;
    const chips = outstanding(this.#entries).map((entry) => makeChip(entry, entry.group));
    this.#chips.replaceChildren(...scale, ...chips, ...(n > 1 ? [this.#more] : []));
    const named = this.#entries.filter(({ missing }) => !missing).length;
    const all = n > ALL_UP_TO ? `all ${named.toLocaleString("en")}` : "";
    this.#more.replaceChildren(icon("list"), all);
    this.#more.title = "Find groups, hide some, or show only one";
    this.#more.setAttribute("aria-label", all || "All groups");
    this.#list.fill(this.#entries, categoryColours().length);
    if (n < 2) this.#unfold(false);
    this.#dress();
  }

  /** @param {boolean} open */
  #unfold(open) {
    this.#panel.hidden = !open;
    this.#more.setAttribute("aria-expanded", String(open));
    if (open) this.#list.draw();
  }

  /** The colours of the groups, and which of them are hidden. */
  #dress() {
    const { data, store, look } = this.#context;
    const [column, hidden] = [this.#column, store.get("hidden")];
    if (!column) return;
    const category = column.kind === "category";
    const colours = category ? look.groupColours(column) : [0, look.missing()];
    const gone = new Set(hidden[column.name]);
    this.#parent.style.setProperty("--twx-muted", cssColour(mutedColour(store.get("theme"))));
    for (const node of this.#parent.querySelectorAll("[data-group]")) {
      const item = /** @type {HTMLElement} */ (node);
      const group = Number(item.dataset.group);
      item.style.setProperty("--twx-own", cssColour(colours[group]));
      item.classList.toggle("twx-off", gone.has(group));
      press(item, "hide", gone.has(group));
      press(item, "solo", isSolo(hidden, column, group));
    }
    this.#tellHidden(data.n, store.get("shown"));
  }

  /** How many rows are hidden, by whatever column, and the way back. @param {number} n @param {Uint8Array | null} shown */
  #tellHidden(n, shown) {
    this.#chips.querySelector(".twx-back")?.remove();
    if (!shown) return;
    const gone = n - shown.reduce((sum, one) => sum + one, 0);
    const text = `${gone.toLocaleString("en")} hidden: show all`;
    const attributes = { type: "button", class: "twx-chip twx-back" };
    this.#chips.append(element("button", attributes, text));
  }

  /** @param {Event} event @returns {Entry | undefined} */
  #entryOf(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const node = /** @type {HTMLElement | null} */ (target.closest("[data-group]"));
    return this.#entries.find(({ group }) => group === Number(node?.dataset.group ?? -1));
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const { actions } = this.#context;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest(".twx-back")) return actions.showAll();
    const [entry, column] = [this.#entryOf(event), this.#column];
    if (!entry || !column) return;
    this.#light(undefined, 0);
    const verb = target.closest("[data-verb]")?.getAttribute("data-verb");
    if (verb === "hide") actions.toggleGroup(column.name, entry.group, entry.what);
    else if (verb === "solo") actions.soloGroup(column.name, entry.group, entry.what);
    else this.#select([entry], event.shiftKey ? "add" : "replace", entry.what);
  }

  /** @param {Entry[]} entries @param {"replace" | "add"} mode @param {string} what */
  #select(entries, mode, what) {
    if (!this.#column || !entries.length) return;
    const groups = entries.map(({ group }) => group);
    this.#context.actions.selectGroups(this.#column, groups, mode, what);
  }

  /** Its rows stand out while an entry is pointed at. @param {Entry | undefined} entry @param {number} wait in milliseconds */
  #light(entry, wait) {
    const lit = entry && this.#column?.kind === "category" ? entry.group : -1;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#context.store.set({ lit }), wait);
  }

  destroy() {
    clearTimeout(this.#timer);
    this.#life.abort();
  }
}

/** The groups of a column by name, the rows without a value last; of numbers only those. @param {Column} column @param {number} n @returns {Entry[]} */
export function entriesOf(column, n) {
  const counts = countMembers(column, n);
  const last = missingGroup(column);
  const names = column.kind === "category" ? column.names : [];
  const entries = codesByName(names).map((group) => ({
    ...{ group, name: names[group], what: whatText(column.name, names[group]) },
    ...{ count: counts[group], missing: false },
  }));
  const without = { group: last, name: "missing", what: `no ${column.name}`, missing: true };
  return counts[last] ? [...entries, { ...without, count: counts[last] }] : entries;
}

/** `cluster 4`; what says its column itself is enough: `topic 4`. @param {string} column @param {string} name */
function whatText(column, name) {
  return name.toLowerCase().startsWith(column.toLowerCase()) ? name : `${column} ${name}`;
}

/** Those that are shown unasked: all where they are few, else the largest and the missing one. @param {Entry[]} entries */
function outstanding(entries) {
  if (entries.length <= ALL_UP_TO) return entries;
  const named = entries.filter(({ missing }) => !missing);
  const codes = codesBySize(
    named.map(({ name }) => name),
    named.map(({ count }) => count),
  );
  const largest = codes.slice(0, LARGEST).map((k) => named[k]);
  return [...largest, ...entries.filter(({ missing }) => missing)];
}

/** @param {HTMLElement} item @param {string} verb @param {boolean} pressed */
function press(item, verb, pressed) {
  item.querySelector(`[data-verb=${verb}]`)?.setAttribute("aria-pressed", String(pressed));
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
