/** The legend as a list: every group, to find, to hide, or to show alone. */

import { element, icon } from "./dom.js";
import { codesBySize } from "./groups.js";

/** @typedef {import("./legend.js").Entry} Entry */

/** Fewer groups than this are found by looking. */
const FIND_FROM = 13;
/** Entries made at once; more where asked. */
const AT_ONCE = 400;

export class LegendList {
  #verbs;
  #find = element("input", {
    type: "search",
    class: "twx-group-find",
    placeholder: "Find; Enter selects",
    "aria-label": "Find groups; Enter selects those found",
  });
  #order = element(
    "select",
    { "aria-label": "Order of the groups" },
    element("option", { value: "name" }, "by name"),
    element("option", { value: "size" }, "by size"),
  );
  #note = element("span", { class: "twx-more" });
  #items = element("div", { class: "twx-group-items", role: "list", "aria-label": "Groups" });
  /** @type {Entry[]} */
  #entries = [];
  #atMost = AT_ONCE;

  /** @param {HTMLElement} parent @param {{ dress: () => void, select: (entries: Entry[], what: string) => void }} verbs */
  constructor(parent, verbs) {
    this.#verbs = verbs;
    const order = element("label", { class: "twx-choice" }, this.#order);
    parent.append(
      element("div", { class: "twx-group-bar" }, this.#find, order, this.#note),
      this.#items,
    );
    this.#find.addEventListener("input", () => this.draw());
    this.#find.addEventListener("keydown", (event) => this.#typed(event));
    this.#order.addEventListener("change", () => this.draw());
    this.#items.addEventListener("keydown", (event) => moveFocus(this.#items, event));
    this.#items.addEventListener("focusin", (event) =>
      reach(this.#items, /** @type {HTMLElement} */ (event.target)),
    );
  }

  /** @param {Entry[]} entries by name @param {number} nColours */
  fill(entries, nColours) {
    this.#entries = entries;
    const named = entries.filter(({ missing }) => !missing).length;
    this.#find.value = "";
    this.#find.hidden = entries.length < FIND_FROM;
    this.#order.value = named > nColours ? "size" : "name";
    const others = (named - nColours).toLocaleString("en");
    const told = `The ${nColours} largest have a colour of their own; the other ${others} share`;
    const dot = element("span", { class: "twx-dot twx-muted" });
    this.#note.replaceChildren(...(named > nColours ? [told, dot, "until pointed at"] : []));
    this.#items.replaceChildren();
    if (this.#items.closest("[hidden]") === null) this.draw();
  }

  /** Those that are looked for, in the order asked for. */
  #found() {
    const text = this.#find.value.trim().toLowerCase();
    const found = this.#entries.filter(({ name }) => name.toLowerCase().includes(text));
    if (this.#order.value === "name") return found;
    const [names, counts] = [found.map(({ name }) => name), found.map(({ count }) => count)];
    return codesBySize(names, counts).map((k) => found[k]);
  }

  draw() {
    const found = this.#found();
    const made = found.slice(0, this.#atMost).map(makeEntry);
    const rest = found.length - made.length;
    const more = element("button", { type: "button", class: "twx-plain" }, `${rest} more`);
    more.addEventListener("click", () => {
      this.#atMost += AT_ONCE;
      this.draw();
    });
    const nothing = element("span", { class: "twx-more" }, "No group is called so");
    this.#items.replaceChildren(
      ...made,
      ...(rest ? [more] : []),
      ...(made.length ? [] : [nothing]),
    );
    reach(this.#items, this.#items.querySelector("button"));
    this.#verbs.dress();
  }

  /** @param {KeyboardEvent} event */
  #typed(event) {
    if (event.key === "Escape") this.#find.blur();
    const text = this.#find.value.trim();
    if (event.key !== "Enter" || !text) return;
    this.#verbs.select(this.#found(), `in groups with '${text}'`);
  }
}

/** A name with its colour, to select its rows. @param {Entry} entry @param {number | null} group where it stands alone */
export function makeChip({ name, what, count, missing }, group = null) {
  return element(
    "button",
    { type: "button", class: "twx-chip", "data-group": group, title: `Select ${what}` },
    element("span", { class: `twx-dot${missing ? " twx-hollow" : ""}` }),
    element("span", { class: `twx-name-of${missing ? " twx-missing" : ""}`, dir: "auto" }, name),
    element("i", {}, count.toLocaleString("en")),
  );
}

/** @param {Entry} entry */
function makeEntry(entry) {
  const { group, what } = entry;
  const mini = (/** @type {"solo" | "eye"} */ sign, /** @type {string} */ verb, label = "") =>
    element(
      "button",
      { type: "button", class: "twx-mini", "data-verb": verb, title: label, "aria-label": label },
      icon(sign),
    );
  return element(
    "div",
    { class: "twx-group-item", role: "listitem", "data-group": group },
    makeChip(entry),
    mini("solo", "solo", `Show only ${what}`),
    mini("eye", "hide", `Hide ${what}`),
  );
}

/** Tab reaches one entry, arrows the others. @param {HTMLElement} items @param {Element | null} target */
function reach(items, target) {
  const own = target?.closest("[data-group]");
  if (!own) return;
  for (const button of items.querySelectorAll("button")) {
    const reached = own.contains(button) || !button.closest("[data-group]");
    button.tabIndex = reached ? 0 : -1;
  }
}

/** @param {HTMLElement} items @param {KeyboardEvent} event */
function moveFocus(items, event) {
  const own = /** @type {HTMLElement} */ (event.target).closest("[data-group]");
  const all = [...items.querySelectorAll("[data-group]")];
  const place = own ? all.indexOf(own) : -1;
  /** @type {Record<string, number>} */
  const keys = {
    ...{ ArrowDown: place + 1, ArrowRight: place + 1, ArrowUp: place - 1, ArrowLeft: place - 1 },
    ...{ Home: 0, End: all.length - 1 },
  };
  const next = all[keys[event.key]];
  if (place < 0 || !next) return;
  event.preventDefault();
  event.stopPropagation();
  next.querySelector("button")?.focus();
}
