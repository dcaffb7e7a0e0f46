/** How text and pictures leave the page: by the clipboard, as a file, else shown to be taken by hand. */

import { element, makeDialog } from "./dom.js";

/** @typedef {{ name: string, blob: Blob, text?: string }} Made what is to leave the page, and as text where it is one */

/** Frames of strangers may not save files, and say nothing when they are asked to. */
const isCaged = () => window.origin === "null" && window !== window.top;

/** @param {HTMLElement} root of the explorer @param {string} text @returns {Promise<boolean>} whether it is on the clipboard */
export async function copyText(root, text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (error) {
    // Without a secure page there is no clipboard, and a frame may not have it.
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
    showText(root, text);
    return false;
  }
}

/** @param {HTMLElement} root of the explorer @param {Made} made @returns {boolean} whether it is saved */
export function saveFile(root, { name, blob, text }) {
  const address = URL.createObjectURL(blob);
  if (isCaged()) {
    if (text === undefined) showPicture(root, address, name);
    else showText(root, text);
    return false;
  }
  const link = element("a", { href: address, download: name });
  root.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  return true;
}

/** @param {HTMLElement} root @param {string} text */
function showText(root, text) {
  const area = element("textarea", { readonly: true, rows: 14, "aria-label": "To copy by hand" });
  area.value = text;
  showDialog(root, "This page may not save or copy: take it from here", area);
  area.select();
}

/** @param {HTMLElement} root @param {string} address @param {string} name */
function showPicture(root, address, name) {
  const image = element("img", { src: address, alt: name });
  showDialog(root, "This page may not save: take the picture from here", image);
}

/** @param {HTMLElement} root @param {string} title @param {HTMLElement} content */
function showDialog(root, title, content) {
  const dialog = makeDialog("twx-help twx-out", element("h2", {}, title), content);
  dialog.addEventListener("close", () => dialog.remove());
  root.append(dialog);
  dialog.showModal();
}
