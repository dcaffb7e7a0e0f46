/** The bar at the top: tools, colours, search, and the things one does with a selection. */

import { element, icon, iconButton } from "./dom.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {"lasso" | "box" | "pan"} Tool */

/** @type {[Tool, string, string][]} */
const TOOLS = [
  ["lasso", "Lasso", "L"],
  ["box", "Box select", "B"],
  ["pan", "Pan", "V"],
];

/**
 * @param {Context} context @param {HTMLElement} parent
 * @param {{ reset: () => void, fullScreen: () => void, help: () => void }} verbs
 */
export function createToolbar(context, parent, verbs) {
  const { data, store, actions } = context;
  const tools = TOOLS.map(([tool, label, key]) => ({
    tool,
    button: iconButton(tool, label, key, () => store.set({ tool })),
  }));
  const find = findBox(context);
  const clear = iconButton("clear", "Clear selection", "Escape", actions.clear);
  const play = iconButton("play", "Play selection", "P", actions.playSelection);
  const near = iconButton("near", "Select nearest neighbours", "N", actions.selectNearest);
  parent.append(
    element("span", { class: "twx-title", title: data.title }, data.title),
    element(
      "span",
      { class: "twx-group", role: "group", "aria-label": "Tool" },
      ...tools.map((t) => t.button),
    ),
    element(
      "span",
      { class: "twx-group" },
      play,
      near,
      clear,
      iconButton("reset", "Reset views", "0", verbs.reset),
    ),
    colorChoice(context),
    spaceChoice(context),
    find,
    element(
      "span",
      { class: "twx-group twx-end" },
      iconButton("help", "Keys", "?", verbs.help),
      iconButton("full", "Full screen", "F", verbs.fullScreen),
    ),
  );
  function draw() {
    for (const { tool, button } of tools)
      button.setAttribute("aria-pressed", String(tool === store.get("tool")));
    clear.disabled = !store.get("selected");
    near.disabled = store.get("focus") < 0;
  }
  const off = store.on(["tool", "selected", "focus"], draw);
  draw();
  return { find: () => find.querySelector("input")?.focus(), destroy: off };
}

/** @param {Context} context */
function colorChoice({ data, store }) {
  const select = element(
    "select",
    { "aria-label": "Colour by", onchange: () => store.set({ colorBy: select.value }) },
    ...data.columns.map(({ name }) => element("option", { value: name }, name)),
  );
  select.value = store.get("colorBy");
  store.on(["colorBy"], () => (select.value = store.get("colorBy")));
  return element(
    "label",
    { class: "twx-choice", hidden: !data.columns.length },
    element("span", {}, "Colour"),
    select,
  );
}

/** @param {Context} context */
function spaceChoice({ data, store, actions }) {
  const select = element(
    "select",
    {
      "aria-label": "Vectors shown on map and heatmap",
      onchange: () => actions.showSpace(Number(select.value)),
    },
    ...data.spaces.map(({ name }, k) => element("option", { value: k }, name)),
  );
  store.on(["space"], () => (select.value = String(store.get("space"))));
  return element(
    "label",
    { class: "twx-choice", hidden: data.spaces.length < 2 },
    element("span", {}, "Vectors"),
    select,
  );
}

/** @param {Context} context */
function findBox({ actions }) {
  const input = element("input", {
    type: "search",
    placeholder: "3:07 or a label",
    "aria-label": "Go to a time, or select by label",
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter") actions.find(input.value);
      if (event.key === "Escape") input.blur();
    },
  });
  return element("label", { class: "twx-find" }, icon("search"), input);
}
