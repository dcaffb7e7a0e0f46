/** The gallery: the selected segments as pictures; all of them where nothing is selected. */

import { cssColour } from "./colour.js";
import { element, iconButton } from "./dom.js";
import { makeGalleryCard } from "./gallery_card.js";
import { CardFrames, hasPictures } from "./gallery_frames.js";
import { cardAfterKey, cardPlace, cardsSeen, layCards, scrollFor } from "./gallery_layout.js";
import { Preview } from "./gallery_preview.js";
import { rowsByScore, rowsByTime, rowsShown, scoresOf } from "./gallery_rows.js";
import { Tags } from "./tags.js";
import { onlyShown } from "./visibility.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./gallery_frames.js").Card} Card */
/** @typedef {import("./gallery_layout.js").Layout} Layout */

/** How high the grid is at first; it can be dragged. */
const GRID_HEIGHT = 400;
/** So long the first picture of the explorer may keep the browser busy before the gallery begins. */
const PATIENCE_FOR_IDLE_MS = 2000;
/** Height of one line of words below a frame. */
const LINE = 17;
/** Of the reel, on every side: the ring of a card in focus needs it. */
const PADDING = 4;
/** A thin one, as wide as browsers draw it. */
const SCROLLBAR = 10;

export class Gallery {
  #context;
  #reel = element("div", { class: "twx-reel" });
  #list = element("div", { class: "twx-items", role: "list", "aria-label": "Segments" });
  #toggle = iconButton("grid", "Show as a grid", "G", () => this.toggleGrid());
  #order;
  #frames;
  #preview;
  #tags;
  /** @type {{ rows: Uint32Array, parts: number } | null} in order of time, once the first picture is there */
  #everything = null;
  /** @type {Uint32Array} */
  #rows = new Uint32Array(0);
  /** @type {Float32Array | null} */
  #scores = null;
  /** @type {Layout | null} */
  #layout = null;
  /** @type {Map<number, Card>} by place among the rows shown */
  #cards = new Map();
  /** The place of the card that the Tab key reaches. */
  #active = 0;
  #grid = false;
  #pictured;
  #setHeight = "";
  #frame = 0;
  #life = new AbortController();
  #observer = new ResizeObserver(() => this.#relay());

  /** @param {Context} context @param {HTMLElement} parent @param {HTMLElement} bar */
  constructor(context, parent, bar) {
    this.#context = context;
    const { data } = context;
    this.#pictured = data.videos.some((_, k) => hasPictures(data, k));
    this.#frames = new CardFrames(
      context,
      () => this.#inSight(),
      () => this.#goCompact(),
    );
    this.#preview = new Preview(context);
    this.#order = makeOrderChoice(context);
    this.#tags = new Tags(context, bar);
    bar.append(this.#order, this.#toggle);
    this.#reel.append(this.#list);
    parent.append(this.#reel);
    this.#toggle.setAttribute("aria-pressed", "false");
    this.#listen();
    whenIdle(() => this.#begin(), this.#life.signal);
  }

  #listen() {
    const { signal } = this.#life;
    const { store } = this.#context;
    store.on(["mask", "scores", "searched", "order", "shown"], () => this.#refill(), signal);
    store.on(["lit"], () => this.#repaint(), signal);
    store.on(["colorBy", "labels", "theme"], () => this.#recolour(), signal);
    store.on(["focus"], () => this.#showFocus(), signal);
    this.#reel.addEventListener("scroll", () => this.#schedule(), { signal, passive: true });
    /** @type {[string, (event: any) => void][]} */
    const listeners = [
      ["click", (event) => this.#click(event)],
      ["dblclick", (event) => this.#context.actions.playRow(this.#cardOf(event)?.row ?? -1)],
      ["keydown", (event) => this.#key(event)],
      ["pointerover", (event) => this.#enter(event)],
      ["pointerleave", () => this.#leave()],
      ["focusin", (event) => this.#focusIn(event)],
    ];
    for (const [name, listener] of listeners)
      this.#list.addEventListener(name, listener, { signal });
  }

  /** The first picture is there: now there is time for this one. */
  #begin() {
    this.#everything = rowsByTime(this.#context.data);
    this.#observer.observe(this.#reel);
    this.#refill();
  }

  /** Other rows, or another order of them. */
  #refill() {
    if (!this.#everything) return;
    const { data, store } = this.#context;
    const searched = store.get("searched");
    this.#scores = scoresOf(data, store.get("scores") ?? searched?.scores ?? null);
    const best = store.get("order") === "score" ? this.#scores : null;
    const hits = best && !store.get("selected") ? searched : null;
    const rows = rowsShown(this.#everything, store.get("mask"), store.get("selected"));
    const shown = onlyShown(hits?.rows ?? rows, store.get("shown"));
    this.#rows = best && !hits ? rowsByScore(shown, best) : shown;
    this.#order.hidden = !this.#scores;
    this.#clear();
    this.#active = 0;
    this.#relay();
    this.#scrollTo(0);
    this.#showFocus();
  }

  #clear() {
    this.#preview.hide();
    for (const { item } of this.#cards.values()) item.remove();
    this.#cards.clear();
  }

  #recolour() {
    this.#clear();
    this.#schedule();
  }

  /** Other colours of the same groups. */
  #repaint() {
    const colours = this.#context.look.colours();
    for (const { row, item, screen } of this.#cards.values())
      for (const node of [item, screen])
        node?.style.setProperty("--twx-own", cssColour(colours[row]));
  }

  /** Neither a film nor a picture is to be had: no empty boxes either. */
  #goCompact() {
    this.#pictured = false;
    this.#clear();
    this.#relay();
  }

  toggleGrid() {
    this.#grid = !this.#grid;
    this.#toggle.setAttribute("aria-pressed", String(this.#grid));
    this.#reel.classList.toggle("twx-grid", this.#grid);
    this.#reel.style.height = this.#setHeight = "";
    this.#clear();
    this.#relay();
    this.#scrollTo(0);
    this.#showFocus();
  }

  /** Lay the cards into the room there is now. */
  #relay() {
    if (!this.#everything || !this.#reel.clientWidth) return;
    const { data } = this.#context;
    const lines = LINE * (data.videos.length > 1 ? 2 : 1) + 6;
    const width = this.#reel.clientWidth - 2 * PADDING;
    const narrow = width < 500;
    const shape = this.#pictured
      ? { width: narrow ? 124 : 152, words: lines, ratio: 9 / 16 }
      : { width: data.videos.length > 1 ? 124 : 84, words: lines + 4, ratio: 0 };
    const room = { n: this.#rows.length, grid: this.#grid, width, shape };
    this.#fitHeight(layCards({ ...room, height: 0 }));
    const layout = layCards({ ...room, height: this.#reel.clientHeight - 2 * PADDING });
    this.#layout = layout;
    const { style } = this.#list;
    style.height = `${this.#grid ? layout.length : layout.height}px`;
    style.width = this.#grid ? "" : `${layout.length}px`;
    this.#schedule();
  }

  /** As high as its cards need, unless the reader has dragged it. @param {Layout} layout */
  #fitHeight({ height, length }) {
    const { style } = this.#reel;
    if (style.height !== this.#setHeight) return;
    const wanted = this.#grid ? Math.min(length, GRID_HEIGHT) : height;
    style.height =
      this.#setHeight = `${Math.ceil(wanted) + 2 * PADDING + (this.#grid ? 0 : SCROLLBAR)}px`;
  }

  #schedule() {
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    const layout = this.#layout;
    if (!layout) return;
    const scroll = this.#scroll();
    const [from, to] = cardsSeen(layout, scroll);
    for (const [k, card] of this.#cards)
      if ((k < from || k >= to) && !card.item.matches(":focus-within")) this.#drop(k, card);
    for (let k = from; k < to; k++) if (!this.#cards.has(k)) this.#make(k);
    for (const [k, { item }] of this.#cards) {
      const [x, y] = cardPlace(layout, k, scroll);
      item.style.transform = `translate(${x}px, ${y}px)`;
      item.style.width = `${layout.width}px`;
      item.style.height = `${layout.height}px`;
    }
    this.#markActive(from, to);
    this.#markFocus();
    void this.#frames.fill();
  }

  /** @param {number} k @param {Card} card */
  #drop(k, card) {
    card.item.remove();
    this.#cards.delete(k);
  }

  /** @param {number} k */
  #make(k) {
    const row = this.#rows[k];
    const score = this.#scores ? this.#scores[row] : NaN;
    const card = makeGalleryCard(this.#context, row, { score, pictured: this.#pictured });
    card.item.setAttribute("aria-posinset", String(k + 1));
    card.item.setAttribute("aria-setsize", String(this.#rows.length));
    // Who reads the page in its order meets the cards in theirs.
    const later = Math.min(...[...this.#cards.keys()].filter((other) => other > k));
    this.#list.insertBefore(card.item, this.#cards.get(later)?.item ?? null);
    this.#cards.set(k, card);
  }

  /** One card is reached with Tab, the others from there with arrows. @param {number} from @param {number} to */
  #markActive(from, to) {
    if (this.#active < from || this.#active >= to) this.#active = from;
    for (const [k, { button }] of this.#cards) button.tabIndex = k === this.#active ? 0 : -1;
  }

  #markFocus() {
    const focus = this.#context.store.get("focus");
    for (const { row, button } of this.#cards.values()) {
      if (row === focus) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  /** Bring the segment in focus into sight, unless the reader is at work here. */
  #showFocus() {
    this.#markFocus();
    const k = this.#rows.indexOf(this.#context.store.get("focus"));
    if (k >= 0 && !this.#reel.matches(":hover, :focus-within")) this.#scrollToCard(k);
  }

  #scroll() {
    return this.#grid ? this.#reel.scrollTop : this.#reel.scrollLeft;
  }

  /** @param {number} to */
  #scrollTo(to) {
    if (this.#grid) this.#reel.scrollTop = to;
    else this.#reel.scrollLeft = to;
    this.#schedule();
  }

  /** @param {number} k */
  #scrollToCard(k) {
    if (!this.#layout) return;
    const now = this.#scroll();
    const next = scrollFor(this.#layout, k, now);
    if (next !== now) this.#scrollTo(next);
  }

  /** The cards whose pictures are wanted. @returns {Card[]} */
  #inSight() {
    return [...this.#cards].sort(([a], [b]) => a - b).map(([, card]) => card);
  }

  /** @param {Event} event */
  #cardOf(event) {
    const item = /** @type {Element} */ (event.target).closest(".twx-item");
    for (const [k, card] of this.#cards) if (card.item === item) return { ...card, k };
    return null;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const card = this.#cardOf(event);
    if (!card) return;
    const { actions } = this.#context;
    if (event.shiftKey) actions.select([card.row], "toggle", "");
    else actions.focus(card.row);
  }

  /** @param {Event} event */
  #enter(event) {
    const card = this.#cardOf(event);
    this.#context.store.set({ hover: card?.row ?? -1 });
    if (card?.screen) this.#preview.show(card.row, card.screen);
    else this.#preview.hide();
  }

  #leave() {
    this.#context.store.set({ hover: -1 });
    this.#preview.hide();
  }

  /** @param {FocusEvent} event */
  #focusIn(event) {
    const card = this.#cardOf(event);
    if (!card) return;
    this.#active = card.k;
    this.#schedule();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const card = this.#cardOf(event);
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const next = card && plain && this.#layout ? cardAfterKey(this.#layout, event.key, card.k) : -1;
    if (next < 0) return;
    event.preventDefault();
    event.stopPropagation();
    this.#scrollToCard(next);
    this.#active = next;
    if (!this.#cards.has(next)) this.#make(next);
    this.#draw();
    this.#cards.get(next)?.button.focus({ preventScroll: true });
  }

  reset() {
    this.#scrollTo(0);
  }

  destroy() {
    this.#life.abort();
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#frames.destroy();
    this.#preview.destroy();
    this.#tags.destroy();
  }
}

/** @param {Context} context */
function makeOrderChoice({ store }) {
  const options = [
    element("option", { value: "time" }, "by time"),
    element("option", { value: "score" }, "by score"),
  ];
  const select = element("select", { "aria-label": "Order of the gallery" }, ...options);
  select.addEventListener("change", () =>
    store.set({ order: select.value === "score" ? "score" : "time" }),
  );
  store.on(["order"], () => (select.value = store.get("order")));
  return element(
    "label",
    { class: "twx-choice", hidden: true },
    element("span", {}, "Order"),
    select,
  );
}

/** After the frames that are due have been drawn, when nothing else is. @param {() => void} begin @param {AbortSignal} signal */
function whenIdle(begin, signal) {
  const start = () => !signal.aborted && begin();
  const wait = window.requestIdleCallback ?? ((/** @type {() => void} */ f) => setTimeout(f, 50));
  requestAnimationFrame(() =>
    requestAnimationFrame(() => wait(start, { timeout: PATIENCE_FOR_IDLE_MS })),
  );
}
