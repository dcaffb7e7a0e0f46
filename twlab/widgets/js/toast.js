/** What the explorer has to say, at its foot for a while, for those who see. */

import { element } from "./dom.js";

/** How long a message stays: a glance, and the time to read it. */
const [GLANCE_MS, LETTER_MS] = [3000, 50];

/** Screen readers hear the same from the live region. @param {import("./state.js").Store} store @param {AbortSignal} signal */
export function makeToast(store, signal) {
  const text = element("div", { class: "twx-toast-text" });
  const toast = element("div", { class: "twx-toast", "aria-hidden": "true", hidden: true }, text);
  let timer = 0;
  const show = () => {
    const message = store.get("message");
    clearTimeout(timer);
    toast.hidden = !message;
    if (!message) return;
    text.textContent = message;
    // Forgotten afterwards, so that the same can be said again.
    const stay = GLANCE_MS + LETTER_MS * message.length;
    timer = window.setTimeout(() => store.set({ message: "" }), stay);
  };
  store.on(["message"], show, signal);
  signal.addEventListener("abort", () => clearTimeout(timer));
  return toast;
}
