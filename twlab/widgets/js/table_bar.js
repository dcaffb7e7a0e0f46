/** The line above the table: fold it, choose rows and columns, and see and clear the filters. */

import { element } from "./dom.js";
import { filterText } from "./table_columns.js";
import { numberText } from "./table_order.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./table_columns.js").TableColumn} TableColumn */

export class TableBar {
  #context;
  #verbs;
  #fold;
  #count = element("span", { class: "twx-more" });
  #filters = element("span", { class: "twx-tags", role: "list", "aria-label": "Filters" });
  #tools = element("span", { class: "twx-sheet-tools", hidden: true });
  #columns = element("div", { class: "twx-sheet-columns", hidden: true });
  #choose = element("button", { type: "button", class: "twx-plain", "aria-expanded": "false" });
  #life = new AbortController();
  /** Whether the table shows everything, whatever is selected. */
  all = false;

  /**
   * @param {Context} context @param {HTMLElement} parent
   * @param {{ fold: () => void, refill: () => void, choose: (names: Set<string>) => void }} verbs
   */
  constructor(context, parent, verbs) {
    this.#context = context;
    this.#verbs = verbs;
    const attributes = { type: "button", class: "twx-fold", "aria-expanded": "false" };
    const heading = { ...attributes, title: "Table and filters (T)", onclick: verbs.fold };
    this.#fold = element("button", heading, "Table and filters");
    this.#choose.append("Columns");
    this.#choose.addEventListener("click", () => this.#toggleColumns());
    this.#tools.append(this.#makeRowsChoice(), this.#choose);
    const title = element("h2", { class: "twx-heading" }, this.#fold);
    parent.append(
      element("div", { class: "twx-bar" }, title, this.#count, this.#filters, this.#tools),
      this.#columns,
    );
    context.store.on(["filters"], () => this.#drawFilters(), this.#life.signal);
    this.#drawFilters();
  }

  #makeRowsChoice() {
    const select = element(
      "select",
      { "aria-label": "Rows of the table" },
      element("option", { value: "selection" }, "selection"),
      element("option", { value: "all" }, "all"),
    );
    select.addEventListener("change", () => {
      this.all = select.value === "all";
      this.#verbs.refill();
    });
    return element("label", { class: "twx-choice" }, element("span", {}, "Rows"), select);
  }

  #toggleColumns() {
    const open = this.#columns.hidden;
    this.#columns.hidden = !open;
    this.#choose.setAttribute("aria-expanded", String(open));
  }

  /** @param {boolean} open */
  unfold(open) {
    this.#fold.setAttribute("aria-expanded", String(open));
    this.#tools.hidden = this.#count.hidden = !open;
    if (!open) this.#columns.hidden = true;
    this.#choose.setAttribute("aria-expanded", "false");
  }

  /** @param {number} n rows of the table as it stands */
  tell(n) {
    const all = this.#context.data.n;
    const of = n === all ? "" : ` of ${all.toLocaleString("en")}`;
    this.#count.textContent = `${n.toLocaleString("en")}${of} rows`;
  }

  /** The columns there are, and which of them are shown. @param {TableColumn[]} columns @param {Set<string>} visible */
  offer(columns, visible) {
    const boxes = columns.map(({ name }) => {
      const box = element("input", { type: "checkbox", value: name });
      box.checked = visible.has(name);
      box.addEventListener("change", () => {
        const names = new Set(visible);
        for (const one of this.#columns.querySelectorAll("input"))
          if (one.checked) names.add(one.value);
          else names.delete(one.value);
        this.#verbs.choose(names);
      });
      return element("label", {}, box, element("span", { dir: "auto" }, name));
    });
    this.#columns.replaceChildren(...boxes);
  }

  #drawFilters() {
    const { data, store, actions } = this.#context;
    const { columns } = data;
    const chips = Object.entries(store.get("filters")).flatMap(([name, filter]) => {
      const column = columns.find((one) => one.name === name);
      if (!column) return [];
      const time = column.kind === "number" && column.time;
      const text = (/** @type {number} */ value) =>
        numberText({ time }, Number(value.toPrecision(4)));
      return [
        makeFilterTag(name, filterText(filter, column, text), () => actions.filter(name, null)),
      ];
    });
    const clear = element(
      "button",
      { type: "button", class: "twx-chip twx-back", onclick: () => actions.clearFilters() },
      "clear all",
    );
    this.#filters.replaceChildren(...chips);
    if (chips.length > 1) this.#filters.append(element("span", { role: "listitem" }, clear));
    this.#filters.hidden = !chips.length;
  }

  destroy() {
    this.#life.abort();
  }
}

/** @param {string} name @param {string} text @param {() => void} clear */
function makeFilterTag(name, text, clear) {
  const away = element(
    "button",
    {
      type: "button",
      class: "twx-away",
      "aria-label": `Clear the filter by ${name}`,
      onclick: clear,
    },
    "×",
  );
  const words = element(
    "span",
    { class: "twx-sheet-filter", dir: "auto" },
    element("i", {}, name),
    ` ${text}`,
  );
  return element("span", { class: "twx-tag", role: "listitem" }, words, away);
}
