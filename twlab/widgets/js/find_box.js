/** The search box: offers while one types, and does nothing before one chooses or enters. */

import { element, icon } from "./dom.js";
import { knownLabels, suggest } from "./suggestions.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./suggestions.js").Suggestion} Suggestion */

export class FindBox {
  #context;
  #id = `twx-${Math.random().toString(36).slice(2)}`;
  #list = element("div", { class: "twx-offers", role: "listbox", id: this.#id, hidden: true });
  #input = element("input", {
    type: "search",
    placeholder: "3:07 or a label",
    autocomplete: "off",
    role: "combobox",
    "aria-label": "Go to a time, or select by label",
    "aria-expanded": "false",
    "aria-controls": this.#id,
    "aria-autocomplete": "list",
  });
  /** @type {Suggestion[]} */
  #offers = [];
  /** @type {import("./suggestions.js").Known[]} */
  #known = [];
  /** What the labels were made of. @type {unknown[]} */
  #made = [];
  #active = -1;

  /** @param {Context} context @param {AbortSignal} signal */
  constructor(context, signal) {
    this.#context = context;
    this.#list.setAttribute("aria-label", "Suggestions");
    if (context.data.words) this.#offerWords(signal);
    const label = element("label", { class: "twx-find" }, icon("search"), this.#input);
    this.root = element("div", { class: "twx-find-place" }, label, this.#list);
    const input = this.#input;
    input.addEventListener("keydown", (event) => this.#key(event), { signal });
    input.addEventListener("input", () => this.#offer(input.value.trim() !== ""), { signal });
    input.addEventListener("blur", () => this.#close(), { signal });
    // The box keeps the focus, so that the list does not close before it is clicked.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault(), { signal });
    this.#list.addEventListener("click", (event) => this.#click(event), { signal });
  }

  focus() {
    this.#input.focus();
  }

  /** Words can be looked for: the box says so, and while one waits for them. @param {AbortSignal} signal */
  #offerWords(signal) {
    const [input, { store }] = [this.#input, this.#context];
    input.className = "twx-for-words";
    input.placeholder = "3:07, a label, words";
    input.setAttribute("aria-label", "Go to a time, select by label, or look for words");
    const wait = () => input.setAttribute("aria-busy", String(store.get("pending") !== ""));
    store.on(["pending"], wait, signal);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { key } = event;
    const open = !this.#list.hidden;
    if (event.isComposing) return;
    if (key === "Enter") return this.#enter();
    if (key === "Escape" && !open) return this.#input.blur();
    if (key !== "Escape" && key !== "ArrowDown" && key !== "ArrowUp") return;
    event.preventDefault();
    if (key === "Escape") return this.#close();
    if (!open) this.#offer(true);
    const [step, n] = [key === "ArrowDown" ? 1 : -1, this.#offers.length];
    // Before the first and after the last stands the text itself.
    if (n) this.#point(((this.#active + 1 + step + n + 1) % (n + 1)) - 1);
  }

  #enter() {
    const chosen = this.#offers[this.#active];
    if (chosen) return this.#choose(chosen);
    this.#close();
    this.#context.actions.find(this.#input.value);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const option = /** @type {HTMLElement | null} */ (target.closest("[role=option]"));
    const chosen = this.#offers[Number(option?.dataset.place ?? -1)];
    if (chosen) this.#choose(chosen);
  }

  /** @param {Suggestion} chosen */
  #choose(chosen) {
    this.#input.value = chosen.text;
    this.#close();
    this.#context.actions.take(chosen.found());
  }

  /** @param {boolean} wanted */
  #offer(wanted) {
    if (!wanted) return this.#close();
    const { data, store } = this.#context;
    const made = [data.columns, store.get("colorBy")];
    if (made.some((part, k) => part !== this.#made[k]))
      this.#known = knownLabels(data, store.get("colorBy"));
    this.#made = made;
    const video = data.videos[store.get("video")] ?? { duration: 0 };
    this.#offers = suggest(this.#known, video, this.#input.value);
    this.#list.replaceChildren(...this.#offers.map((one, k) => this.#option(one, k)));
    this.#list.hidden = !this.#offers.length;
    this.#input.setAttribute("aria-expanded", String(!this.#list.hidden));
    this.#point(-1);
  }

  /** @param {Suggestion} offer @param {number} place */
  #option({ text, count }, place) {
    const beside = count < 0 ? "go there" : count.toLocaleString("en");
    return element(
      "div",
      { role: "option", id: `${this.#id}-${place}`, "data-place": place, "aria-selected": "false" },
      element("span", { class: "twx-offer-text", dir: "auto", title: text }, text),
      element("span", { class: "twx-offer-count" }, beside),
    );
  }

  /** @param {number} place */
  #point(place) {
    const before = this.#list.children[this.#active];
    before?.setAttribute("aria-selected", "false");
    this.#active = place;
    const option = this.#list.children[place];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.#input.setAttribute("aria-activedescendant", option.id);
    else this.#input.removeAttribute("aria-activedescendant");
  }

  #close() {
    this.#point(-1);
    this.#offers = [];
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
  }
}
