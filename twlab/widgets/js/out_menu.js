/** What can be taken out of the page, as a menu: segments as text, views and frames as pictures. */

import { countText } from "./actions.js";
import { MOST_ON_SHEET, drawSheet } from "./contact_sheet.js";
import { element, iconButton } from "./dom.js";
import { wholeVideos } from "./gallery_rows.js";
import { copyText, saveFile } from "./handing_out.js";
import { rowsAsCsv, rowsAsJson, rowsAsPython } from "./out_rows.js";
import { drawPicture, pictureAsPng } from "./view_pictures.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./view_pictures.js").Drawable} Drawable */
/** @typedef {Record<string, Drawable>} Drawables views that can be drawn, by name */
/** @typedef {{ text: string, run: () => unknown }} Item */

let menus = 0;

export class OutMenu {
  #context;
  #root;
  #views;
  #button = iconButton("out", "Take out", "", () => this.#toggle());
  #list = element("div", {
    class: "twx-out-menu",
    role: "menu",
    "aria-label": "Take out",
    hidden: true,
  });
  #life = new AbortController();

  /** @param {Context} context @param {HTMLElement} root of the explorer @param {() => Drawables} views */
  constructor(context, root, views) {
    this.#context = context;
    this.#root = root;
    this.#views = views;
    this.#list.id = `twx-out-menu-${++menus}`;
    this.#button.setAttribute("aria-haspopup", "menu");
    this.#button.setAttribute("aria-expanded", "false");
    this.#button.setAttribute("aria-controls", this.#list.id);
    const { signal } = this.#life;
    this.#list.addEventListener("keydown", (event) => this.#key(event), { signal });
    const leave = (/** @type {FocusEvent} */ event) => {
      const to = /** @type {Node | null} */ (event.relatedTarget);
      if (!this.node.contains(to)) this.#close();
    };
    this.node = element("span", { class: "twx-group twx-out-place" }, this.#button, this.#list);
    this.node.addEventListener("focusout", leave, { signal });
  }

  #toggle() {
    if (!this.#list.hidden) return this.#close();
    this.#list.replaceChildren(...this.#items().map((item) => this.#makeItem(item)));
    this.#list.hidden = false;
    this.#button.setAttribute("aria-expanded", "true");
    /** @type {HTMLElement | null} */ (this.#list.querySelector("[role=menuitem]"))?.focus();
  }

  #close() {
    this.#list.hidden = true;
    this.#button.setAttribute("aria-expanded", "false");
  }

  /** @param {Item | string} item a heading, or what can be done */
  #makeItem(item) {
    if (typeof item === "string")
      return element("div", { class: "twx-out-head", role: "presentation" }, item);
    const onclick = () => {
      this.#close();
      this.#button.focus();
      void item.run();
    };
    return element(
      "button",
      { type: "button", role: "menuitem", tabindex: -1, onclick },
      item.text,
    );
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const items = /** @type {HTMLElement[]} */ ([
      ...this.#list.querySelectorAll("[role=menuitem]"),
    ]);
    const at = items.indexOf(/** @type {HTMLElement} */ (event.target));
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
    const next = steps[/** @type {keyof steps} */ (event.key)];
    if (event.key === "Escape") {
      this.#close();
      this.#button.focus();
    } else if (next !== undefined) items[(next + items.length) % items.length].focus();
    else if (event.key !== "Enter" && event.key !== " ") return;
    event.stopPropagation();
    if (event.key !== "Enter" && event.key !== " ") event.preventDefault();
  }

  /** @returns {(Item | string)[]} */
  #items() {
    const rows = this.#rows();
    const filmed = this.#context.data.videos.some(({ source }) => source.kind !== "none");
    const what = this.#context.store.get("selected") ? "selected" : "all, as none is selected";
    /** @type {Item[]} */
    const frames = filmed
      ? [{ text: "Frames as a sheet (PNG)", run: () => this.#sheet(rows) }]
      : [];
    const views = Object.entries(this.#views());
    return [
      `${countText(rows.length)} (${what})`,
      { text: "Copy as Python", run: () => this.#copy(rows) },
      { text: "Save as CSV", run: () => this.#save("csv", "text/csv", rowsAsCsv, rows) },
      { text: "Save as JSON", run: () => this.#save("json", "application/json", rowsAsJson, rows) },
      ...frames,
      ...(views.length ? ["Views as pictures"] : []),
      ...views.flatMap(([name, view]) => [
        { text: `${name} as SVG`, run: () => this.#picture(name, view, "svg") },
        { text: `${name} as PNG`, run: () => this.#picture(name, view, "png") },
      ]),
    ];
  }

  /** What is selected; everything shown where nothing is. */
  #rows() {
    const { data, store } = this.#context;
    const [mask, shown] = [store.get("mask"), store.get("shown")];
    const selected = store.get("selected");
    const whole = wholeVideos(data);
    const seen = (/** @type {number} */ row) => !whole[row] && (!shown || shown[row]);
    return [...Array(data.n).keys()].filter((row) => (selected ? mask[row] : seen(row)));
  }

  /** @param {string} message */
  #tell(message) {
    this.#context.store.set({ message });
  }

  /** @param {number[]} rows */
  async #copy(rows) {
    const copied = await copyText(this.#root, rowsAsPython(this.#context.data, rows));
    if (copied) this.#tell(`Copied: Python that chooses ${countText(rows.length)} from the table`);
  }

  /** @param {string} ending @param {string} type @param {typeof rowsAsCsv} write @param {number[]} rows */
  #save(ending, type, write, rows) {
    const text = write(this.#context.data, rows);
    const blob = new Blob([text], { type });
    const saved = saveFile(this.#root, { name: this.#fileName("segments", ending), blob, text });
    if (saved) this.#tell(`Saved: ${countText(rows.length)}, without their vectors`);
  }

  /** @param {string} name @param {Drawable} view @param {"svg" | "png"} ending */
  async #picture(name, view, ending) {
    const picture = drawPicture(this.#context, view, name);
    const vector = new Blob([picture.svg], { type: "image/svg+xml" });
    const blob = ending === "svg" ? vector : await pictureAsPng(picture);
    const saved = saveFile(this.#root, { name: this.#fileName(name.toLowerCase(), ending), blob });
    const left = picture.leftOut ? "; frames of another server are not in it" : "";
    if (saved) this.#tell(`Saved: ${name.toLowerCase()} as ${ending.toUpperCase()}${left}`);
  }

  /** @param {number[]} rows */
  async #sheet(rows) {
    const chosen = rows.slice(0, MOST_ON_SHEET);
    const blob = await drawSheet(this.#context, chosen, (done) =>
      this.#tell(`Frame ${done} of ${chosen.length}`),
    );
    if (!blob)
      return this.#tell("No frame can be read here: the film is of another server, or not there");
    const saved = saveFile(this.#root, { name: this.#fileName("frames", "png"), blob });
    const rest =
      rows.length > chosen.length ? `; the first ${chosen.length} of ${rows.length}` : "";
    if (saved) this.#tell(`Saved: ${chosen.length} frames${rest}`);
  }

  /** @param {string} what @param {string} ending */
  #fileName(what, ending) {
    const title = this.#context.data.title.replaceAll(/[^\p{L}\p{N}]+/gu, "_").slice(0, 60);
    return `${title || "twlab"}_${what}.${ending}`;
  }

  destroy() {
    this.#life.abort();
  }
}
