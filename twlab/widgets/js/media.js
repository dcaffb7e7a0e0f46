/** Where the pictures come from: one playable address per video, made when first needed. */

/** @typedef {import("./data.js").Data} Data */
/**
 * @typedef {object} Playable
 * @property {string} url empty where the video cannot be played
 * @property {string} note why not, for the reader
 */

const HLS_MIME = "application/vnd.apple.mpegurl";

export class Media {
  #data;
  #ask;
  /** @type {Map<number, Promise<Playable>>} */
  #found = new Map();
  /** Videos whose first address failed. @type {Set<number>} */
  #failed = new Set();
  /** @type {string[]} */
  #blobs = [];

  /** @param {Data} data @param {import("./app.js").Asker} ask */
  constructor(data, ask) {
    this.#data = data;
    this.#ask = ask;
  }

  /** The address of a video. @param {number} video @returns {Promise<Playable>} */
  playable(video) {
    const found = this.#found.get(video) ?? this.#resolve(video);
    this.#found.set(video, found);
    return found;
  }

  /** The address failed to load: try the bytes themselves, once. @param {number} video @returns {Promise<Playable>} */
  async fallback(video) {
    const fails = { url: "", note: failure(this.#data, video) };
    if (this.#failed.has(video)) return fails;
    this.#failed.add(video);
    const { kind, url } = this.#data.videos[video].source;
    const served = kind === "url" && url.startsWith("/");
    const found = served ? this.#embedded(video) : Promise.resolve(fails);
    this.#found.set(video, found);
    return found;
  }

  /** @param {number} video @returns {Promise<Playable>} */
  async #resolve(video) {
    const { kind, url, note } = this.#data.videos[video].source;
    if (kind === "url") return { url, note };
    if (kind === "bytes") return this.#embedded(video);
    if (kind === "none") return { url: "", note };
    if (playsHls()) return { url, note };
    return {
      url: "",
      note: "This browser cannot play HLS streams; download the video and pass it as video=…",
    };
  }

  /** @param {number} video @returns {Promise<Playable>} */
  async #embedded(video) {
    const { answer, bytes } = await this.#ask({ kind: "video", video });
    if (!bytes?.byteLength) return { url: "", note: answer.note ?? "" };
    const part = /** @type {BlobPart} */ (bytes);
    const type = this.#data.videos[video].source.mime;
    const url = URL.createObjectURL(new Blob([part], { type }));
    this.#blobs.push(url);
    return { url, note: "" };
  }

  destroy() {
    for (const url of this.#blobs) URL.revokeObjectURL(url);
    this.#found.clear();
  }
}

/** Whether this browser shows streams. */
export function playsHls() {
  return document.createElement("video").canPlayType(HLS_MIME) !== "";
}

/** @param {Data} data @param {number} video */
function failure(data, video) {
  const { source, title } = data.videos[video];
  if (source.kind === "hls")
    return "The stream did not load; it may have expired: load the segments again.";
  return `The browser could not play ${source.name || title}; h264 in mp4 plays almost everywhere.`;
}
