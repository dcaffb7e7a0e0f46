/** The gallery: the selected segments as pictures; all of them where nothing is selected. */

import { CardReel } from "./card_reel.js";
import { cssColour } from "./colour.js";
import { element, iconButton } from "./dom.js";
import { makeGalleryCard } from "./gallery_card.js";
import { CardFrames, hasPictures } from "./gallery_frames.js";
import { Preview } from "./gallery_preview.js";
import { rowsByScore, rowsByTime, rowsShown, scoresOf } from "./gallery_rows.js";
import { Tags } from "./tags.js";
import { onlyShown } from "./visibility.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./gallery_frames.js").Card} Card */

/** How high the grid is at first; it can be dragged. */
const GRID_HEIGHT = 400;
/** So long the first picture of the explorer may keep the browser busy before the gallery begins. */
const PATIENCE_FOR_IDLE_MS = 2000;
/** Height of one line of words below a frame. */
const LINE = 17;
/** A thin one, as wide as browsers draw it. */
const SCROLLBAR = 10;

export class Gallery {
  #context;
  /** @type {CardReel<Card>} */
  #reel;
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
  #pictured;
  #life = new AbortController();
  #observer = new ResizeObserver(() => this.#relay());

  /** @param {Context} context @param {HTMLElement} parent @param {HTMLElement} bar */
  constructor(context, parent, bar) {
    this.#context = context;
    const { data } = context;
    this.#pictured = data.videos.some((_, k) => hasPictures(data, k));
    this.#reel = new CardReel(
      "Segments",
      (k) => this.#make(k),
      () => this.#drawn(),
    );
    this.#frames = new CardFrames(
      context,
      () => this.#inSight(),
      () => this.#goCompact(),
    );
    this.#preview = new Preview(context);
    this.#order = makeOrderChoice(context);
    this.#tags = new Tags(context, bar);
    bar.append(this.#order, this.#toggle);
    parent.append(this.#reel.root);
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
    /** @type {[string, (event: any) => void][]} */
    const listeners = [
      ["click", (event) => this.#click(event)],
      ["dblclick", (event) => this.#context.actions.playRow(this.#cardOf(event)?.row ?? -1)],
      ["pointerover", (event) => this.#enter(event)],
      ["pointerleave", () => this.#leave()],
    ];
    for (const [name, listener] of listeners)
      this.#reel.list.addEventListener(name, listener, { signal });
  }

  /** The first picture is there: now there is time for this one. */
  #begin() {
    this.#everything = rowsByTime(this.#context.data);
    this.#observer.observe(this.#reel.root);
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
    this.#relay();
    this.#reel.toTop();
    this.#showFocus();
  }

  #clear() {
    this.#preview.hide();
    this.#reel.clear();
  }

  #recolour() {
    this.#clear();
    this.#reel.schedule();
  }

  /** Other colours of the same groups. */
  #repaint() {
    const colours = this.#context.look.colours();
    for (const { row, item, screen } of this.#reel.cards.values())
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
    this.#reel.turn(!this.#reel.grid);
    this.#toggle.setAttribute("aria-pressed", String(this.#reel.grid));
    this.#clear();
    this.#relay();
    this.#reel.scrollTo(0);
    this.#showFocus();
  }

  /** Lay the cards into the room there is now. */
  #relay() {
    if (!this.#everything) return;
    const { data } = this.#context;
    const lines = LINE * (data.videos.length > 1 ? 2 : 1) + 6;
    const narrow = this.#reel.width < 500;
    const shape = this.#pictured
      ? { width: narrow ? 124 : 152, words: lines, ratio: 9 / 16 }
      : { width: data.videos.length > 1 ? 124 : 84, words: lines + 4, ratio: 0 };
    this.#reel.lay(this.#rows.length, shape, ({ grid, length, height }) =>
      grid ? Math.min(length, GRID_HEIGHT) : height + SCROLLBAR,
    );
  }

  #drawn() {
    this.#markFocus();
    void this.#frames.fill();
  }

  /** @param {number} k */
  #make(k) {
    const row = this.#rows[k];
    const score = this.#scores ? this.#scores[row] : NaN;
    return makeGalleryCard(this.#context, row, { score, pictured: this.#pictured });
  }

  #markFocus() {
    const focus = this.#context.store.get("focus");
    for (const { row, button } of this.#reel.cards.values()) {
      if (row === focus) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  /** Bring the segment in focus into sight, unless the reader is at work here. */
  #showFocus() {
    this.#markFocus();
    const k = this.#rows.indexOf(this.#context.store.get("focus"));
    if (k >= 0 && !this.#reel.root.matches(":hover, :focus-within")) this.#reel.scrollToCard(k);
  }

  /** The cards whose pictures are wanted. @returns {Card[]} */
  #inSight() {
    return [...this.#reel.cards].sort(([a], [b]) => a - b).map(([, card]) => card);
  }

  /** @param {Event} event */
  #cardOf(event) {
    return this.#reel.cards.get(this.#reel.placeOf(event)) ?? null;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const card = this.#cardOf(event);
    if (!card) return;
    const { actions } = this.#context;
    if (event.shiftKey || event.ctrlKey || event.metaKey)
      actions.selectTo(card.row, event.shiftKey);
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

  reset() {
    this.#reel.scrollTo(0);
  }

  destroy() {
    this.#life.abort();
    this.#observer.disconnect();
    this.#reel.destroy();
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
