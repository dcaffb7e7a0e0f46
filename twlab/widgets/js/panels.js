/** The panels of the explorer: which there are, where each stands, and how one is made. */

import { element } from "./dom.js";

/**
 * Where a view stands. A new view adds one line here, under the name that it has in `views=`, in
 * the order from left to right and from top to bottom:
 * - `place: "column"`: beside the others, as high as these, with a border that can be moved;
 * - `place: "wide"`: below the columns, over the whole width, as high as it is by itself;
 * - `folded`: what a wide panel takes of the window's height at most, in pixels, as long as nobody
 *   opens it: a page that fills its window leaves that much room. What most people do not need at
 *   once begins folded, as a bar with one button (see table_bar.js);
 * - `headed: false`: the view writes its own heading.
 * @type {Record<string, { title: string, place: "column" | "wide", folded?: number, headed?: boolean }>}
 */
export const PANELS = {
  map: { title: "Map", place: "column" },
  heatmap: { title: "Similarity", place: "column" },
  mapBeside: { title: "Map beside", place: "column" },
  heatmapBeside: { title: "Similarity beside", place: "column" },
  player: { title: "Player", place: "column", headed: false },
  timeline: { title: "Timeline", place: "wide" },
  videos: { title: "Videos", place: "wide", folded: 46, headed: false },
  gallery: { title: "Gallery", place: "wide", folded: 190, headed: false },
  table: { title: "Table", place: "wide", folded: 46, headed: false },
};

/** Panels of which a second one, of another space, can stand beside. @type {Record<string, string>} */
export const TWINS = { map: "mapBeside", heatmap: "heatmapBeside" };

/** Whether there are two spaces with maps or heatmaps of their own to see side by side. @param {import("./data.js").Data} data */
export function isTwinned({ spaces, views, mapAll }) {
  return spaces.length > 1 && !mapAll && views.some((view) => view in TWINS);
}

/**
 * @typedef {object} Panels where each part goes; those of views only where they are asked for
 * @property {HTMLElement} stage
 * @property {Map<string, HTMLElement>} sections by the name of their view
 * @property {Record<string, { place: HTMLElement, scale: HTMLElement }>} twins by the view that they stand beside
 * @property {HTMLElement} toolbar
 * @property {HTMLElement} foot
 * @property {HTMLElement} legend
 * @property {HTMLElement} status
 * @property {HTMLElement} live
 * @property {HTMLElement} [map]
 * @property {HTMLElement} [tools] of the map
 * @property {HTMLElement} [heatmap]
 * @property {HTMLElement} [scale] of the heatmap
 * @property {HTMLElement} [timeline]
 * @property {HTMLElement} [player]
 * @property {HTMLElement} [details]
 * @property {HTMLElement} [gallery]
 * @property {HTMLElement} [bar] of the gallery
 * @property {HTMLElement} [videos]
 * @property {HTMLElement} [table]
 */

/** @param {HTMLElement} root @param {import("./data.js").Data} data @returns {Panels} */
export function makePanels(root, data) {
  const toolbar = element("div", {
    class: "twx-toolbar",
    role: "toolbar",
    "aria-label": "Explorer tools",
  });
  const legend = element("div", { class: "twx-legend" });
  const status = element("div", { class: "twx-status" });
  const live = element("div", { class: "twx-live", role: "status", "aria-live": "polite" });
  const foot = element("div", { class: "twx-foot" }, legend);
  const stage = makeStage(data);
  /** @type {Panels} */
  const panels = { stage, sections: new Map(), twins: {}, toolbar, foot, legend, status, live };
  for (const name of data.views) {
    const section = makePanel(panels, name, data);
    panels.sections.set(name, section);
    stage.append(section);
    if (name in TWINS && isTwinned(data)) stage.append(makeTwinPanel(panels, name));
  }
  const bare = data.views.length === 1 && data.views[0] === "player";
  if (bare) root.append(stage, live);
  else root.append(toolbar, stage, foot, live);
  if (!panels.gallery && !bare) foot.append(status);
  return panels;
}

/** Where the panels stand; without any film and any picture that of the player is folded. @param {import("./data.js").Data} data */
function makeStage({ views, videos, stills }) {
  const columns = views.filter((view) => PANELS[view].place === "column");
  const filmed = videos.some(({ source, thumbnail }) => source.kind !== "none" || thumbnail);
  const folded = !filmed && !stills.videos.size && columns.length > 1 && columns.includes("player");
  return element("div", {
    class: "twx-stage",
    "data-views": views.join(" "),
    "data-film": folded ? "none" : null,
  });
}

/** The panel of a view; the places in it are added to `panels`. @param {Panels} panels @param {string} name @param {import("./data.js").Data} data */
function makePanel(panels, name, { n, noNovelty }) {
  if (name === "gallery") return makeGalleryPanel(panels);
  const { title, headed = true } = PANELS[name];
  const heading = headed ? element("h2", { class: "twx-heading" }, title) : null;
  const place = element("div", { class: `twx-view twx-${name}` });
  /** @type {any} */ (panels)[name] = place;
  const panel = element("section", sectionAttributes(name), heading, place);
  if (name === "player" && n)
    panel.append((panels.details = element("div", { class: "twx-details" })));
  if (name === "timeline" && noNovelty)
    heading?.append(element("span", { class: "twx-scale" }, noNovelty));
  if (name === "map") heading?.append((panels.tools = element("span", { class: "twx-scale" })));
  if (name === "heatmap") heading?.append((panels.scale = element("span", { class: "twx-scale" })));
  return panel;
}

/** The panel of the same view of another space. @param {Panels} panels @param {string} view */
function makeTwinPanel(panels, view) {
  const name = TWINS[view];
  const scale = element("span", { class: "twx-scale" });
  const place = element("div", { class: "twx-view" });
  panels.twins[view] = { place, scale };
  const of = element("span", { class: "twx-of" });
  panels.sections.get(view)?.querySelector(".twx-heading")?.firstChild?.after(of.cloneNode());
  const heading = element("h2", { class: "twx-heading" }, PANELS[view].title, of, scale);
  const panel = element("section", sectionAttributes(name), heading, place);
  panel.classList.add("twx-panel-twin");
  panels.sections.set(name, panel);
  return panel;
}

/** @param {string} name */
function sectionAttributes(name) {
  const { title, place } = PANELS[name];
  // No landmark: several explorers on a page would have landmarks of the same name.
  const attributes = { class: `twx-panel twx-panel-${name}`, role: "group", "aria-label": title };
  return { ...attributes, "data-place": place };
}

/** How many are shown is its heading. @param {Panels} panels */
function makeGalleryPanel(panels) {
  panels.gallery = element("div", { class: "twx-gallery" });
  const heading = element("h2", { class: "twx-count" }, panels.status);
  panels.bar = element("div", { class: "twx-bar" }, heading);
  return element("section", sectionAttributes("gallery"), panels.bar, panels.gallery);
}
