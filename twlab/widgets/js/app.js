/** The explorer: makes the views, gives them one store, and takes everything away at the end. */

import { createActions } from "./actions.js";
import { createDetails } from "./details.js";
import { element } from "./dom.js";
import { createFrames } from "./frames.js";
import { HeatmapView } from "./heatmap.js";
import { attachKeys, helpDialog } from "./keys.js";
import { createLegend } from "./legend.js";
import { createLook } from "./look.js";
import { MapView } from "./map.js";
import { createMedia } from "./media.js";
import { createPlayer } from "./player.js";
import { Store } from "./state.js";
import { createTimeIndex } from "./timeindex.js";
import { TimelineView } from "./timeline.js";
import { createToolbar } from "./toolbar.js";
import { createTooltip } from "./tooltip.js";

/** @typedef {ReturnType<typeof openExplorer>} App */
/** @typedef {(question: { kind: "video" | "nearest", [more: string]: any }) => Promise<{ answer: any, bytes: DataView | null }>} Asker */
/**
 * @typedef {object} Context what every view is given
 * @property {import("./data.js").Data} data
 * @property {import("./state.js").Store} store
 * @property {import("./actions.js").Actions} actions
 * @property {import("./look.js").Look} look
 * @property {import("./timeindex.js").TimeIndex} times
 * @property {import("./media.js").Media} media
 * @property {import("./frames.js").Frames} frames
 */
/** @typedef {{ reset?: () => void, key?: (event: KeyboardEvent) => boolean, canvas?: HTMLElement, destroy: () => void }} View */

const NAMES = { map: "Map", heatmap: "Similarity", timeline: "Timeline", player: "Player" };

/**
 * @param {HTMLElement} host @param {import("./data.js").Data} data
 * @param {Asker} ask asks the kernel, or the page
 */
export function openExplorer(host, data, ask) {
  const root = element("div", {
    class: "twx",
    role: "region",
    "aria-label": data.title || "Explorer of video segments",
    "data-lm-suppress-shortcuts": "true",
  });
  host.append(root);
  const times = createTimeIndex(data);
  const store = new Store({
    focus: -1,
    hover: -1,
    mask: new Uint8Array(data.n),
    selected: 0,
    video: 0,
    sec: 0,
    playing: false,
    seek: null,
    bands: [],
    colorBy: data.colorBy,
    space: 0,
    tool: "lasso",
    theme: "light",
    message: "",
  });
  const look = createLook(root, data, store);
  const media = createMedia(data, ask);
  const frames = createFrames(media);
  const tooltip = createTooltip(root, data, store, frames);
  const actions = createActions(data, store, times, { showTip: tooltip.show, ask });
  const context = { data, store, actions, look, times, media, frames };

  const panels = makePanels(root, data);
  /** @type {Record<string, View>} */
  const views = {};
  if (panels.map) views.map = new MapView(context, panels.map);
  if (panels.heatmap) views.heatmap = new HeatmapView(context, panels.heatmap, panels.scale);
  if (panels.timeline) views.timeline = new TimelineView(context, panels.timeline);
  const player = panels.player ? createPlayer(context, panels.player) : null;
  if (player) views.player = player;
  if (panels.details) views.details = createDetails(context, panels.details);
  views.legend = createLegend(context, panels.legend);

  const help = helpDialog();
  root.append(help);
  const reset = () => Object.values(views).forEach((view) => view.reset?.());
  const fullScreen = () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else
      void root
        .requestFullscreen?.()
        .catch(() => store.set({ message: "Full screen is not allowed here" }));
  };
  const verbs = { reset, fullScreen, help: () => help.showModal() };
  const toolbar = createToolbar(context, panels.toolbar, verbs);
  views.toolbar = toolbar;
  const status = showStatus(context, panels.status, panels.live);
  const stopKeys = attachKeys(
    root,
    (event) =>
      Object.values(views).some(
        (view) => view.canvas === root.querySelector(":focus") && view.key?.(event),
      ),
    {
      " ": () => player?.toggle(),
      Enter: (event) =>
        store.get("focus") >= 0 &&
        actions.select([store.get("focus")], event.shiftKey ? "add" : "replace", ""),
      Escape: actions.clear,
      p: actions.playSelection,
      n: actions.selectNearest,
      l: () => store.set({ tool: "lasso" }),
      b: () => store.set({ tool: "box" }),
      v: () => store.set({ tool: "pan" }),
      f: fullScreen,
      "/": () => toolbar.find(),
      "?": verbs.help,
      0: reset,
    },
  );
  const stopSizing = watchSize(root);

  return {
    store,
    actions,
    root,
    destroy() {
      stopSizing();
      stopKeys();
      status();
      Object.values(views).forEach((view) => view.destroy());
      tooltip.destroy();
      frames.destroy();
      media.destroy();
      look.destroy();
      store.close();
      root.remove();
    },
  };
}

/** @param {HTMLElement} root @param {import("./data.js").Data} data */
function makePanels(root, data) {
  const toolbar = element("div", {
    class: "twx-toolbar",
    role: "toolbar",
    "aria-label": "Explorer tools",
  });
  const legend = element("div", { class: "twx-legend" });
  const status = element("div", { class: "twx-status" });
  const live = element("div", { class: "twx-live", role: "status", "aria-live": "polite" });
  const columns = data.views.filter((view) => view !== "timeline").length;
  const stage = element("div", {
    class: "twx-stage",
    "data-views": data.views.join(" "),
    "data-columns": columns,
  });
  /** @type {Record<string, HTMLElement>} */
  const panels = { toolbar, legend, status, live };
  for (const name of data.views) {
    const view = /** @type {keyof typeof NAMES} */ (name);
    panels[name] = element("div", { class: `twx-view twx-${name}` });
    const heading = name === "player" ? null : element("h3", { class: "twx-heading" }, NAMES[view]);
    const panel = element(
      "section",
      { class: `twx-panel twx-panel-${name}`, "aria-label": NAMES[view] },
      heading,
      panels[name],
    );
    if (name === "player" && data.n)
      panel.append((panels.details = element("div", { class: "twx-details" })));
    if (name === "heatmap")
      heading?.append((panels.scale = element("span", { class: "twx-scale" })));
    stage.append(panel);
  }
  const bare = data.views.length === 1 && data.views[0] === "player";
  if (bare) root.append(stage, live);
  else root.append(toolbar, stage, element("div", { class: "twx-foot" }, legend, status), live);
  return panels;
}

/** The last thing that happened, written once for the eye and once for screen readers. @param {Context} context @param {HTMLElement} status @param {HTMLElement} live */
function showStatus({ data, store, actions }, status, live) {
  function draw() {
    const selected = store.get("selected");
    const what = selected
      ? `${selected.toLocaleString("en")} of ${actions.count(data.n)} selected`
      : actions.count(data.n);
    status.textContent = what;
  }
  const speak = () => (live.textContent = store.get("message"));
  const off = [store.on(["selected"], draw), store.on(["message"], speak)];
  draw();
  return () => off.forEach((stop) => stop());
}

/** Narrow, medium or wide: by the room there is, not by the window. @param {HTMLElement} root */
function watchSize(root) {
  const apply = () => {
    const width = root.clientWidth;
    root.dataset.size = width < 620 ? "narrow" : width < 980 ? "medium" : "wide";
  };
  const observer = new ResizeObserver(apply);
  observer.observe(root);
  apply();
  return () => observer.disconnect();
}
