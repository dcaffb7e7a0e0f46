/** The explorer in a file: the model is what the page carries, and nobody else listens. */

import { linkExplorer } from "./link.js";

const WORDS_NEED = "words need the notebook that this page was made in";

/** @param {string} id */
const pageText = (id) => document.getElementById(id)?.textContent ?? "";

/** @param {string} text */
function decodeBase64(text) {
  const binary = atob(text.trim());
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return new DataView(bytes.buffer);
}

/** @returns {import("./link.js").Model} */
function pageModel() {
  const values = JSON.parse(pageText("twlab-state"));
  values._data = decodeBase64(pageText("twlab-data"));
  values._selection = decodeBase64(values._selection);
  const [words, found] = [values._words, values._found];
  /** @type {Map<string, Set<(...args: any[]) => void>>} */
  const listeners = new Map();
  const tell = (/** @type {string} */ event, /** @type {any[]} */ ...args) =>
    [...(listeners.get(event) ?? [])].forEach((listener) => listener(...args));
  return {
    get: (name) => values[name],
    set(name, value) {
      if (values[name] === value) return;
      values[name] = value;
      tell(`change:${name}`);
    },
    save_changes: () => undefined,
    send({ id, kind, video, text: asked }) {
      const film = kind === "video" ? pageText(`twlab-video-${video}`) : "";
      const text = kind === "words" && asked === words ? found : film;
      const told = values._spec.videos[video]?.source.note ?? "";
      const note = kind === "words" ? WORDS_NEED : told;
      const answer = { id, note, rows: [] };
      queueMicrotask(() => tell("msg:custom", answer, text ? [decodeBase64(text)] : []));
    },
    on: (event, listener) => {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener));
    },
    off: (event, listener) => {
      if (listener) listeners.get(event)?.delete(listener);
    },
  };
}

/** @param {unknown} scheme */
function wearScheme(scheme) {
  if (scheme === "light" || scheme === "dark") document.documentElement.style.colorScheme = scheme;
}

// The page cannot see what it lies upon: whoever frames it says so by the name of the frame,
// and by a message, as the name of a frame may come after the page.
wearScheme(/^twlab-(light|dark)$/.exec(window.name)?.[1]);
addEventListener("message", (event) => {
  if (event.source === window.parent) wearScheme(event.data?.twlabScheme);
});
const page = document.getElementById("twlab-root");
if (page) linkExplorer(pageModel(), page);
