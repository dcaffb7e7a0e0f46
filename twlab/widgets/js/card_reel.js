/** Cards in a strip, or in rows below each other, of which only those in sight exist; arrows lead from one to the next. */

import { element } from "./dom.js";
import { cardAfterKey, cardPlace, cardsSeen, layCards, scrollFor } from "./gallery_layout.js";

/** @typedef {import("./gallery_layout.js").Layout} Layout */
/** @typedef {import("./gallery_layout.js").Shape} Shape */
/** @typedef {{ item: HTMLElement, button: HTMLButtonElement }} ReelCard what lies in the reel, and what of it takes the focus */

/** On every side: the ring of a card in focus needs it. */
const REEL_PADDING = 4;

/** @template {ReelCard} C */
export class CardReel {
  root = element("div", { class: "twx-reel", tabindex: -1 });
  list;
  grid = false;
  #make;
  #drawn;
  /** @type {Layout | null} */
  #layout = null;
  /** @type {Map<number, C>} by place */
  cards = new Map();
  /** The place of the card that the Tab key reaches. */
  #active = 0;
  #setHeight = "";
  #frame = 0;
  #life = new AbortController();

  /**
   * @param {string} label of the list
   * @param {(k: number) => C} make the card at a place
   * @param {() => void} drawn the cards in sight are there
   */
  constructor(label, make, drawn) {
    this.#make = make;
    this.#drawn = drawn;
    this.list = element("div", { class: "twx-items", role: "list", "aria-label": label });
    this.root.append(this.list);
    const { signal } = this.#life;
    this.root.addEventListener("scroll", () => this.schedule(), { signal, passive: true });
    this.list.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.list.addEventListener("focusin", (event) => this.#focusIn(event), { signal });
  }

  /** Rows below each other, or a strip; as high as its cards need again. @param {boolean} grid */
  turn(grid) {
    this.grid = grid;
    this.root.classList.toggle("twx-grid", grid);
    this.root.style.height = this.#setHeight = "";
  }

  /** What there is for cards. */
  get width() {
    return this.root.clientWidth - 2 * REEL_PADDING;
  }

  /** Lay `n` cards into the room there is. @param {number} n @param {Shape} shape @param {(layout: Layout) => number} heightOf how high they shall be in all, until the reader drags it */
  lay(n, shape, heightOf) {
    const { width } = this;
    if (width <= 0) return;
    const room = { n, grid: this.grid, width, shape };
    const wanted = Math.ceil(heightOf(layCards({ ...room, height: 0 }))) + 2 * REEL_PADDING;
    const { style } = this.root;
    if (style.height === this.#setHeight) style.height = this.#setHeight = `${wanted}px`;
    const height = this.root.clientHeight - 2 * REEL_PADDING;
    const layout = layCards({ ...room, height });
    this.#layout = layout;
    this.list.style.height = `${this.grid ? layout.length : layout.height}px`;
    this.list.style.width = this.grid ? "" : `${layout.length}px`;
    this.schedule();
  }

  /** Other cards; who was at one of them is at the one that the Tab key reaches, once it is there. */
  clear() {
    if (this.list.matches(":focus-within")) this.root.focus({ preventScroll: true });
    for (const { item } of this.cards.values()) item.remove();
    this.cards.clear();
  }

  /** The first one is in sight, and the one that the Tab key reaches. */
  toTop() {
    this.#active = 0;
    this.scrollTo(0);
  }

  /** @param {number} to */
  scrollTo(to) {
    if (this.grid) this.root.scrollTop = to;
    else this.root.scrollLeft = to;
    this.schedule();
  }

  /** Bring a card into sight. @param {number} k */
  scrollToCard(k) {
    if (!this.#layout) return;
    const now = this.#scroll();
    const next = scrollFor(this.#layout, k, now);
    if (next !== now) this.scrollTo(next);
  }

  #scroll() {
    return this.grid ? this.root.scrollTop : this.root.scrollLeft;
  }

  schedule() {
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    const layout = this.#layout;
    if (!layout) return;
    const scroll = this.#scroll();
    const [from, to] = cardsSeen(layout, scroll);
    for (const [k, { item }] of this.cards)
      if ((k < from || k >= to) && !item.matches(":focus-within")) this.#drop(k, item);
    for (let k = from; k < to; k++) if (!this.cards.has(k)) this.#add(k, layout.n);
    for (const [k, { item }] of this.cards) {
      const [x, y] = cardPlace(layout, k, scroll);
      item.style.transform = `translate(${x}px, ${y}px)`;
      item.style.width = `${layout.width}px`;
      item.style.height = `${layout.height}px`;
    }
    if (this.#active < from || this.#active >= to) this.#active = from;
    for (const [k, { item }] of this.cards)
      for (const part of item.querySelectorAll("button, input"))
        /** @type {HTMLElement} */ (part).tabIndex = k === this.#active ? 0 : -1;
    if (this.root.matches(":focus"))
      this.cards.get(this.#active)?.button.focus({ preventScroll: true });
    this.#drawn();
  }

  /** @param {number} k @param {HTMLElement} item */
  #drop(k, item) {
    item.remove();
    this.cards.delete(k);
  }

  /** Who reads the page in its order meets the cards in theirs. @param {number} k @param {number} n */
  #add(k, n) {
    const card = this.#make(k);
    card.item.setAttribute("aria-posinset", String(k + 1));
    card.item.setAttribute("aria-setsize", String(n));
    const later = Math.min(...[...this.cards.keys()].filter((other) => other > k));
    this.list.insertBefore(card.item, this.cards.get(later)?.item ?? null);
    this.cards.set(k, card);
  }

  /** The place of the card that an event is about, or -1. @param {Event} event */
  placeOf(event) {
    const target = /** @type {Node} */ (event.target);
    for (const [k, { item }] of this.cards) if (item.contains(target)) return k;
    return -1;
  }

  /** @param {Event} event */
  #focusIn(event) {
    const k = this.placeOf(event);
    if (k < 0) return;
    this.#active = k;
    this.schedule();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const k = this.placeOf(event);
    const next = k >= 0 && plain && this.#layout ? cardAfterKey(this.#layout, event.key, k) : -1;
    if (next < 0 || !this.#layout) return;
    event.preventDefault();
    event.stopPropagation();
    this.scrollToCard(next);
    this.#active = next;
    if (!this.cards.has(next)) this.#add(next, this.#layout.n);
    this.#draw();
    this.cards.get(next)?.button.focus({ preventScroll: true });
  }

  destroy() {
    this.#life.abort();
    cancelAnimationFrame(this.#frame);
  }
}
