/** One card of the gallery: a frame, when it is, what colour, how good. */

import { cssColour } from "./colour.js";
import { cellText, findColumn } from "./data.js";
import { element } from "./dom.js";
import { momentText, placeText } from "./facts.js";
import { scoreText } from "./gallery_rows.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./gallery_frames.js").Card} Card */

/**
 * @param {Context} context @param {number} row
 * @param {{ score: number, pictured: boolean }} more
 * @returns {Card}
 */
export function makeGalleryCard({ data, store, look }, row, { score, pictured }) {
  const style = `--twx-own:${cssColour(look.colours()[row])}`;
  const screen = pictured ? element("span", { class: "twx-frame", style }) : null;
  const when = momentText(data, row);
  const rated = scoreText(score);
  const several = data.videos.length > 1;
  const title = data.videos[data.video[row]]?.title ?? "";
  const words = element(
    "span",
    { class: "twx-card-text" },
    pictured ? null : element("span", { class: "twx-dot", style: "background:var(--twx-own)" }),
    element("b", {}, when),
    // Beside each other for the eye, two words for those who hear them.
    rated && ` ${rated}`,
  );
  const told = wordsOf(data, store.get("colorBy"), row, rated);
  const attributes = {
    type: "button",
    class: "twx-shot",
    tabindex: -1,
    title: told,
    // What is seen is its name: a time alone says too little, with a score or a video enough.
    "aria-label": rated || several ? null : told,
  };
  const button = element(
    "button",
    attributes,
    screen,
    words,
    several ? element("span", { class: "twx-card-video", dir: "auto" }, title) : null,
  );
  const item = element(
    "div",
    { class: "twx-item", role: "listitem", "data-row": row, style },
    button,
  );
  return { row, item, button, screen, asked: false };
}

/** @param {import("./data.js").Data} data @param {string} colorBy @param {number} row @param {string} rated */
function wordsOf(data, colorBy, row, rated) {
  const column = findColumn(data, colorBy);
  const parts = [placeText(data, row)];
  if (data.videos.length > 1) parts.push(data.videos[data.video[row]].title);
  const told = column?.kind === "number" && column.searched && rated !== "";
  if (column && column.name !== data.timeColumn && !told)
    parts.push(`${column.name} ${cellText(column, row)}`);
  if (rated) parts.push(`score ${rated}`);
  return parts.join(", ");
}
