/** The key of a view: opened in its head, it says what each mark is that may be seen now. */

import { element, iconButton } from "./dom.js";
import { MARKS_OF, SAMPLE } from "./marks_key.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./marks_key.js").Mark} Mark */

/** @type {(keyof import("./state.js").State)[]} */
const TOLD_BY = [
  ...["focus", "selected", "bands", "lit", "shown", "tool", "theme", "playing", "path", "space"],
  "colorBy",
].map((key) => /** @type {keyof import("./state.js").State} */ (key));

/** Give every panel that has marks a button for their key. @param {Context} context @param {Map<string, HTMLElement>} sections @param {AbortSignal} signal */
export function addKeys(context, sections, signal) {
  for (const [name, { intro, marks }] of Object.entries(MARKS_OF)) {
    const section = sections.get(name);
    if (section) addKey(context, section, { intro, marks }, signal);
  }
}

/** @param {Context} context @param {HTMLElement} section @param {{ intro: string, marks: Mark[] }} what @param {AbortSignal} signal */
function addKey(context, section, { intro, marks }, signal) {
  const label = `What the marks of ${section.getAttribute("aria-label")} mean`;
  const list = element("ul", {});
  const words = intro ? element("p", {}, intro) : null;
  const attributes = { class: "twx-key", role: "group", "aria-label": label, tabindex: 0 };
  const key = element("div", { ...attributes, hidden: true }, words, list);
  const button = iconButton("help", label, "", () => open(key.hidden));
  button.classList.add("twx-key-button");
  let told = "";
  const draw = () => {
    if (key.hidden) return;
    const now = marks.filter(({ shows }) => !shows || shows(context));
    const state = [context.store.get("theme"), context.store.get("colorBy")];
    const telling = [...state, ...now.map(({ says }) => says)].join("\n");
    if (telling !== told) list.replaceChildren(...now.map((mark) => makeMark(context, mark)));
    told = telling;
  };
  const open = (/** @type {boolean} */ shown) => {
    key.hidden = !shown;
    button.setAttribute("aria-expanded", String(shown));
    draw();
  };
  open(false);
  const close = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || key.hidden) return;
    event.stopPropagation();
    open(false);
    button.focus();
  };
  key.addEventListener("keydown", close, { signal });
  button.addEventListener("keydown", close, { signal });
  context.store.on(TOLD_BY, draw, signal);
  const heading = section.querySelector(".twx-heading");
  heading?.append(button);
  heading?.after(key);
}

/** @param {Context} context @param {Mark} mark */
function makeMark(context, { says, draw }) {
  const canvas = element("canvas", { "aria-hidden": "true" });
  const dpr = Math.min(window.devicePixelRatio || 1, 3);
  [canvas.width, canvas.height] = [SAMPLE.width * dpr, SAMPLE.height * dpr];
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  ctx.scale(dpr, dpr);
  ctx.lineJoin = ctx.lineCap = "round";
  draw(ctx, context);
  return element("li", {}, canvas, element("span", {}, says));
}
