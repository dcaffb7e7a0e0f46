/** Where the pictures come from: one playable address per video, made when first needed. */

/** @typedef {import("./data.js").Data} Data */
/** @typedef {ReturnType<typeof createMedia>} Media */
/**
 * @typedef {object} Playable
 * @property {string} url empty where the video cannot be played
 * @property {string} note why not, for the reader
 */

export const HLS_MIME = "application/vnd.apple.mpegurl";

/**
 * @param {Data} data
 * @param {import("./app.js").Asker} ask
 */
export function createMedia(data, ask) {
  /** @type {Map<string, Promise<Playable>>} */
  const made = new Map();
  /** @type {string[]} */
  const blobs = [];

  /** @param {number} video @returns {Promise<Playable>} */
  async function embedded(video) {
    const { answer, bytes } = await ask({ kind: "video", video });
    if (!bytes?.byteLength) return { url: "", note: answer.note ?? "" };
    const part = /** @type {BlobPart} */ (bytes);
    const url = URL.createObjectURL(new Blob([part], { type: data.videos[video].source.mime }));
    blobs.push(url);
    return { url, note: "" };
  }

  /** @param {number} video @returns {Promise<Playable>} */
  async function resolve(video) {
    const { kind, url, note } = data.videos[video].source;
    if (kind === "url") return { url, note };
    if (kind === "bytes") return embedded(video);
    if (kind === "none") return { url: "", note };
    if (document.createElement("video").canPlayType(HLS_MIME)) return { url, note };
    return {
      url: "",
      note: "This browser cannot play HLS streams; download the video and pass it as video=…",
    };
  }

  return {
    /** The address of a video. @param {number} video @returns {Promise<Playable>} */
    playable(video) {
      const key = `${video}`;
      if (!made.has(key)) made.set(key, resolve(video));
      return /** @type {Promise<Playable>} */ (made.get(key));
    },
    /** The address failed to load: try the bytes themselves, once. @param {number} video @returns {Promise<Playable>} */
    fallback(video) {
      const key = `${video} again`;
      const fails = () => Promise.resolve({ url: "", note: failure(data, video) });
      if (made.has(key)) return fails();
      const served =
        data.videos[video].source.kind === "url" && data.videos[video].source.url.startsWith("/");
      const again = served ? embedded(video) : fails();
      made.set(key, again);
      made.set(`${video}`, again);
      return again;
    },
    destroy() {
      for (const url of blobs) URL.revokeObjectURL(url);
      made.clear();
    },
  };
}

/** @param {Data} data @param {number} video */
function failure(data, video) {
  const { source, title } = data.videos[video];
  if (source.kind === "hls")
    return "The stream did not load; it may have expired: load the segments again.";
  return `The browser could not play ${source.name || title}; h264 in mp4 plays almost everywhere.`;
}
