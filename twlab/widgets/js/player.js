/** The player: shows the current video and says where it is. */

import { element, icon } from "./dom.js";

/** @typedef {import("./app.js").Context} Context */
/** @typedef {import("./state.js").Stretch} Stretch */

/** How near to its end a stretch counts as played: about a frame. */
const FRAME_SEC = 0.03;
/** Pixels of the frame that stands for a film before it is played. */
const STILL_WIDTH = 640;

export class Player {
  #context;
  #screen = element("video", {
    class: "twx-video",
    controls: true,
    preload: "auto",
    playsinline: true,
    "aria-label": "Video",
  });
  #poster = element("img", { class: "twx-poster", alt: "", hidden: true });
  #still = element("canvas", { class: "twx-still", hidden: true });
  #note = element("div", { class: "twx-note", hidden: true });
  /** What the note says, and the address of the picture above it. */
  #told = { text: "", picture: "" };
  #loaded = -1;
  /** The video whose address the element has; behind `#loaded` while an address is awaited. */
  #shown = -1;
  /** @type {Stretch[] | null} what is being played, first one now */
  #playlist = null;
  /** @type {number | null} where to go once the video knows its length */
  #pending = null;
  /** The next tick while it plays. */
  #frame = 0;
  #life = new AbortController();

  /** @param {Context} context @param {HTMLElement} parent */
  constructor(context, parent) {
    this.#context = context;
    parent.append(this.#still, this.#screen, this.#poster, this.#note);
    this.#listen();
    const { store } = context;
    const { signal } = this.#life;
    store.on(["seek"], () => this.#obey(), signal);
    store.on(["video"], () => this.#follow(), signal);
    store.on(["focus"], () => (this.#showPicture(), this.#standIn()), signal);
    void this.#load(store.get("video"));
    if (store.get("sec") > 0) this.#pending = store.get("sec");
  }

  #listen() {
    const { store } = this.#context;
    const listeners = {
      loadedmetadata: () => (this.#seek(), this.#tellUnseen()),
      seeked: () => this.#tell(),
      timeupdate: () => (this.#tell(), this.#advance()),
      seeking: () => this.#dropStill(),
      play: () => {
        this.#dropStill();
        store.set({ playing: true });
        if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#tick());
      },
      pause: () => store.set({ playing: false }),
      error: () => this.#recover(),
    };
    const { signal } = this.#life;
    for (const [name, listener] of Object.entries(listeners))
      this.#screen.addEventListener(name, listener, { signal });
    this.#poster.addEventListener("error", () => this.#writeNote(false), { signal });
  }

  /** @param {number} video */
  async #load(video) {
    this.#loaded = video;
    if (!this.#context.data.videos[video]) return this.#showNote("No video in this table", video);
    this.#show(video, await this.#context.media.playable(video));
  }

  /** The address failed: is there another one? */
  async #recover() {
    if (!this.#screen.getAttribute("src")) return;
    this.#pending ??= this.#context.store.get("sec");
    const video = this.#loaded;
    this.#show(video, await this.#context.media.fallback(video));
  }

  /** @param {number} video @param {import("./media.js").Playable} playable */
  #show(video, { url, note }) {
    if (this.#loaded !== video) return;
    if (!url) return this.#showNote(note, video);
    this.#screen.hidden = false;
    this.#poster.hidden = this.#note.hidden = true;
    this.#screen.poster = this.#context.data.videos[video].thumbnail || "";
    this.#screen.src = url;
    this.#shown = video;
    void this.#showStill(video);
  }

  /** Films begin in black: until it plays or is wound, the most typical frame stands for it. @param {number} video */
  async #showStill(video) {
    this.#dropStill();
    const { typical, thumbnail } = this.#context.data.videos[video];
    const atStart = () => this.#shown === video && this.#pending === null && this.#isAtStart();
    if (thumbnail || !(typical > 0) || !atStart()) return;
    const frame = await this.#context.frames.frame(video, typical, STILL_WIDTH);
    if (!frame || !atStart()) return;
    Object.assign(this.#still, { width: frame.width, height: frame.height, hidden: false });
    this.#still.getContext("2d")?.drawImage(frame, 0, 0);
    this.#screen.dataset.still = "";
  }

  /** A film of which the browser decodes the sound alone. */
  #isUnseen() {
    const { readyState, videoWidth } = this.#screen;
    const known = this.#context.data.stills.videos.has(this.#shown);
    return known && readyState >= HTMLMediaElement.HAVE_METADATA && !videoWidth;
  }

  #tellUnseen() {
    if (!this.#isUnseen()) return;
    const { source, title } = this.#context.data.videos[this.#shown];
    const film = source.name || title;
    const message = `The browser plays only the sound of ${film}; h264 in mp4 plays almost everywhere`;
    this.#context.store.set({ message });
    this.#standIn();
  }

  /** Behind the sound lies the picture of the clip in focus. */
  #standIn() {
    const { data, store } = this.#context;
    const focus = store.get("focus");
    const still = data.video[focus] === this.#shown && data.stills.rows[focus];
    if (still && this.#isUnseen()) this.#screen.poster = still;
  }

  #isAtStart() {
    return this.#screen.paused && this.#screen.currentTime === 0;
  }

  #dropStill() {
    this.#still.hidden = true;
    delete this.#screen.dataset.still;
  }

  /** In place of a video that cannot be played. @param {string} text @param {number} video */
  #showNote(text, video) {
    this.#screen.hidden = true;
    this.#screen.removeAttribute("src");
    this.#told = { text, picture: "" };
    this.#note.hidden = false;
    this.#writeNote(false);
    if (video === this.#loaded) this.#showPicture();
  }

  /** Of a video that cannot be played the picture of the clip in focus, else its own. */
  #showPicture() {
    if (this.#note.hidden) return;
    const { data, store } = this.#context;
    const focus = store.get("focus");
    const here = data.video[focus] === this.#loaded;
    const still = here ? data.stills.rows[focus] : "";
    const picture = still || data.videos[this.#loaded]?.thumbnail || "";
    if (picture === this.#told.picture) return;
    this.#told.picture = picture;
    if (picture) this.#poster.src = picture;
    this.#writeNote(picture !== "");
  }

  /** One line below a picture; where there is none, in its place with the name of the video. @param {boolean} pictured */
  #writeNote(pictured) {
    const { title = "", source } = this.#context.data.videos[this.#loaded] ?? {};
    const own = pictured && source?.kind === "none" && !source.name;
    const line = own ? "The film itself is not in this page." : this.#told.text;
    const head = pictured ? [] : [icon("play"), element("strong", {}, title)];
    this.#poster.hidden = !pictured;
    this.#note.classList.toggle("twx-note-line", pictured);
    this.#note.replaceChildren(...head, element("span", {}, line));
  }

  #follow() {
    const video = this.#context.store.get("video");
    if (video !== this.#loaded) void this.#load(video);
  }

  /** Do what the store asks. */
  #obey() {
    const seek = this.#context.store.get("seek");
    if (!seek) return;
    if (seek.video !== this.#loaded) void this.#load(seek.video);
    this.#playlist = seek.playlist && [...seek.playlist];
    this.#pending = seek.sec;
    this.#seek();
  }

  #seek() {
    const screen = this.#screen;
    const ready = this.#shown === this.#loaded && screen.readyState >= 1;
    if (this.#pending === null || !ready) return;
    if (Math.abs(screen.currentTime - this.#pending) > 1e-3) screen.currentTime = this.#pending;
    this.#pending = null;
    if (!this.#playlist) return;
    const message = "Press play: the browser asks for a click first";
    void screen.play().catch(() => this.#context.store.set({ message }));
  }

  /** Go on to the next stretch when one has been played. */
  #advance() {
    const now = this.#playlist?.[0];
    const here = this.#shown === this.#loaded;
    if (!now || !here || this.#screen.currentTime < now.end - FRAME_SEC) return;
    const rest = this.#playlist?.slice(1) ?? [];
    if (rest.length) {
      const { video, start: sec } = rest[0];
      this.#context.store.set({ video, seek: { video, sec, playlist: rest } });
      return;
    }
    this.#playlist = null;
    this.#screen.pause();
  }

  /** Say where the video is, once it is where it was asked to go. */
  #tell() {
    const there = this.#pending === null && this.#shown === this.#loaded;
    if (there && !this.#screen.seeking)
      this.#context.actions.follow(this.#loaded, this.#screen.currentTime);
  }

  #tick() {
    this.#tell();
    this.#advance();
    this.#frame = this.#screen.paused ? 0 : requestAnimationFrame(() => this.#tick());
  }

  toggle() {
    if (!this.#screen.paused) return this.#screen.pause();
    this.#playlist = null;
    void this.#screen.play().catch(() => undefined);
  }

  destroy() {
    this.#life.abort();
    cancelAnimationFrame(this.#frame);
    this.#screen.pause();
    this.#screen.removeAttribute("src");
    this.#screen.load();
  }
}
