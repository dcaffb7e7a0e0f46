/** The list of the videos: a picture and a title each; a click shows only this one, a box hides it. */

import { CardReel } from "./card_reel.js";
import { cssColour } from "./colour.js";
import { findColumn } from "./data.js";
import { element } from "./dom.js";
import { formatTime } from "./time.js";
import { MANY_VIDEOS, videoEntries, videosFound, videosInOrder } from "./video_list.js";
import { VideoPictures } from "./video_pictures.js";
import { isSolo } from "./visibility.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./video_list.js").VideoEntry} VideoEntry */
/** @typedef {import("./card_reel.js").ReelCard & import("./video_pictures.js").Pictured & { entry: VideoEntry, box: HTMLInputElement }} VideoCard */

/** Rows in sight, with pictures and without; the list can be dragged to another height. */
const ROWS = { pictured: 2, plain: 4 };
/** A line for the title, a line for length and count. */
const WORDS = 42;

export class VideosView {
  #context;
  #entries;
  /** @type {VideoEntry[]} those that are listed */
  #listed = [];
  #fold = element("button", { type: "button", class: "twx-fold", title: "List of the videos" });
  #count = element("span", { class: "twx-more" });
  #all = element("button", { type: "button", class: "twx-chip twx-back" }, "show all");
  #tools = element("span", { class: "twx-sheet-tools" });
  #find = element("input", {
    type: "search",
    class: "twx-group-find",
    placeholder: "Find a video",
    "aria-label": "Find videos by their title",
  });
  #order = makeOrder();
  /** @type {CardReel<VideoCard>} */
  #reel;
  #pictures;
  /** Groups that are hidden, and the colour of each where the videos give the colours. */
  #looks = {
    hidden: /** @type {Set<number>} */ (new Set()),
    colours: /** @type {Uint32Array | null} */ (null),
  };
  #open;
  #near = false;
  #life = new AbortController();
  #observer = new ResizeObserver(() => this.#lay());
  /** Films are not loaded for pictures that nobody comes near. */
  #sight = new IntersectionObserver(
    ([{ isIntersecting }]) => {
      this.#near = isIntersecting;
      this.#reel.schedule();
    },
    { rootMargin: "100px" },
  );

  /** @param {Context} context @param {HTMLElement} parent */
  constructor(context, parent) {
    this.#context = context;
    this.#entries = videoEntries(context.data);
    this.#open = this.#entries.length >= MANY_VIDEOS;
    this.#reel = new CardReel(
      "Videos",
      (k) => this.#make(this.#listed[k]),
      () => this.#drawn(),
    );
    this.#reel.turn(true);
    this.#pictures = new VideoPictures(context, () => this.#inSight());
    this.#find.hidden = this.#entries.length < MANY_VIDEOS;
    this.#fold.append("Videos");
    this.#tools.append(this.#find, element("label", { class: "twx-choice" }, this.#order));
    const title = element("h2", { class: "twx-heading" }, this.#fold);
    const bar = element("div", { class: "twx-bar" }, title, this.#count, this.#all, this.#tools);
    parent.append(bar, this.#reel.root);
    this.#listen();
    this.#observer.observe(this.#reel.root);
    this.#sight.observe(this.#reel.root);
    this.#dress();
    this.#fill();
    this.#unfold(this.#open);
  }

  #listen() {
    const { store, actions, data } = this.#context;
    const { signal } = this.#life;
    store.on(["hidden", "theme", "colorBy", "labels"], () => this.#dress(), signal);
    this.#fold.addEventListener("click", () => this.#unfold(!this.#open), { signal });
    this.#all.addEventListener("click", () => actions.showGroups(data.videoColumn), { signal });
    this.#find.addEventListener("input", () => this.#fill(), { signal });
    this.#order.addEventListener("change", () => this.#fill(), { signal });
    this.#reel.root.addEventListener("click", (event) => this.#click(event), { signal });
  }

  /** @param {boolean} open */
  #unfold(open) {
    this.#open = open;
    this.#fold.setAttribute("aria-expanded", String(open));
    this.#tools.hidden = this.#reel.root.hidden = !open;
  }

  /** Those that are looked for, in the order asked for. */
  #fill() {
    const found = videosFound(this.#entries, this.#find.value);
    const order = /** @type {import("./video_list.js").VideoOrder} */ (this.#order.value);
    this.#listed = videosInOrder(found, order, this.#context.data);
    this.#reel.clear();
    this.#lay();
    this.#reel.toTop();
    this.#tell();
  }

  #lay() {
    const narrow = this.#reel.root.clientWidth < 500;
    const pictured = this.#pictures.possible;
    const shape = pictured
      ? { width: narrow ? 132 : 168, words: WORDS, ratio: 9 / 16 }
      : { width: narrow ? 150 : 210, words: WORDS + 6, ratio: 0 };
    const rows = pictured ? ROWS.pictured : ROWS.plain;
    this.#reel.lay(this.#listed.length, shape, ({ length, pitch, gap }) =>
      Math.min(length, rows * pitch - gap),
    );
  }

  get #column() {
    const { data } = this.#context;
    return findColumn(data, data.videoColumn);
  }

  /** @param {VideoEntry} entry @returns {VideoCard} */
  #make(entry) {
    const { title, count, video } = entry;
    const { duration } = this.#context.data.videos[video];
    const screen = this.#pictures.possible ? element("span", { class: "twx-frame" }) : null;
    const facts = [duration ? formatTime(duration) : "", `${count.toLocaleString("en")} segments`];
    const told = `${facts.filter(Boolean).join(" · ")}`.replace(/\b1 segments/, "1 segment");
    const box = element("input", { type: "checkbox", "aria-label": `Show ${title}` });
    const button = element(
      "button",
      { type: "button", class: "twx-shot", title: `${title}\nShow only this video` },
      screen,
      element("span", { class: "twx-film-title", dir: "auto" }, title),
      element("span", { class: "twx-film-facts" }, element("span", { class: "twx-dot" }), told),
    );
    const item = element("div", { class: "twx-item twx-film", role: "listitem" }, button, box);
    const card = { entry, video, item, button, box, screen, asked: false };
    this.#dressCard(card);
    return card;
  }

  /** The colours of the videos, and which are hidden. */
  #dress() {
    const { store, look } = this.#context;
    const column = this.#column;
    const own = column?.kind === "category" && store.get("colorBy") === column.name;
    const hidden = new Set(column ? store.get("hidden")[column.name] : []);
    this.#looks = { hidden, colours: own ? look.groupColours(column) : null };
    for (const card of this.#reel.cards.values()) this.#dressCard(card);
    this.#tell();
  }

  /** @param {VideoCard} card */
  #dressCard({ entry, item, button, box }) {
    const { store } = this.#context;
    const { hidden, colours } = this.#looks;
    const column = this.#column;
    const colour = colours ? cssColour(colours[entry.group]) : "var(--twx-line)";
    item.style.setProperty("--twx-own", colour);
    item.classList.toggle("twx-plain-film", !colours);
    item.classList.toggle("twx-off", hidden.has(entry.group));
    box.checked = !hidden.has(entry.group);
    box.hidden = !column;
    const solo = column !== null && isSolo(store.get("hidden"), column, entry.group);
    button.setAttribute("aria-pressed", String(solo));
  }

  /** How many there are, and how many of them are shown. */
  #tell() {
    const { hidden } = this.#looks;
    const text = (/** @type {number} */ n) => n.toLocaleString("en");
    const [n, listed] = [this.#entries.length, this.#listed.length];
    const shown = this.#entries.filter(({ group }) => !hidden.has(group)).length;
    const found = listed < n ? `${text(listed)} found, ` : "";
    const of = shown < n ? `${text(shown)} of ${text(n)} shown` : text(n);
    this.#count.textContent = found && shown === n ? `${found}${text(n)} in all` : `${found}${of}`;
    this.#all.hidden = shown === n;
  }

  /** The cards whose pictures are wanted. */
  #inSight() {
    if (!this.#near || !this.#open) return [];
    return [...this.#reel.cards].sort(([a], [b]) => a - b).map(([, card]) => card);
  }

  #drawn() {
    void this.#pictures.fill();
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const card = this.#reel.cards.get(this.#reel.placeOf(event));
    const column = this.#column;
    if (!card) return;
    const { actions, store } = this.#context;
    const { title, group, first } = card.entry;
    if (event.target === card.box && column) return actions.toggleGroup(column.name, group, title);
    if (!card.button.contains(/** @type {Node} */ (event.target))) return;
    // What alone is shown is what plays.
    if (!column || !isSolo(store.get("hidden"), column, group)) actions.focus(first);
    if (column) actions.soloGroup(column.name, group, title);
  }

  reset() {
    this.#reel.toTop();
  }

  destroy() {
    this.#life.abort();
    this.#observer.disconnect();
    this.#sight.disconnect();
    this.#reel.destroy();
    this.#pictures.destroy();
  }
}

function makeOrder() {
  /** @type {[string, string][]} */
  const orders = [
    ["given", "in given order"],
    ["name", "by name"],
    ["length", "by length"],
    ["segments", "by segments"],
  ];
  const options = orders.map(([value, text]) => element("option", { value }, text));
  return element("select", { "aria-label": "Order of the videos" }, ...options);
}
