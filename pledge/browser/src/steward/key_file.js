/** A steward's wrapped keys, from the site or from a file; and the same as a file to keep. */

import { saveBlob } from "../dom.js";
import { malformed } from "../errors.js";
import { MAX_BUNDLE_BYTES } from "./bundle.js";
import { getBytes } from "./server.js";

const NAME = "pledge-steward.age";

/**
 * @param {HTMLInputElement} input of a file
 * @param {string | null} kept where this site keeps them
 */
export async function readWrapped(input, kept) {
  const [file] = input.files ?? [];
  if (file !== undefined) {
    if (file.size > MAX_BUNDLE_BYTES) throw malformed("This file is too large to be a key file.");
    return new Uint8Array(await file.arrayBuffer());
  }
  if (kept === null) {
    throw malformed("This site keeps no copy of your keys. Choose your key file, %(name)s.", { name: NAME });
  }
  return getBytes(kept);
}

/** @param {Uint8Array} wrapped */
export function saveWrapped(wrapped) {
  saveBlob(NAME, new Blob([new Uint8Array(wrapped)], { type: "application/octet-stream" }));
}
