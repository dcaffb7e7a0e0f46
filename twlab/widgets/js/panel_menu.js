/** The menu of the panels: which are shown, and all as they were at first. */

import { element, iconButton } from "./dom.js";
import { PANELS } from "./panels.js";
import { OWN_LAYOUT, togglePanel } from "./stage_plan.js";

/** @param {import("./app.js").Context} context @param {AbortSignal} signal */
export function makePanelMenu({ data, store }, signal) {
  const boxes = data.views.map((name) => makeChoice(store, name, data.views));
  const reset = element(
    "button",
    { type: "button", class: "twx-plain", onclick: () => store.set({ layout: OWN_LAYOUT }) },
    "Reset sizes and panels",
  );
  const draw = () => boxes.forEach(({ draw: drawOne }) => drawOne());
  store.on(["layout"], draw, signal);
  draw();
  const attributes = { class: "twx-menu", role: "group", "aria-label": "Panels", hidden: true };
  const list = element("div", attributes, ...boxes.map(({ label }) => label), reset);
  return makeOpener(list, signal);
}

/** A button that opens a list; it closes by Escape, and when one goes elsewhere. @param {HTMLElement} list @param {AbortSignal} signal */
function makeOpener(list, signal) {
  const button = iconButton("panels", "Panels", "", () => open(list.hidden));
  const menu = element("span", { class: "twx-menu-place" }, button, list);
  const open = (/** @type {boolean} */ shown) => {
    list.hidden = !shown;
    button.setAttribute("aria-expanded", String(shown));
  };
  open(false);
  const close = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || list.hidden) return;
    event.stopPropagation();
    open(false);
    button.focus();
  };
  const leave = (/** @type {Event} */ event) => {
    if (!event.composedPath().includes(menu)) open(false);
  };
  const blur = (/** @type {FocusEvent} */ { relatedTarget }) => {
    if (relatedTarget && !menu.contains(/** @type {Node} */ (relatedTarget))) open(false);
  };
  menu.addEventListener("keydown", close, { signal });
  menu.addEventListener("focusout", blur, { signal });
  document.addEventListener("pointerdown", leave, { signal });
  return menu;
}

/** @param {import("./state.js").Store} store @param {string} name @param {readonly string[]} views */
function makeChoice(store, name, views) {
  const toggle = () => store.set({ layout: togglePanel(store.get("layout"), name, views) });
  const box = element("input", { type: "checkbox", onchange: toggle });
  const draw = () => {
    const { away } = store.get("layout");
    box.checked = !away.includes(name);
    // One panel stays: an explorer without any could not be used.
    box.disabled = box.checked && away.length === views.length - 1;
  };
  return { label: element("label", {}, box, PANELS[name].title), draw };
}
