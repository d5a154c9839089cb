/**
 * What an envelope holds: its archive held against its manifest. Nothing of it is shown or kept before all of it fits.
 *
 * @typedef {import("./message.js").Message} Message
 * @typedef {{name: string, sizeBytes: number, sha256: string}} Found a file as the archive has it: the name of its entry,
 *   its size, and the SHA-256 of its data in hex
 */

import { fileEntryName } from "../archive.js";
import { notVerified } from "../errors.js";

/**
 * Hold the files of an archive against those that its message names: all of them, in order, and no others.
 * @param {readonly Found[]} found without the manifest
 * @param {Pick<Message, "files">} message
 */
export function checkFiles(found, { files }) {
  const fits =
    found.length === files.length &&
    files.every(({ name, size_bytes, sha256 }, index) => {
      const here = found[index];
      return (
        here?.name === fileEntryName(index + 1, name) &&
        here.sizeBytes === size_bytes &&
        here.sha256 === sha256
      );
    });
  if (!fits) {
    throw notVerified(
      "The files in this envelope are not the ones that its message names.",
      {},
      "other-files",
    );
  }
}
