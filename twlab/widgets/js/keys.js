/** Keys that work wherever the explorer has the focus, and the list of them. */

import { element, makeDialog } from "./dom.js";

/** @type {[string, string][]} */
const HELP = [
  ["Click", "focus a segment and go there"],
  ["Double click", "play that segment"],
  [
    "⇧ click, Ctrl click",
    "a card, line of the table or clip on the timeline: all from the one in focus to it, or it alone",
  ],
  ["Drag", "lasso, box or range; shift adds to the selection"],
  ["Alt drag, V", "move the view"],
  ["Wheel, + −", "zoom (click a view first); 0 shows all"],
  ["← → ↑ ↓", "next segment in time, or nearest point on the map"],
  ["Enter", "select the focused segment; shift adds"],
  ["Space", "play or pause"],
  ["P", "play the selection"],
  ["N", "select the nearest neighbours"],
  ["L B V", "lasso, box, pan"],
  ["/", "go to a time, or find a label or words: 3:07, 4, cluster:4; ↓ shows the labels"],
  ["Tap (touch)", "the view takes your fingers; tap beside it to scroll the page again"],
  ["Esc", "clear the selection"],
  ["G", "the gallery as a grid or a strip; arrows move in it, Enter goes there"],
  ["T", "the table and its filters; arrows move in it, Enter goes there, Ctrl C copies"],
  ["1 to 9", "the name of that number for what is selected, or in focus; again takes it away"],
  ["Ctrl Z, Ctrl ⇧ Z", "undo what was selected or named, do it again"],
  ["M", "names of groups on the map, and frames in the place of points once zoomed in"],
  ["W", "the way of the video on the player through the map"],
  ["F", "full screen"],
  ["? in a panel's head", "what its marks mean"],
  ["0", "views, sizes and panels as they were at first"],
];

/**
 * @param {HTMLElement} root
 * @param {(event: KeyboardEvent) => boolean} viewKey asks the view that has the focus first
 * @param {Record<string, (event: KeyboardEvent) => void>} verbs by key
 * @param {AbortSignal} signal
 */
export function attachKeys(root, viewKey, verbs, signal) {
  /** @param {KeyboardEvent} event */
  const listen = (event) => {
    const target = /** @type {HTMLElement} */ (event.composedPath()[0]);
    const typing = target.matches("input, select, textarea");
    // The notebook's own shortcuts must not see what is typed here.
    event.stopPropagation();
    // What is behind the list of keys waits until that is closed; Escape closes it by itself.
    if (root.querySelector("dialog[open]")) return;
    if (typing || event.altKey) return;
    if (event.ctrlKey || event.metaKey) return runVerb(event, verbs[chordOf(event)]);
    const pressing =
      target.matches("button, video") && (event.key === " " || event.key === "Enter");
    if (pressing) return;
    if (target.matches("canvas") && viewKey(event)) return event.preventDefault();
    runVerb(event, verbs[event.key] ?? verbs[event.key.toLowerCase()]);
  };
  root.addEventListener("keydown", listen, { signal });
  // Jupyter takes keys before they come here, unless the very element that has the focus says no:
  // around it, that is read too late for shortcuts of whatever has the focus, as B and D D are.
  /** @param {FocusEvent} event */
  const keep = ({ target }) =>
    /** @type {Element} */ (target).setAttribute("data-lm-suppress-shortcuts", "true");
  root.addEventListener("focusin", keep, { signal });
}

/** The keys 1 to 9. @param {(number: number) => void} verb @returns {Record<string, () => void>} */
export function numberKeys(verb) {
  return Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((k) => [k, () => verb(k)]));
}

/** @param {KeyboardEvent} event @param {((event: KeyboardEvent) => void) | undefined} verb */
function runVerb(event, verb) {
  if (!verb) return;
  event.preventDefault();
  verb(event);
}

/** A key with Control, or with Command on a Mac. @param {KeyboardEvent} event */
function chordOf({ shiftKey, key }) {
  return `Control ${shiftKey ? "Shift " : ""}${key.toLowerCase()}`;
}

export function helpDialog() {
  const rows = HELP.map(([key, what]) => [element("dt", {}, key), element("dd", {}, what)]).flat();
  const title = element("h2", {}, "Keys and gestures");
  return makeDialog("twx-help", title, element("dl", {}, ...rows));
}
