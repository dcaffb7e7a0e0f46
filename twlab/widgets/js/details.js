/** The focused segment in words, and what is most like it in pictures. */

import { rowFacts } from "./actions.js";
import { cssColour } from "./colour.js";
import { element } from "./dom.js";
import { nearestOf } from "./near.js";
import { formatRange, formatTime } from "./time.js";
import { copyOf } from "./tooltip.js";

/** @typedef {import("./app.js").Context} Context */

const SHOWN = 5;

/** @param {Context} context @param {HTMLElement} parent */
export function createDetails(context, parent) {
  const { data, store, look } = context;
  const clock = element("span", { class: "twx-clock" }, "0:00.0");
  const facts = element("span", { class: "twx-facts" });
  const strip = element("div", {
    class: "twx-strip",
    role: "list",
    "aria-label": "Most similar segments",
  });
  const caption = element("div", { class: "twx-caption" }, "Most similar");
  parent.append(element("div", { class: "twx-now" }, clock, facts), caption, strip);

  function drawClock() {
    const sec = store.get("sec");
    clock.textContent = formatTime(sec, 1);
  }
  function draw() {
    const row = store.get("focus");
    const known = row >= 0;
    const swatch = element("span", {
      class: "twx-dot",
      style: known ? `background:${cssColour(look.colours()[row])}` : "",
    });
    const words = known ? rowFacts(data, row, store.get("colorBy")) : [];
    const range =
      known && Number.isFinite(data.start[row]) ? formatRange(data.start[row], data.end[row]) : "";
    facts.replaceChildren(
      ...(known
        ? [swatch, element("b", {}, range || `row ${row}`)]
        : ["Click a point, a segment or a cell"]),
      ...words.map(({ name, text }) => element("span", {}, element("i", {}, name), ` ${text}`)),
    );
    const near = nearestOf(data, store.get("space"), row, SHOWN);
    caption.hidden = strip.hidden = !near.length;
    strip.replaceChildren(...near.map((one) => card(context, one)));
  }
  const off = [
    store.on(["focus", "colorBy", "theme", "space"], draw),
    store.on(["sec"], drawClock),
  ];
  draw();
  drawClock();
  return { destroy: () => off.forEach((stop) => stop()) };
}

/** @param {Context} context @param {import("./near.js").Likeness} likeness */
function card({ data, actions, frames, look }, { row, similarity }) {
  const screen = element("span", {
    class: "twx-frame",
    style: `--twx-own:${cssColour(look.colours()[row])}`,
  });
  const when = Number.isFinite(data.start[row]) ? formatTime(data.start[row]) : `row ${row}`;
  const score = Number.isFinite(similarity) ? similarity.toFixed(2).replace(/^0/, "") : "";
  const label = `${when}${score ? `, similarity ${score}` : ""}`;
  const body = element("span", { class: "twx-card-text" }, element("b", {}, when), score);
  const made = element(
    "button",
    {
      type: "button",
      class: "twx-card",
      role: "listitem",
      title: label,
      "aria-label": `Go to ${label}`,
      onclick: () => actions.focus(row),
    },
    screen,
    body,
  );
  const middle = (data.start[row] + data.end[row]) / 2;
  if (Number.isFinite(middle)) {
    void frames
      .frame(data.video[row], middle)
      .then((frame) => frame && screen.replaceChildren(copyOf(frame)));
  }
  return made;
}
