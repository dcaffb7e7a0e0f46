/** The focused segment in words, and what is most like it in pictures. */

import { cssColour } from "./colour.js";
import { element } from "./dom.js";
import { momentText, placeText, rowFacts } from "./facts.js";
import { showStill } from "./gallery_frames.js";
import { nearestOf } from "./near.js";
import { formatTime } from "./time.js";
import { copyOf } from "./tooltip.js";

/** @typedef {import("./app.js").Context} Context */

const SHOWN = 5;

export class Details {
  #context;
  #clock = element("span", { class: "twx-clock" }, "0:00.0");
  #facts = element("span", { class: "twx-facts" });
  #caption = element("div", { class: "twx-caption" }, "Most similar");
  #strip = element("div", {
    class: "twx-strip",
    role: "group",
    "aria-label": "Most similar segments",
  });
  /** Why nothing is known to be similar. */
  #why = element("div", { class: "twx-more", hidden: true });
  #life = new AbortController();

  /** @param {Context} context @param {HTMLElement} parent */
  constructor(context, parent) {
    this.#context = context;
    const now = element("div", { class: "twx-now" }, this.#clock, this.#facts);
    parent.append(now, this.#caption, this.#why, this.#strip);
    const { store } = context;
    const { signal } = this.#life;
    store.on(
      ["focus", "colorBy", "labels", "searched", "theme", "space"],
      () => this.#draw(),
      signal,
    );
    store.on(["sec"], () => this.#drawClock(), signal);
    this.#draw();
    this.#drawClock();
  }

  #drawClock() {
    this.#clock.textContent = formatTime(this.#context.store.get("sec"), 1);
  }

  #draw() {
    const { data, store } = this.#context;
    const row = store.get("focus");
    this.#facts.replaceChildren(...describeRow(this.#context, row));
    const near = nearestOf(data, store.get("space"), row, SHOWN);
    const why = row < 0 ? "" : (data.spaces[store.get("space")]?.noNeighbors ?? "");
    this.#why.textContent = why;
    this.#why.hidden = !why;
    this.#strip.hidden = !near.length;
    this.#caption.hidden = !near.length && !why;
    this.#strip.replaceChildren(...near.map((one) => makeCard(this.#context, one)));
  }

  destroy() {
    this.#life.abort();
  }
}

/** @param {Context} context @param {number} row -1 for none @returns {(Node | string)[]} */
function describeRow({ data, store, look }, row) {
  if (row < 0) return ["Click a point, a segment or a cell"];
  const style = `background:${cssColour(look.colours()[row])}`;
  const facts = rowFacts(data, row, store.get("colorBy"));
  return [
    element("span", { class: "twx-dot", style }),
    element("b", {}, placeText(data, row)),
    ...facts.map((fact) => element("span", {}, element("i", {}, fact.name), ` ${fact.text}`)),
  ];
}

/** A frame of a segment, to click. @param {Context} context @param {import("./near.js").Likeness} likeness */
function makeCard({ data, actions, frames, look }, { row, similarity }) {
  const screen = element("span", {
    class: "twx-frame",
    style: `--twx-own:${cssColour(look.colours()[row])}`,
  });
  const when = momentText(data, row);
  const score = Number.isFinite(similarity) ? similarity.toFixed(2).replace(/^0/, "") : "";
  const film = data.videos.length > 1 ? data.videos[data.video[row]].title : "";
  const label = [when, film, score && `similarity ${score}`].filter(Boolean).join(", ");
  const body = element("span", { class: "twx-card-text" }, element("b", {}, when), " ", score);
  const made = element(
    "button",
    {
      type: "button",
      class: "twx-card",
      title: label,
      onclick: () => actions.focus(row),
    },
    screen,
    body,
    film ? element("span", { class: "twx-card-video", dir: "auto" }, film) : null,
  );
  const middle = (data.start[row] + data.end[row]) / 2;
  const still = data.stills.rows[row];
  if (still) showStill(screen, still);
  else if (Number.isFinite(middle)) {
    void frames
      .frame(data.video[row], middle)
      .then((frame) => frame && screen.replaceChildren(copyOf(frame)));
  }
  return made;
}
