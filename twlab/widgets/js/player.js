/** The player: shows the current video and says where it is. */

import { element, icon } from "./dom.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./state.js").Stretch} Stretch */

/** @param {Context} context @param {HTMLElement} parent */
export function createPlayer({ data, store, actions, media }, parent) {
  const screen = element("video", {
    class: "twx-video",
    controls: true,
    preload: "auto",
    playsinline: true,
    "aria-label": "Video",
  });
  const poster = element("img", { class: "twx-poster", alt: "", hidden: true });
  const note = element("div", { class: "twx-note", hidden: true });
  parent.append(screen, poster, note);

  let loaded = -1;
  /** The video whose address the element has; behind `loaded` while an address is awaited. */
  let shown = -1;
  /** @type {Stretch[] | null} what is being played, first one now */
  let playlist = null;
  /** @type {number | null} where to go once the video knows its length */
  let pending = null;
  let frame = 0;

  /** @param {string} text @param {number} video */
  function unplayable(text, video) {
    screen.hidden = true;
    screen.removeAttribute("src");
    const { thumbnail, title } = data.videos[video] ?? { thumbnail: "", title: "" };
    poster.hidden = !thumbnail;
    if (thumbnail) poster.src = thumbnail;
    note.hidden = false;
    note.replaceChildren(icon("play"), element("strong", {}, title), element("span", {}, text));
  }

  /** @param {number} video @param {boolean} [again] */
  async function load(video, again = false) {
    loaded = video;
    if (!data.videos[video]) return unplayable("No video in this table", video);
    const { url, note: text } = await (again ? media.fallback(video) : media.playable(video));
    if (loaded !== video) return;
    if (!url) return unplayable(text, video);
    screen.hidden = false;
    poster.hidden = note.hidden = true;
    screen.poster = data.videos[video].thumbnail || "";
    screen.src = url;
    shown = video;
  }

  function obey() {
    const seek = store.get("seek");
    if (!seek) return;
    if (seek.video !== loaded) void load(seek.video);
    playlist = seek.playlist && [...seek.playlist];
    pending = seek.sec;
    go();
  }
  function go() {
    if (pending === null || shown !== loaded || screen.readyState < 1) return;
    if (Math.abs(screen.currentTime - pending) > 1e-3) screen.currentTime = pending;
    pending = null;
    if (playlist)
      void screen
        .play()
        .catch(() => store.set({ message: "Press play: the browser asks for a click first" }));
  }
  function advance() {
    const now = playlist?.[0];
    if (!now || shown !== loaded || screen.currentTime < now.end - 0.03) return;
    playlist?.shift();
    const next = playlist?.[0];
    if (next) {
      const rest = playlist;
      store.set({
        video: next.video,
        seek: { video: next.video, sec: next.start, playlist: rest },
      });
      return;
    }
    playlist = null;
    screen.pause();
  }
  function tell() {
    if (pending === null && shown === loaded && !screen.seeking)
      actions.follow(loaded, screen.currentTime);
  }
  function tick() {
    tell();
    advance();
    frame = screen.paused ? 0 : requestAnimationFrame(tick);
  }

  const listeners = {
    loadedmetadata: go,
    seeked: tell,
    timeupdate: () => (tell(), advance()),
    play: () => {
      store.set({ playing: true });
      if (!frame) frame = requestAnimationFrame(tick);
    },
    pause: () => store.set({ playing: false }),
    error: () => {
      if (!screen.getAttribute("src")) return;
      pending ??= store.get("sec");
      void load(loaded, true);
    },
  };
  for (const [name, listener] of Object.entries(listeners)) screen.addEventListener(name, listener);
  const off = [
    store.on(["seek"], obey),
    store.on(["video"], () => store.get("video") !== loaded && load(store.get("video"))),
  ];
  void load(store.get("video"));
  if (store.get("sec") > 0) pending = store.get("sec");

  return {
    toggle() {
      if (!screen.paused) return screen.pause();
      playlist = null;
      void screen.play().catch(() => undefined);
    },
    screen,
    destroy() {
      off.forEach((stop) => stop());
      cancelAnimationFrame(frame);
      for (const [name, listener] of Object.entries(listeners))
        screen.removeEventListener(name, listener);
      screen.pause();
      screen.removeAttribute("src");
      screen.load();
    },
  };
}
