/** The bar at the top: tools, colours, search, and the things one does with a selection. */

import { element, iconButton } from "./dom.js";
import { FindBox } from "./find_box.js";
import { makePanelMenu } from "./panel_menu.js";
import { isTwinned } from "./panels.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {"lasso" | "box" | "pan"} Tool */

/** @type {[Tool, string, string][]} */
const TOOLS = [
  ["lasso", "Lasso", "L"],
  ["box", "Box select", "B"],
  ["pan", "Pan", "V"],
];

export class Toolbar {
  #store;
  #tools;
  #find;
  #clear;
  #near;
  #undo;
  #redo;
  #history;
  #life = new AbortController();

  /**
   * @param {Context} context @param {HTMLElement} parent
   * @param {{ reset: () => void, fullScreen: () => void, help: () => void, out: HTMLElement }} verbs
   */
  constructor(context, parent, verbs) {
    const { data, store, actions, history } = context;
    this.#store = store;
    this.#history = history;
    this.#undo = iconButton("undo", "Undo", "Control+Z", () => history.undo());
    this.#redo = iconButton("redo", "Redo", "Control+Shift+Z", () => history.redo());
    this.#tools = TOOLS.map(([tool, label, key]) => ({
      tool,
      button: iconButton(tool, label, key, () => store.set({ tool })),
    }));
    const play = iconButton("play", "Play selection", "P", () => actions.playSelection());
    const near = () => void actions.selectNearest();
    this.#near = iconButton("near", "Select nearest neighbours", "N", near);
    this.#clear = iconButton("clear", "Clear selection", "Escape", () => actions.clear());
    const reset = iconButton("reset", "Reset views", "0", verbs.reset);
    const help = iconButton("help", "Keys", "?", verbs.help);
    const full = iconButton("full", "Full screen", "F", verbs.fullScreen);
    const tools = this.#tools.map(({ button }) => button);
    const { signal } = this.#life;
    this.#find = new FindBox(context, signal);
    const panels = data.views.length > 1 ? makePanelMenu(context, signal) : null;
    parent.append(
      element("span", { class: "twx-title", title: data.title, dir: "auto" }, data.title),
      element("span", { class: "twx-group", role: "group", "aria-label": "Tool" }, ...tools),
      element("span", { class: "twx-group" }, play, this.#near, this.#clear, reset),
      element("span", { class: "twx-group" }, this.#undo, this.#redo),
      makeColorChoice(context, signal),
      ...makeSpaceChoice(context, signal),
      this.#find.root,
      element(
        "span",
        { class: "twx-end" },
        verbs.out,
        element("span", { class: "twx-group" }, panels, help, full),
      ),
    );
    store.on(["tool", "mask", "labels", "hidden", "focus", "searched"], () => this.#draw(), signal);
    this.#draw();
  }

  #draw() {
    for (const { tool, button } of this.#tools)
      button.setAttribute("aria-pressed", String(tool === this.#store.get("tool")));
    this.#clear.disabled = !this.#store.get("selected") && !this.#store.get("searched");
    this.#near.disabled = this.#store.get("focus") < 0;
    this.#undo.disabled = !this.#history.has(-1);
    this.#redo.disabled = !this.#history.has(1);
  }

  /** Put the cursor where one types what to find. */
  find() {
    this.#find.focus();
  }

  destroy() {
    this.#life.abort();
  }
}

/** @param {Context} context @param {AbortSignal} signal */
function makeColorChoice({ data, store }, signal) {
  const select = element("select", {
    "aria-label": "Colour by",
    onchange: () => store.set({ colorBy: select.value }),
  });
  const draw = () => {
    const names = data.columns.map(({ name }) => name);
    select.replaceChildren(...names.map((name) => element("option", { value: name }, name)));
    if (!names.includes(store.get("colorBy"))) store.set({ colorBy: names[0] ?? "" });
    select.value = store.get("colorBy");
  };
  draw();
  store.on(["colorBy", "labels", "searched"], draw, signal);
  return element(
    "label",
    { class: "twx-choice", hidden: !data.columns.length },
    element("span", {}, "Colour"),
    select,
  );
}

/** Which vectors are shown, and which beside them. @param {Context} context @param {AbortSignal} signal */
function makeSpaceChoice({ data, store, actions }, signal) {
  const option = (/** @type {number} */ k) => element("option", { value: k }, data.spaces[k].name);
  const all = [...data.spaces.keys()];
  const attributes = { "aria-label": "Vectors shown on map and heatmap" };
  const show = () => actions.showSpace(Number(select.value));
  const select = element("select", { ...attributes, onchange: show }, ...all.map(option));
  const aside = () => actions.showBeside(Number(second.value));
  const second = element("select", { "aria-label": "Vectors shown beside", onchange: aside });
  const beside = element("label", { class: "twx-choice" }, element("span", {}, "and"), second);
  const others = () => all.filter((k) => k !== store.get("space"));
  const turn = () => actions.showBeside(store.get("beside") < 0 ? others()[0] : -1);
  const toggle = element(
    "button",
    { type: "button", class: "twx-choice twx-beside", hidden: !isTwinned(data), onclick: turn },
    "side by side",
  );
  const draw = () => {
    const [space, other] = [store.get("space"), store.get("beside")];
    select.value = String(space);
    second.replaceChildren(...others().map(option));
    second.value = String(other);
    // Of two there is no other choice.
    beside.hidden = other < 0 || all.length < 3;
    toggle.setAttribute("aria-pressed", String(other >= 0));
  };
  store.on(["space", "beside"], draw, signal);
  draw();
  const told = element("span", {}, "Vectors");
  return [
    element("label", { class: "twx-choice", hidden: all.length < 2 }, told, select),
    toggle,
    beside,
  ];
}
