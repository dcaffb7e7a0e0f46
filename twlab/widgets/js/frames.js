/** Still frames of a moment, for tooltips and neighbours, from a second, unseen video. */

/** @typedef {ReturnType<typeof createFrames>} Frames */
/** @typedef {{ key: string, video: number, sec: number, give: (frame: HTMLCanvasElement | null) => void }} Wish */

const WIDTH = 176;
const KEPT = 160;
const PATIENCE_MS = 4000;

/** @param {import("./media.js").Media} media */
export function createFrames(media) {
  /** @type {Map<string, HTMLCanvasElement>} oldest first */
  const kept = new Map();
  /** @type {Wish[]} */
  let wishes = [];
  let busy = false;
  let closed = false;
  /** @type {HTMLVideoElement | null} */
  let reel = null;
  let loaded = "";

  /** @param {string} url */
  async function load(url) {
    if (!reel) {
      reel = document.createElement("video");
      Object.assign(reel, { muted: true, preload: "auto", playsInline: true });
    }
    if (loaded === url) return reel;
    loaded = url;
    reel.src = url;
    await once(reel, "loadeddata");
    return reel;
  }

  /** @param {Wish} wish @returns {Promise<HTMLCanvasElement | null>} */
  async function take({ video, sec }) {
    const { url } = await media.playable(video);
    if (!url || closed) return null;
    const screen = await load(url);
    if (!screen.videoWidth) return null;
    const wanted = Math.min(sec, Math.max((screen.duration || sec) - 0.05, 0));
    if (Math.abs(screen.currentTime - wanted) > 0.01) {
      screen.currentTime = wanted;
      await once(screen, "seeked");
    }
    if (closed) return null;
    const frame = document.createElement("canvas");
    frame.width = WIDTH;
    frame.height = Math.round((WIDTH * screen.videoHeight) / screen.videoWidth);
    frame.getContext("2d")?.drawImage(screen, 0, 0, frame.width, frame.height);
    return frame;
  }

  async function work() {
    if (busy) return;
    busy = true;
    for (let wish = wishes.pop(); wish; wish = wishes.pop()) {
      const frame = kept.get(wish.key) ?? (await take(wish));
      if (frame) keep(wish.key, frame);
      wish.give(frame);
    }
    busy = false;
  }
  /** @param {string} key @param {HTMLCanvasElement} frame */
  function keep(key, frame) {
    kept.delete(key);
    kept.set(key, frame);
    for (const oldest of kept.keys()) {
      if (kept.size <= KEPT) break;
      kept.delete(oldest);
    }
  }

  return {
    /**
     * The frame at a moment; null where there is no picture. The latest wish is served first.
     * @param {number} video @param {number} sec @returns {Promise<HTMLCanvasElement | null>}
     */
    frame(video, sec) {
      const rounded = Math.round(sec * 4) / 4;
      const key = `${video}/${rounded}`;
      const known = kept.get(key);
      if (known) return Promise.resolve(known);
      return new Promise((give) => {
        wishes.push({ key, video, sec: rounded, give });
        for (const late of wishes.splice(0, Math.max(0, wishes.length - 24))) late.give(null);
        void work();
      });
    },
    destroy() {
      closed = true;
      wishes = [];
      kept.clear();
      reel?.removeAttribute("src");
      reel?.load();
      reel = null;
    },
  };
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
