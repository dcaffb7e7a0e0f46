/** The explorer: makes the views, gives them one store, and takes everything away at the end. Where a view stands is a line of `PANELS` in panels.js. */

import { Actions, countText } from "./actions.js";
import { countSet } from "./bits.js";
import { findColumn } from "./data.js";
import { Details } from "./details.js";
import { element } from "./dom.js";
import { NO_FILTERS } from "./facets.js";
import { Frames } from "./frames.js";
import { Gallery } from "./gallery.js";
import { wholeVideos } from "./gallery_rows.js";
import { WOKEN } from "./gestures.js";
import { HeatmapView } from "./heatmap.js";
import { History } from "./history.js";
import { addKeys } from "./key_panel.js";
import { attachKeys, helpDialog, numberKeys } from "./keys.js";
import { Legend } from "./legend.js";
import { Look } from "./look.js";
import { MapView } from "./map.js";
import { Media } from "./media.js";
import { NAMED_COLUMN, withNames } from "./naming.js";
import { OutMenu } from "./out_menu.js";
import { addMapTools } from "./map_tools.js";
import { isTwinned, makePanels } from "./panels.js";
import { Player } from "./player.js";
import { Stage, rememberedLayout } from "./stage.js";
import { Store, initialState } from "./state.js";
import { TableView } from "./table.js";
import { TimeIndex } from "./timeindex.js";
import { TimelineView } from "./timeline.js";
import { carryHidden, maskShown, shownRows } from "./visibility.js";
import { makeToast } from "./toast.js";
import { Toolbar } from "./toolbar.js";
import { Tooltip } from "./tooltip.js";
import { Twins, linkContext } from "./twins.js";
import { VideosView } from "./videos.js";
import { withSearched } from "./word_search.js";

/** @typedef {import("./data.js").Data} Data */
/** @typedef {(question: { kind: "video" | "nearest" | "words", [more: string]: any }) => Promise<{ answer: any, bytes: DataView | null }>} Asker */
/**
 * @typedef {object} Context what every view is given
 * @property {Data} data
 * @property {Store} store
 * @property {Actions} actions
 * @property {Look} look
 * @property {TimeIndex} times
 * @property {Media} media
 * @property {Frames} frames
 * @property {History} history
 * @property {Tooltip} tooltip shown by `actions.hover`
 */
/** @typedef {{ reset?: () => void, key?: (event: KeyboardEvent) => boolean, canvas?: HTMLElement, destroy: () => void }} View */

export class App {
  #context;
  /** @type {View[]} */
  #lasting;
  #twins;
  #player;
  #gallery;
  #table;
  #toolbar;
  #out;
  #help = helpDialog();
  #life = new AbortController();

  /**
   * @param {HTMLElement} host @param {Data} data
   * @param {Asker} ask asks the kernel, or the page
   */
  constructor(host, data, ask) {
    this.root = makeRoot(data);
    host.append(this.root);
    const context = makeContext(this.root, data, ask);
    this.#context = context;
    this.store = context.store;
    this.actions = context.actions;
    this.store.set({ layout: rememberedLayout(host) });
    const panels = makePanels(this.root, data);
    const { signal } = this.#life;
    const stage = new Stage(context, this.root, panels);
    const views = makeViews(context, panels, signal);
    this.#twins = new Twins(context, panels);
    stage.open(views.timeline);
    this.root.append(makeToast(this.store, this.#life.signal), this.#help);
    this.#player = views.player;
    this.#gallery = views.gallery;
    this.#table = views.table;
    this.#out = new OutMenu(context, this.root, () => drawables(views, this.#twins.made));
    this.#toolbar = new Toolbar(context, panels.toolbar, {
      out: this.#out.node,
      reset: () => this.#reset(),
      fullScreen: () => this.#toggleFullScreen(),
      help: () => this.#help.showModal(),
    });
    const made = Object.values(views).filter((view) => view !== undefined);
    this.#lasting = [...made, stage, this.#toolbar, this.#twins];
    addKeys(context, panels.sections, signal);
    showStatus(context, panels.status, panels.live, signal);
    attachKeys(this.root, (event) => this.#keyInView(event), this.#verbs(), signal);
    // A film that nobody sees does not go on.
    const pause = () => {
      const away = this.store.get("layout").away.includes("player");
      if (away && this.store.get("playing")) this.#player?.toggle();
    };
    this.store.on(["layout"], pause, signal);
    const message = "Drag on this view now; tap beside it to scroll the page";
    this.root.addEventListener(WOKEN, () => this.store.set({ message }), { signal });
  }

  /** @returns {View[]} */
  get #views() {
    return [...this.#lasting, ...this.#twins.views];
  }

  #reset() {
    this.#views.forEach((view) => view.reset?.());
  }

  #toggleFullScreen() {
    if (document.fullscreenElement) return void document.exitFullscreen();
    const message = "Full screen is not allowed here";
    void this.root.requestFullscreen?.().catch(() => this.store.set({ message }));
  }

  /** Whether the view that has the focus takes the key. @param {KeyboardEvent} event */
  #keyInView(event) {
    const focused = this.root.querySelector(":focus");
    return this.#views.some((view) => view.canvas === focused && view.key?.(event));
  }

  /** @returns {Record<string, (event: KeyboardEvent) => void>} what each key does */
  #verbs() {
    const { store, actions } = this;
    return {
      " ": () => this.#player?.toggle(),
      Enter: (event) => this.#selectFocus(event.shiftKey),
      Escape: () => actions.clear(),
      p: () => actions.playSelection(),
      n: () => void actions.selectNearest(),
      l: () => store.set({ tool: "lasso" }),
      b: () => store.set({ tool: "box" }),
      v: () => store.set({ tool: "pan" }),
      f: () => this.#toggleFullScreen(),
      m: () => store.set({ names: !store.get("names") }),
      w: () => store.set({ path: !store.get("path") }),
      g: () => this.#gallery?.toggleGrid(),
      t: () => this.#table?.toggle(),
      "Control z": () => this.#context.history.undo(),
      "Control Shift z": () => this.#context.history.redo(),
      "Control y": () => this.#context.history.redo(),
      "/": () => this.#toolbar.find(),
      "?": () => this.#help.showModal(),
      0: () => this.#reset(),
      ...numberKeys((number) => actions.nameByNumber(number)),
    };
  }

  /** @param {boolean} add */
  #selectFocus(add) {
    const focus = this.store.get("focus");
    if (focus >= 0) this.actions.select([focus], add ? "add" : "replace", "");
  }

  destroy() {
    this.#life.abort();
    this.#out.destroy();
    this.#lasting.forEach((view) => view.destroy());
    const { tooltip, frames, media, look, store } = this.#context;
    for (const part of [tooltip, frames, media, look]) part.destroy();
    store.close();
    this.root.remove();
  }
}

/** @param {Data} data */
function makeRoot({ title }) {
  const name = title || "Explorer of video segments";
  const named = [...document.querySelectorAll(".twx")].map((one) => one.getAttribute("aria-label"));
  let [free, number] = [name, 1];
  while (named.includes(free)) free = `${name}, ${++number}`;
  return element("div", { class: "twx", role: "region", "aria-label": free });
}

/** @param {HTMLElement} root @param {Data} data @param {Asker} ask @returns {Context} */
function makeContext(root, data, ask) {
  const store = new Store(initialState(data));
  keepUpToDate(data, store);
  const history = new History(store);
  const times = new TimeIndex(data);
  const look = new Look(root, data, store);
  const media = new Media(data, ask);
  const frames = new Frames(media);
  const tooltip = new Tooltip(root, data, store, frames);
  /** @type {import("./actions.js").Hover} */
  const showTip = (...hovered) => tooltip.show(...hovered);
  const actions = new Actions(data, store, times, { showTip, ask });
  return { data, store, actions, look, times, media, frames, history, tooltip };
}

/** Before any view hears of other names or groups, the columns and the rows shown are theirs. @param {Data} data @param {Store} store */
function keepUpToDate(data, store) {
  let [known, filtered] = [store.get("hidden"), store.get("filters")];
  const rename = () => {
    const before = findColumn(data, NAMED_COLUMN);
    data.columns = withNames(data.columns, store.get("labels"));
    const [after, hidden] = [findColumn(data, NAMED_COLUMN), store.get("hidden")];
    // What is hidden may have come together with the names: then it is told by these.
    if (hidden === known) store.set({ hidden: carryHidden(hidden, before, after) });
    // A filter by names that are others now says nothing of what is selected.
    const [filters, named] = [store.get("filters"), store.get("filters")[NAMED_COLUMN]];
    if (named && filters === filtered) store.set({ filters: NO_FILTERS });
  };
  const show = () => {
    known = store.get("hidden");
    store.set({ shown: shownRows(data, known) });
  };
  const search = () => (data.columns = withSearched(data.columns, store.get("searched")));
  store.on(["searched"], search);
  store.on(["labels"], rename);
  store.on(["filters"], () => (filtered = store.get("filters")));
  store.on(["hidden", "labels"], show);
}

/** @param {Context} context @param {import("./panels.js").Panels} panels @param {AbortSignal} signal */
function makeViews(context, panels, signal) {
  const { map, tools, heatmap, scale, timeline, player, details, legend } = panels;
  const { gallery, bar, videos, table } = panels;
  if (tools) addMapTools(context, tools, signal);
  const side = isTwinned(context.data) ? linkContext(context, "space", signal) : context;
  return {
    map: map && new MapView(side, map),
    heatmap: heatmap && scale && new HeatmapView(side, heatmap, scale),
    timeline: timeline && new TimelineView(context, timeline),
    player: player && new Player(context, player),
    details: details && new Details(context, details),
    legend: new Legend(context, legend),
    videos: videos && new VideosView(context, videos),
    gallery: gallery && bar && new Gallery(context, gallery, bar),
    table: table && new TableView(context, table),
  };
}

/** The views of which pictures can be made: those on the page. @param {ReturnType<typeof makeViews>} views @param {Twins["made"]} twins */
function drawables({ map, heatmap, timeline }, twins) {
  /** @type {import("./out_menu.js").Drawables} */
  const drawn = {};
  if (map?.size.width) drawn.Map = map;
  if (heatmap?.size.width) drawn.Similarity = heatmap;
  if (twins.map?.size.width) drawn["Map beside"] = twins.map;
  if (twins.heatmap?.size.width) drawn["Similarity beside"] = twins.heatmap;
  if (timeline?.size.width) drawn.Timeline = timeline;
  return drawn;
}

/** The last thing that happened, written once for the eye and once for screen readers. @param {Context} context @param {HTMLElement} status @param {HTMLElement} live @param {AbortSignal} signal */
function showStatus({ data, store }, status, live, signal) {
  const whole = wholeVideos(data);
  const parts = data.n - countSet(whole);
  const draw = () => {
    const [selected, shown] = [store.get("selected"), store.get("shown")];
    const mask = selected ? store.get("mask") : shown;
    const films = mask && parts < data.n ? countSet(maskShown(whole, mask)) : 0;
    const count = (selected || (shown ? countSet(shown) : parts)) - films;
    const part = mask ? `${count.toLocaleString("en")} of ` : "";
    const more = selected && films ? ` and ${films} whole video${films === 1 ? "" : "s"}` : "";
    const verb = selected ? " selected" : shown ? " shown" : "";
    status.textContent = `${part}${countText(parts)}${more}${verb}`;
  };
  store.on(["selected", "shown"], draw, signal);
  store.on(["message"], () => (live.textContent = store.get("message")), signal);
  store.on(["echo"], () => (live.textContent = store.get("echo")), signal);
  draw();
}
