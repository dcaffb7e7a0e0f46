/** Lays the panels out in the room there is, with borders that can be moved between them. */

import { PANELS, TWINS } from "./panels.js";
import { makeSplitter, tellSize } from "./splitter.js";
import {
  GAP,
  LEAST_COLUMN,
  LEAST_TALL,
  LEAST_TIMELINE,
  OWN_LAYOUT,
  isWordsBeside,
  moveBorder,
  planColumns,
  planHeights,
} from "./stage_plan.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./splitter.js").Border} Border */
/** @typedef {{ natural: number, most: number }} Timeline heights of the panel: for what is in it, and the most it makes use of */

/** Panels stand below each other up to the first width, two by two up to the second. */
const [NARROW, MEDIUM] = [620, 980];
/** A legend that is opened is not a part of what fits into a window. */
const FOOT_UP_TO = 60;
/** Nobody needs more of a timeline or of columns than this, in windows. */
const MOST_WINDOWS = 1.5;

/** What the user made of the panels outlives an explorer that is drawn again at its place. @type {WeakMap<HTMLElement, import("./stage_plan.js").Layout>} */
const remembered = new WeakMap();

/** @param {HTMLElement} host @returns {import("./stage_plan.js").Layout} */
export function rememberedLayout(host) {
  return remembered.get(host) ?? OWN_LAYOUT;
}

export class Stage {
  #context;
  #root;
  #panels;
  /** @type {Timeline | undefined} */
  #timeline;
  /** @type {{ node: HTMLElement, border: Border, before: string }[]} */
  #splitters = [];
  #widths = /** @type {number[]} */ ([]);
  #heights = { tall: 0, timeline: 0 };
  #life = new AbortController();
  #observer = new ResizeObserver(() => this.#arrange());

  /**
   * Made before the views: a size that changes is told in the order of making, and a view that
   * hears of it before the panels are laid out would be drawn twice.
   * @param {Context} context @param {HTMLElement} root @param {import("./panels.js").Panels} panels
   */
  constructor(context, root, panels) {
    this.#context = context;
    this.#root = root;
    this.#panels = panels;
  }

  /** Lay out the views, which are there now. @param {Timeline | undefined} timeline */
  open(timeline) {
    this.#timeline = timeline;
    const [root, panels] = [this.#root, this.#panels];
    const { signal } = this.#life;
    const host = /** @type {HTMLElement} */ (root.parentElement);
    const { store } = this.#context;
    store.on(["layout"], () => remembered.set(host, store.get("layout")), signal);
    store.on(["layout", "beside"], () => this.#showPanels(), signal);
    this.#showPanels();
    this.#observer.observe(root);
    for (const node of [panels.toolbar, panels.foot, ...panels.sections.values()])
      this.#observer.observe(node);
    window.addEventListener("resize", () => this.#arrange(), { signal });
    document.addEventListener("fullscreenchange", () => this.#arrange(), { signal });
  }

  /** Names of the panels that are shown. @returns {string[]} */
  #shown() {
    const { data, store } = this.#context;
    const { away } = store.get("layout");
    const views = data.views.filter((view) => !away.includes(view));
    if (store.get("beside") < 0) return views;
    return views.flatMap((view) => (view in TWINS ? [view, TWINS[view]] : [view]));
  }

  /** Of those the ones that stand beside each other, those of a second row left out. */
  #columns() {
    const folded = this.#panels.stage.dataset.film === "none";
    const below = this.#below();
    return this.#shown().filter(
      (name) =>
        PANELS[name].place === "column" && !(folded && name === "player") && !below.includes(name),
    );
  }

  /** Side by side, two heatmaps stand below two maps. @returns {string[]} */
  #below() {
    const shown = this.#shown();
    const both = [TWINS.map, TWINS.heatmap].every((name) => shown.includes(name));
    return both ? ["heatmap", TWINS.heatmap] : [];
  }

  #showPanels() {
    const shown = this.#shown();
    const { stage, sections, status, foot, bar } = this.#panels;
    for (const [name, section] of sections) section.hidden = !shown.includes(name);
    stage.dataset.shown = shown.join(" ");
    stage.dataset.columns = String(this.#columns().length);
    stage.dataset.rows = String(this.#rows());
    stage.toggleAttribute("data-twins", this.#context.store.get("beside") >= 0);
    // How many are selected is said in any case.
    const line = shown.includes("gallery") ? bar?.querySelector(".twx-count") : foot;
    if (line && status.parentElement !== line && foot.isConnected) line.append(status);
    this.#makeSplitters(shown);
    this.#arrange();
  }

  /** Rows of columns. */
  #rows() {
    return this.#below().length ? 2 : 1;
  }

  /** @param {string[]} shown */
  #makeSplitters(shown) {
    const columns = this.#columns();
    const wanted = columns.slice(0, -1).map((name, k) => this.#borderOfColumn(columns, k, name));
    const wide = shown.filter((name) => PANELS[name].place === "wide");
    if (columns.length && wide.length)
      wanted.push(this.#borderOfHeight("tall", this.#below()[0] ?? columns[0]));
    if (wide.includes("timeline")) wanted.push(this.#borderOfHeight("timeline", "timeline"));
    const key = (/** @type {{ before: string, border: Border }[]} */ list) =>
      list.map(({ before, border }) => `${before} ${border.label}`).join();
    if (key(wanted.map((one) => one)) === key(this.#splitters)) return;
    this.#splitters.forEach(({ node }) => node.remove());
    this.#splitters = wanted.map(({ before, border }) => {
      const node = makeSplitter(border, this.#life.signal);
      this.#panels.sections.get(before)?.after(node);
      return { before, border, node };
    });
  }

  /** @param {string[]} names @param {number} k @param {string} before */
  #borderOfColumn(names, k, before) {
    const { store } = this.#context;
    const save = (/** @type {number[]} */ widths) => {
      const columns = Object.fromEntries(names.map((name, i) => [name, widths[i]]));
      store.set({ layout: { ...store.get("layout"), columns } });
    };
    /** @type {Border} */
    const border = {
      label: `Border of ${PANELS[before].title} and ${PANELS[names[k + 1]].title}`,
      upright: true,
      read: () => {
        const both = (this.#widths[k] ?? 0) + (this.#widths[k + 1] ?? 0);
        const least = Math.min(LEAST_COLUMN, both / 2);
        return { now: this.#widths[k] ?? 0, least, most: both - least };
      },
      write: (size) => save(moveBorder(this.#widths, k, size)),
      reset: () => store.set({ layout: { ...store.get("layout"), columns: {} } }),
    };
    return { border, before };
  }

  /** @param {"tall" | "timeline"} what @param {string} before */
  #borderOfHeight(what, before) {
    const { store } = this.#context;
    // The columns are as high as their rows together.
    const rows = what === "tall" ? this.#rows() : 1;
    const write = (/** @type {number} */ size) =>
      store.set({ layout: { ...store.get("layout"), [what]: Math.round(size / rows) } });
    /** @type {Border} */
    const border = {
      label: what === "tall" ? "Border below the columns" : "Border below the timeline",
      upright: false,
      read: () => ({
        now: this.#heights[what] * rows,
        least: what === "tall" ? LEAST_TALL * rows : LEAST_TIMELINE,
        most: MOST_WINDOWS * window.innerHeight,
      }),
      write,
      reset: () => write(0),
    };
    return { border, before };
  }

  /** Height to be filled by columns and timeline: of a full screen, or of a page of its own; NaN in a notebook. */
  #room() {
    const style = getComputedStyle(this.#root);
    const kind = style.getPropertyValue("--twx-room").trim();
    const { toolbar, foot, sections } = this.#panels;
    const edges = (/** @type {CSSStyleDeclaration} */ of) =>
      parseFloat(of.paddingTop) + parseFloat(of.paddingBottom);
    const around = kind === "page" ? edges(getComputedStyle(document.body)) : 0;
    let height = kind ? window.innerHeight - around : NaN;
    height -= edges(style) + this.#root.offsetHeight - this.#root.clientHeight;
    height -= toolbar.offsetHeight + Math.min(foot.offsetHeight, FOOT_UP_TO);
    const columns = [...this.#columns(), ...this.#below()];
    for (const [name, section] of sections) {
      if (section.hidden || columns.includes(name)) continue;
      if (name === "timeline") height -= GAP + section.offsetHeight - this.#timelineHeight();
      else height -= GAP + Math.min(section.offsetHeight, PANELS[name].folded ?? Infinity);
    }
    return { height, tight: kind === "screen" };
  }

  #timelineHeight() {
    return this.#panels.timeline?.offsetHeight ?? 0;
  }

  #arrange() {
    const { store } = this.#context;
    const { stage, sections, timeline } = this.#panels;
    const width = this.#root.clientWidth;
    const size = width < NARROW ? "narrow" : width < MEDIUM ? "medium" : "wide";
    this.#root.dataset.size = size;
    const shown = this.#shown();
    const told = shown.includes("timeline") ? this.#timeline : undefined;
    const room = size === "wide" ? this.#room() : { height: NaN, tight: false };
    const layout = size === "wide" ? store.get("layout") : OWN_LAYOUT;
    const [natural, most] = [told?.natural ?? 0, told?.most ?? 0];
    this.#heights = planHeights({ width, ...room, natural, most, rows: this.#rows() }, layout);
    const { tall } = this.#heights;
    const columns = this.#columns();
    this.#widths = planColumns(columns, stage.clientWidth, tall, layout);
    const template = this.#widths.map((part) => `minmax(0, ${part.toFixed(2)}fr)`).join(" ");
    stage.style.gridTemplateColumns = size === "wide" ? template : "";
    if (size === "wide") stage.style.setProperty("--twx-tall", `${tall}px`);
    else stage.style.removeProperty("--twx-tall");
    timeline?.style.setProperty("--twx-timeline", `${this.#heights.timeline}px`);
    const player = columns.indexOf("player");
    const beside = size === "wide" && player >= 0 && isWordsBeside(this.#widths[player], tall);
    sections.get("player")?.toggleAttribute("data-beside", beside);
    this.#placeSplitters();
  }

  /** Each in the middle of the gap behind its panel. */
  #placeSplitters() {
    for (const { node, border, before } of this.#splitters) {
      const panel = /** @type {HTMLElement} */ (this.#panels.sections.get(before));
      const [right, bottom] = [
        panel.offsetLeft + panel.offsetWidth,
        panel.offsetTop + panel.offsetHeight,
      ];
      const place = border.upright
        ? { left: right, top: panel.offsetTop, width: GAP, height: panel.offsetHeight }
        : { left: 0, top: bottom, width: this.#panels.stage.clientWidth, height: GAP };
      for (const [name, px] of Object.entries(place)) node.style.setProperty(name, `${px}px`);
      tellSize(node, border);
    }
  }

  reset() {
    this.#context.store.set({ layout: OWN_LAYOUT });
  }

  destroy() {
    this.#life.abort();
    this.#observer.disconnect();
  }
}
