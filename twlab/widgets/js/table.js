/** The table: what is selected, or everything, row by row, to sort and to filter by its columns. */

import { cssColour } from "./colour.js";
import { element } from "./dom.js";
import { makeFacetView } from "./facet_view.js";
import { CardFrames, hasPictures } from "./gallery_frames.js";
import { cardPlace, cardsSeen, layCards, scrollFor } from "./gallery_layout.js";
import { rowsByTime, rowsShown } from "./gallery_rows.js";
import { TableBar } from "./table_bar.js";
import { shownUnasked, tableColumns } from "./table_columns.js";
import { cellAfterKey, nextSorting } from "./table_order.js";
import { onlyShown } from "./visibility.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./gallery_frames.js").Card} Card */
/** @typedef {import("./gallery_layout.js").Layout} Layout */
/** @typedef {import("./table_columns.js").TableColumn} TableColumn */
/** @typedef {import("./table_order.js").Sorting} Sorting */

/** Height of a row in pixels, with and without a picture. */
const [PICTURED, PLAIN] = [44, 27];

export class TableView {
  #context;
  #bar;
  #head = element("tr");
  #body = element("tbody");
  /** Rows before and after those that exist, as high as all of them. */
  #before = makeSpacer();
  #after = makeSpacer();
  #table = element("table", { class: "twx-sheet", role: "grid", "aria-label": "Segments" });
  #scroller = element("div", { class: "twx-sheet-scroller", tabindex: -1, hidden: true });
  #pictureHead = element("th", { scope: "col", class: "twx-sheet-picture" }, "picture");
  #frames;
  #pictured;
  /** @type {TableColumn[]} */
  #columns = [];
  /** @type {Set<string> | null} names of the columns that are shown; null until there are some */
  #visible = null;
  /** @type {Map<import("./data.js").Column, ReturnType<typeof makeFacetView>>} */
  #facets = new Map();
  /** The last order asked for comes last, and first of all. @type {Sorting[]} */
  #sorting = [];
  /** @type {{ rows: Uint32Array, parts: number } | null} in order of time, once the table is opened */
  #everything = null;
  /** @type {Uint32Array} */
  #rows = new Uint32Array(0);
  /** @type {Layout | null} */
  #layout = null;
  /** @type {Map<number, Card>} by place among the rows */
  #made = new Map();
  #active = { row: 0, column: 0 };
  #frame = 0;
  #life = new AbortController();
  #observer = new ResizeObserver(() => this.#relay());

  /** @param {Context} context @param {HTMLElement} parent */
  constructor(context, parent) {
    this.#context = context;
    const { data } = context;
    this.#pictured = data.videos.some((_, k) => hasPictures(data, k));
    this.#frames = new CardFrames(
      context,
      () => [...this.#made.values()],
      () => this.#goPlain(),
    );
    this.#bar = new TableBar(context, parent, {
      fold: () => this.toggle(),
      refill: () => this.#refill(),
      choose: (names) => this.#choose(names),
    });
    this.#table.append(element("thead", {}, this.#head), this.#before, this.#body, this.#after);
    this.#scroller.append(this.#table);
    parent.append(this.#scroller);
    this.#listen();
    // Where nothing else is asked for there is nothing to fold it for.
    if (data.views.length === 1) this.toggle();
  }

  #listen() {
    const { signal } = this.#life;
    const { store } = this.#context;
    store.on(["mask", "shown"], () => this.#refill(), signal);
    store.on(["mask", "shown", "filters"], () => this.#recount(), signal);
    store.on(["labels", "searched"], () => this.#rebuild(), signal);
    store.on(
      ["colorBy", "labels", "searched", "theme", "lit", "shown"],
      () => this.#repaint(),
      signal,
    );
    store.on(["focus", "hover", "mask"], () => this.#mark(), signal);
    store.on(["focus"], () => this.#showFocus(), signal);
    this.#scroller.addEventListener("scroll", () => this.#schedule(), { signal, passive: true });
    this.#scroller.addEventListener("copy", (event) => this.#copy(event), { signal });
    this.#scroller.addEventListener("keydown", (event) => this.#key(event), { signal });
    /** @type {[string, (event: any) => void][]} */
    const listeners = [
      ["click", (event) => this.#click(event)],
      ["pointerover", (event) => store.set({ hover: this.#cardOf(event)?.row ?? -1 })],
      ["pointerleave", () => store.set({ hover: -1 })],
    ];
    for (const [name, listener] of listeners)
      this.#body.addEventListener(name, listener, { signal });
    this.#head.addEventListener("click", (event) => this.#sort(event), { signal });
  }

  /** Open or fold it; nothing is computed before it is opened. */
  toggle() {
    const open = this.#scroller.hidden;
    this.#scroller.hidden = !open;
    this.#bar.unfold(open);
    if (!open) return this.#observer.disconnect();
    this.#everything ??= rowsByTime(this.#context.data);
    this.#rebuild();
    this.#observer.observe(this.#scroller);
  }

  get #open() {
    return !this.#scroller.hidden && this.#everything;
  }

  /** @returns {TableColumn[]} */
  #shown() {
    return this.#columns.filter(({ name }) => this.#visible?.has(name));
  }

  /** Other columns. */
  #rebuild() {
    if (!this.#open) return;
    const known = new Set(this.#columns.map(({ name }) => name));
    this.#columns = tableColumns(this.#context.data);
    const there = new Set(this.#columns.map(({ column }) => column));
    for (const column of this.#facets.keys()) if (!there.has(column)) this.#facets.delete(column);
    this.#visible ??= shownUnasked(this.#columns);
    for (const { name } of this.#columns)
      if (known.size && !known.has(name)) this.#visible.add(name);
    this.#bar.offer(this.#columns, this.#visible);
    const [{ row }, { scrollTop }] = [this.#active, this.#scroller];
    this.#redraw();
    // Who names one row after the other goes on where they were.
    this.#active.row = row;
    this.#scroller.scrollTop = scrollTop;
  }

  /** @param {Set<string>} names */
  #choose(names) {
    this.#visible = names;
    this.#redraw();
  }

  #redraw() {
    const shown = this.#shown();
    const heads = shown.map((column) => this.#makeHead(column));
    const picture = this.#pictured ? [this.#pictureHead] : [];
    this.#head.replaceChildren(...picture, ...heads);
    this.#table.setAttribute("aria-colcount", String(heads.length + picture.length));
    this.#table.style.setProperty("--columns", String(shown.length));
    this.#active.column = 0;
    this.#refill();
  }

  /** @param {TableColumn} one */
  #makeHead({ name, column, aligned }) {
    const title = `Sort by ${name}`;
    const sort = element(
      "button",
      { type: "button", class: "twx-sheet-sort", "data-sort": name, title },
      element("span", { dir: "auto" }, name),
    );
    const facet = column && this.#facetOf(column);
    const attributes = { scope: "col", "data-name": name, class: aligned ? "twx-aligned" : null };
    return element("th", attributes, sort, facet?.node ?? null);
  }

  /** @param {import("./data.js").Column} column */
  #facetOf(column) {
    const facet = this.#facets.get(column) ?? makeFacetView(this.#context, column);
    this.#facets.set(column, facet);
    return facet;
  }

  #recount() {
    if (!this.#open) return;
    for (const { column } of this.#shown()) if (column) this.#facetOf(column).draw();
  }

  /** @param {Event} event */
  #sort(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const by = target.closest("[data-sort]")?.getAttribute("data-sort");
    if (!by) return;
    const now = this.#sorting[this.#sorting.length - 1] ?? null;
    const next = nextSorting(now, by);
    this.#sorting = this.#sorting.filter((one) => one.by !== by);
    if (next) this.#sorting.push(next);
    this.#refill();
  }

  /** Other rows, or another order of them. */
  #refill() {
    if (!this.#open || !this.#everything) return;
    const { store } = this.#context;
    const all = { ...this.#everything, parts: this.#everything.rows.length };
    const selected = this.#bar.all ? 0 : store.get("selected");
    let rows = onlyShown(rowsShown(all, store.get("mask"), selected), store.get("shown"));
    for (const { by, descending } of this.#sorting) {
      const column = this.#columns.find(({ name }) => name === by);
      if (column) rows = column.order(rows, descending);
    }
    this.#rows = rows;
    this.#tellOrder();
    this.#bar.tell(rows.length);
    this.#table.toggleAttribute("data-all", !selected);
    this.#table.setAttribute("aria-rowcount", String(rows.length + 1));
    this.#clear();
    this.#active.row = 0;
    this.#scroller.scrollTop = 0;
    this.#relay();
    this.#showFocus();
  }

  #tellOrder() {
    const last = this.#sorting[this.#sorting.length - 1];
    for (const head of this.#head.querySelectorAll("[data-name]")) {
      const own = head.getAttribute("data-name") === last?.by;
      const way = last?.descending ? "descending" : "ascending";
      head.setAttribute("aria-sort", own ? way : "none");
    }
  }

  #clear() {
    // Whoever is at work here still is: the next key is for what is selected now.
    if (this.#body.matches(":focus-within")) this.#scroller.focus({ preventScroll: true });
    this.#made.clear();
    this.#body.replaceChildren();
  }

  /** Neither a film nor a picture is to be had. */
  #goPlain() {
    this.#pictured = false;
    this.#pictureHead.remove();
    this.#clear();
    this.#relay();
  }

  /** Lay the rows into the room there is now. */
  #relay() {
    if (!this.#open) return;
    const head = this.#head.getBoundingClientRect().height;
    const height = Math.max(this.#scroller.clientHeight - head, PLAIN);
    this.#scroller.style.setProperty("--head", `${head}px`);
    const words = this.#pictured ? PICTURED : PLAIN;
    const shape = { width: 1, words, ratio: 0 };
    const n = this.#rows.length;
    this.#layout = layCards({ ...{ n, grid: true, width: 1, height, shape }, gap: 0 });
    this.#schedule();
  }

  #schedule() {
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    const layout = this.#layout;
    if (!layout || !this.#open) return;
    const scroll = this.#scroller.scrollTop;
    const [from, to] = cardsSeen(layout, scroll);
    for (const [k, { item }] of this.#made) if (k < from || k >= to) this.#drop(k, item);
    for (let k = from; k < to; k++) if (!this.#made.has(k)) this.#make(k, from);
    const top = from < to ? Math.max(0, cardPlace(layout, from, scroll)[1]) : 0;
    this.#before.style.setProperty("--height", `${top}px`);
    const rest = layout.length - top - (to - from) * layout.pitch;
    this.#after.style.setProperty("--height", `${Math.max(0, rest)}px`);
    this.#mark();
    void this.#frames.fill();
  }

  /** @param {number} k @param {HTMLElement} item */
  #drop(k, item) {
    // Whoever moves by keys goes on from where they were.
    const focused = item.matches(":focus-within");
    item.remove();
    this.#made.delete(k);
    if (focused) this.#scroller.focus({ preventScroll: true });
  }

  /** @param {number} k @param {number} from the first place that exists */
  #make(k, from) {
    const row = this.#rows[k];
    const { look } = this.#context;
    const style = `--twx-own:${cssColour(look.colours()[row])}`;
    const screen = this.#pictured ? element("span", { class: "twx-frame", style }) : null;
    const cells = this.#shown().map(({ text, aligned }, column) => {
      const said = text(row);
      const dot = column ? null : element("span", { class: "twx-dot" });
      const attributes = { class: aligned ? "twx-aligned" : null, tabindex: -1, title: said };
      return element("td", { role: "gridcell", ...attributes }, dot, said || "–");
    });
    const picture = screen && element("td", { role: "gridcell" }, screen);
    const attributes = { style, "aria-rowindex": k + 2, "data-row": row };
    const item = element("tr", attributes, picture, ...cells);
    this.#body.insertBefore(item, this.#body.children[k - from] ?? null);
    // The cards of the gallery are buttons; here the cells are what one reaches.
    const button = /** @type {any} */ (cells[0]);
    this.#made.set(k, { row, item, button, screen, asked: false });
  }

  /** Which rows are selected, in focus and pointed at, and which cell the Tab key reaches. */
  #mark() {
    const { store } = this.#context;
    const [mask, focus, hover] = [store.get("mask"), store.get("focus"), store.get("hover")];
    const first = Math.min(...this.#made.keys());
    const reached = this.#made.has(this.#active.row) ? this.#active.row : first;
    for (const [k, { row, item }] of this.#made) {
      item.setAttribute("aria-selected", String(Boolean(mask[row])));
      item.toggleAttribute("data-hover", row === hover);
      if (row === focus) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
      cellsOf(item).forEach((cell, column) => {
        cell.tabIndex = k === reached && column === this.#active.column ? 0 : -1;
      });
    }
  }

  #repaint() {
    const colours = this.#context.look.colours();
    for (const { row, item, screen } of this.#made.values())
      for (const node of [item, screen])
        node?.style.setProperty("--twx-own", cssColour(colours[row]));
  }

  /** Bring the segment in focus into sight, unless the reader is at work here. */
  #showFocus() {
    if (!this.#open || this.#scroller.matches(":hover, :focus-within")) return;
    const k = this.#rows.indexOf(this.#context.store.get("focus"));
    if (k >= 0) this.#scrollToRow(k);
  }

  /** @param {number} k */
  #scrollToRow(k) {
    if (!this.#layout) return;
    this.#scroller.scrollTop = scrollFor(this.#layout, k, this.#scroller.scrollTop);
    this.#schedule();
  }

  /** @param {Event} event */
  #cardOf(event) {
    const item = /** @type {Element} */ (event.target).closest("tr");
    for (const [k, card] of this.#made) if (card.item === item) return { ...card, k };
    return null;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const card = this.#cardOf(event);
    const held = event.shiftKey || event.ctrlKey || event.metaKey;
    // Who has marked words with the pointer wants these; with shift the browser marks them.
    if (held) getSelection()?.removeAllRanges();
    if (!card || getSelection()?.toString()) return;
    const { actions } = this.#context;
    const cell = /** @type {HTMLElement | null} */ (
      /** @type {Element} */ (event.target).closest("td[tabindex]")
    );
    const column = cell ? cellsOf(card.item).indexOf(cell) : 0;
    this.#active = { row: card.k, column: Math.max(0, column) };
    if (held) actions.selectTo(card.row, event.shiftKey);
    else actions.focus(card.row);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (/** @type {Element} */ (event.target).closest("thead")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = this.#rows[this.#active.row];
    if (event.key === "Enter" && row !== undefined) return this.#enter(event, row);
    const page = Math.max(1, Math.floor((this.#layout?.view ?? 0) / (this.#layout?.pitch ?? 1)));
    const size = { rows: this.#rows.length, columns: this.#shown().length, page };
    const next = cellAfterKey(event.key, this.#active, size);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    this.#active = next;
    this.#scrollToRow(next.row);
    this.#draw();
    const item = this.#made.get(next.row)?.item;
    if (item) cellsOf(item)[next.column]?.focus();
  }

  /** @param {KeyboardEvent} event @param {number} row */
  #enter(event, row) {
    event.preventDefault();
    event.stopPropagation();
    const { actions } = this.#context;
    if (event.shiftKey) actions.select([row], "toggle", "");
    else actions.focus(row);
  }

  /** What is marked is copied by the browser; where nothing is, the cell in focus. @param {ClipboardEvent} event */
  #copy(event) {
    const cell = /** @type {Element} */ (event.target).closest("td");
    if (!cell || getSelection()?.toString()) return;
    event.clipboardData?.setData("text/plain", cell.title);
    event.preventDefault();
  }

  reset() {
    this.#scroller.scrollTop = 0;
  }

  destroy() {
    this.#life.abort();
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#frames.destroy();
    this.#bar.destroy();
  }
}

/** The cells that say something. @param {HTMLElement} item */
function cellsOf(item) {
  return /** @type {HTMLElement[]} */ ([...item.querySelectorAll("td[tabindex]")]);
}

/** As high as the rows that do not exist. */
function makeSpacer() {
  return element("tbody", { "aria-hidden": "true" }, element("tr", {}, element("td")));
}
