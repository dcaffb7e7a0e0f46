/** Names for what is selected: to give, to select again, to take away. */

import { categoryColours, cssColour } from "./colour.js";
import { element } from "./dom.js";
import { countNamed } from "./naming.js";

/** @typedef {import("./app.js").Context} Context */

export class Tags {
  #context;
  #chips = element("span", { class: "twx-tags", role: "list", "aria-label": "Names given here" });
  #input = element("input", {
    type: "text",
    class: "twx-name",
    maxlength: 80,
    placeholder: "Name these…",
    title: "A name for what is selected, beside those it has; several with ; between them",
    "aria-label": "A name for the selected segments",
  });
  #life = new AbortController();

  /** @param {Context} context @param {HTMLElement} bar */
  constructor(context, bar) {
    this.#context = context;
    const { store } = context;
    const { signal } = this.#life;
    bar.append(this.#chips, this.#input);
    this.#input.addEventListener("keydown", (event) => this.#key(event), { signal });
    store.on(["labels"], () => this.#draw(), signal);
    store.on(["selected"], () => this.#offer(), signal);
    this.#draw();
    this.#offer();
  }

  #offer() {
    this.#input.hidden = !this.#context.store.get("selected");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "Escape") this.#input.blur();
    if (event.key !== "Enter" || event.isComposing) return;
    this.#context.actions.nameSelection(this.#input.value);
    this.#input.value = "";
  }

  #draw() {
    const { store } = this.#context;
    const labels = store.get("labels");
    const palette = categoryColours();
    const colourAt = (/** @type {number} */ k) => cssColour(palette[k % palette.length]);
    const counts = countNamed(labels);
    const chips = labels.names.map((name, k) =>
      makeTag(this.#context, { name, count: counts[k], number: k + 1 }, colourAt(k)),
    );
    this.#chips.replaceChildren(...chips);
    this.#chips.hidden = !chips.length;
  }

  destroy() {
    this.#life.abort();
  }
}

/** @param {Context} context @param {{ name: string, count: number, number: number }} tag @param {string} colour */
function makeTag({ actions }, { name, count, number }, colour) {
  const key = number <= 9 ? `; the key ${number} gives it` : "";
  const choose = element(
    "button",
    {
      type: "button",
      class: "twx-chip",
      title: `Select what is named ${name}${key}`,
      onclick: (/** @type {MouseEvent} */ event) =>
        actions.selectNamed(name, event.shiftKey ? "add" : "replace"),
    },
    element("span", { class: "twx-dot", style: `background:${colour}` }),
    element("span", { dir: "auto" }, name),
    element("i", {}, count.toLocaleString("en")),
  );
  const away = element(
    "button",
    {
      type: "button",
      class: "twx-away",
      title: `Take the name ${name} away`,
      "aria-label": `Take the name ${name} away`,
      onclick: () => actions.forgetName(name),
    },
    "×",
  );
  return element("span", { class: "twx-tag", role: "listitem" }, choose, away);
}
