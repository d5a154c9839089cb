/**
 * Saving an attachment: straight to the disk where the browser can, else by way of its memory.
 */

import { saveBlob } from "../dom.js";
import { unsupported } from "../errors.js";

/** More than this is not kept in memory, where a browser has no other way. */
export const MAX_IN_MEMORY_BYTES = 128 << 20;

/** @typedef {import("../bytes.js").Bytes} Bytes */
/** @typedef {(options: {suggestedName: string}) => Promise<FileSystemFileHandle>} Picker */

/** @returns {Picker | null} the browser's way to write a file as it comes */
function picker() {
  const found = /** @type {any} */ (window).showSaveFilePicker;
  return typeof found === "function" ? found.bind(window) : null;
}

/** Whether this browser writes files as they come. */
export function canStream() {
  return picker() !== null;
}

/**
 * Save chunks as a file. If they end in an error, nothing of them is left.
 * @param {{name: string, sizeBytes: number}} file
 * @param {() => AsyncIterable<Bytes>} read
 * @param {(bytes: number) => void} progress
 * @returns {Promise<boolean>} false where the steward chose no place
 */
export async function saveFile(file, read, progress) {
  const choose = picker();
  if (choose !== null) return saveToDisk(choose, file.name, read, progress);
  if (file.sizeBytes > MAX_IN_MEMORY_BYTES) {
    throw unsupported(
      "This browser cannot write a file of this size as it comes. Use a Chromium-based browser, or download the envelope and open it offline.",
    );
  }
  await saveByMemory(file.name, read, progress);
  return true;
}

/**
 * @param {Picker} choose
 * @param {string} name
 * @param {() => AsyncIterable<Bytes>} read
 * @param {(bytes: number) => void} progress
 */
async function saveToDisk(choose, name, read, progress) {
  let handle;
  try {
    handle = await choose({ suggestedName: name });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return false;
    throw error;
  }
  const file = await handle.createWritable();
  try {
    for await (const chunk of read()) {
      await file.write(chunk);
      progress(chunk.length);
    }
    await file.close();
  } catch (error) {
    await file.abort();
    throw error;
  }
  return true;
}

/**
 * @param {string} name
 * @param {() => AsyncIterable<Bytes>} read
 * @param {(bytes: number) => void} progress
 */
async function saveByMemory(name, read, progress) {
  const chunks = [];
  for await (const chunk of read()) {
    chunks.push(chunk.slice()); // some are views of a buffer that is used again
    progress(chunk.length);
  }
  saveBlob(name, new Blob(chunks, { type: "application/octet-stream" }));
}
