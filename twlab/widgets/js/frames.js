/** Still frames of a moment, for tooltips and neighbours, from a second, unseen video. */

/** @typedef {import("./media.js").Media} Media */
/** @typedef {{ key: string, video: number, sec: number, width: number, give: (frame: Picture) => void }} Wish */
/** @typedef {HTMLCanvasElement | null | undefined} Picture null where there is none, undefined where the wish was given up for later ones */

const WIDTH = 176;
const KEPT = 160;
/** Wishes that wait; older ones are given up, for the pointer has moved on. */
const WAITING = 24;
const PATIENCE_MS = 4000;
/** So long a picture may take from the decoder to the screen. */
const PAINT_MS = 250;
/** Up to here a value of a colour is black. */
const NEARLY_BLACK = 8;
/** Frames a second that are told apart. */
export const PER_SEC = 4;

export class Frames {
  #reel;
  /** @type {Map<string, HTMLCanvasElement>} oldest first */
  #kept = new Map();
  /** @type {Wish[]} */
  #wishes = [];
  #busy = false;

  /** @param {Media} media */
  constructor(media) {
    this.#reel = new Reel(media);
  }

  /**
   * The frame at a moment. The latest wish is served first.
   * @param {number} video @param {number} sec @param {number} [width] in pixels
   * @returns {Promise<Picture>}
   */
  frame(video, sec, width = WIDTH) {
    const rounded = Math.round(sec * PER_SEC) / PER_SEC;
    const key = `${video}/${rounded}/${width}`;
    const known = this.#kept.get(key);
    if (known) return Promise.resolve(known);
    return new Promise((give) => {
      this.#wishes.push({ key, video, sec: rounded, width, give });
      const late = this.#wishes.splice(0, Math.max(0, this.#wishes.length - WAITING));
      for (const wish of late) wish.give(undefined);
      void this.#work();
    });
  }

  /** How long a film is, once a frame of it was taken. @param {number} video @returns {number | undefined} seconds */
  lengthSec(video) {
    return this.#reel.lengths.get(video);
  }

  async #work() {
    if (this.#busy) return;
    this.#busy = true;
    for (let wish = this.#wishes.pop(); wish; wish = this.#wishes.pop()) {
      const frame = this.#kept.get(wish.key) ?? (await this.#reel.take(wish));
      if (frame) this.#keep(wish.key, frame);
      wish.give(frame);
    }
    this.#busy = false;
  }

  /** @param {string} key @param {HTMLCanvasElement} frame */
  #keep(key, frame) {
    this.#kept.delete(key);
    this.#kept.set(key, frame);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(oldest);
    }
  }

  destroy() {
    this.#wishes = [];
    this.#kept.clear();
    this.#reel.destroy();
  }
}

/** The unseen video, wound to one moment after the other. */
class Reel {
  #media;
  /** @type {HTMLVideoElement | null} */
  #screen = null;
  #loaded = "";
  /** Of films that were wound, in seconds. @type {Map<number, number>} */
  lengths = new Map();
  #closed = false;

  /** @param {Media} media */
  constructor(media) {
    this.#media = media;
  }

  /** @param {{ video: number, sec: number, width: number }} moment @returns {Promise<Picture>} */
  async take({ video, sec, width }) {
    const { url } = await this.#media.playable(video);
    if (!url || this.#closed) return null;
    const screen = await this.#load(url);
    // One that is still being loaded may have pictures.
    if (!screen.videoWidth) return screen.error || isLoaded(screen) ? null : undefined;
    if (Number.isFinite(screen.duration)) this.lengths.set(video, screen.duration);
    const wanted = Math.min(sec, Math.max((screen.duration || sec) - 0.05, 0));
    if (Math.abs(screen.currentTime - wanted) > 0.01) {
      const painted = nextPicture(screen); // after the event the picture may still be the last one
      screen.currentTime = wanted;
      await once(screen, "seeked");
      await painted;
      // Not there yet: what is on the screen is of another moment.
      if (screen.seeking) return undefined;
    }
    const picture = pictureOf(screen, width);
    if (this.#closed || !isBlack(picture)) return this.#closed ? null : picture;
    // A browser may have wound there and not painted yet: black is believed when it stays.
    await nextPicture(screen);
    return this.#closed ? null : pictureOf(screen, width);
  }

  /** @param {string} url */
  async #load(url) {
    this.#screen ??= Object.assign(document.createElement("video"), {
      muted: true,
      preload: "auto",
      playsInline: true,
    });
    const screen = this.#screen;
    if (this.#loaded !== url) screen.src = url;
    else if (isLoaded(screen) || screen.error) return screen;
    this.#loaded = url;
    await once(screen, "loadeddata");
    return screen;
  }

  destroy() {
    this.#closed = true;
    this.#screen?.removeAttribute("src");
    this.#screen?.load();
    this.#screen = null;
  }
}

/** Whether the film has come so far that it shows a picture, if it has any. @param {HTMLVideoElement} screen */
const isLoaded = (screen) => screen.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;

/** What the video shows, so wide. @param {HTMLVideoElement} screen @param {number} width */
function pictureOf(screen, width) {
  const frame = document.createElement("canvas");
  frame.width = width;
  frame.height = Math.round((width * screen.videoHeight) / screen.videoWidth);
  frame.getContext("2d")?.drawImage(screen, 0, 0, frame.width, frame.height);
  return frame;
}

/** Whether nothing is to be seen; of pictures of another server, which may not be read, one supposes so. @param {HTMLCanvasElement} picture */
function isBlack(picture) {
  const small = document.createElement("canvas");
  small.width = small.height = 8;
  const ctx = small.getContext("2d");
  ctx?.drawImage(picture, 0, 0, 8, 8);
  try {
    return !ctx
      ?.getImageData(0, 0, 8, 8)
      .data.some((value, k) => k % 4 < 3 && value > NEARLY_BLACK);
  } catch (error) {
    if (error instanceof DOMException && error.name === "SecurityError") return true;
    throw error;
  }
}

/** When the video has a new picture on the screen, or none has come for a while. @param {HTMLVideoElement} screen */
function nextPicture(screen) {
  return new Promise((done) => {
    const timer = setTimeout(done, PAINT_MS);
    screen.requestVideoFrameCallback?.(() => (clearTimeout(timer), done(undefined)));
  });
}

/** The next event of that name, or an error, or enough waiting. @param {HTMLVideoElement} video @param {string} name */
function once(video, name) {
  return new Promise((done) => {
    const abort = new AbortController();
    const finish = () => {
      clearTimeout(timer);
      abort.abort();
      done(undefined);
    };
    const timer = setTimeout(finish, PATIENCE_MS);
    for (const event of [name, "error"])
      video.addEventListener(event, finish, { signal: abort.signal });
  });
}
