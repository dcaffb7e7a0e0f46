/** The legend of a search by words: its scores as colours, and above them how many places have which. */

import { sequenceRamp } from "./colour.js";
import { element, icon } from "./dom.js";
import { barPath } from "./facet_view.js";
import { facetOf } from "./facets.js";
import { scoreText } from "./gallery_rows.js";
import { rampBar } from "./scale_bar.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./word_search.js").Searched} Searched */

const MEANING_OF_SCORE =
  "Score: how far a place stands out among all of its kind, in spreads above their middle. " +
  "Bars: how many places have it. Whether the best of them fit is for you to see.";

/** @param {Context} context @param {Searched} searched @returns {HTMLElement[]} */
export function makeSearchScale({ actions }, searched) {
  const { low, high } = searched.column;
  const scale = element(
    "span",
    { class: "twx-scale", title: MEANING_OF_SCORE },
    scoreText(low),
    element("span", { class: "twx-spread" }, rampBar(sequenceRamp())),
    scoreText(high),
  );
  scale.querySelector(".twx-spread")?.prepend(makeBars(searched));
  const attributes = { type: "button", class: "twx-chip twx-unsearch" };
  const clear = element("button", attributes, icon("clear"), "clear search");
  clear.addEventListener("click", () => actions.showWords(""));
  const words = element("span", { class: "twx-search-words", dir: "auto" }, searched.words);
  words.title = searched.words;
  return [words, scale, clear];
}

/** @param {Searched} searched */
function makeBars({ column, scores, rows }) {
  const values = Float32Array.from(rows, (row) => scores[row]);
  const { totals, nBins } = facetOf({ ...column, values }, values.length);
  const space = "http://www.w3.org/2000/svg";
  const [svg, path] = [
    document.createElementNS(space, "svg"),
    document.createElementNS(space, "path"),
  ];
  svg.setAttribute("viewBox", `0 0 ${Math.max(nBins, 1)} 1`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", barPath(totals, nBins, Math.max(1, ...totals.subarray(0, nBins))));
  svg.append(path);
  return svg;
}
