/** Files as they are attached: pictures without what they say about their making, others with a warning. */

import { PledgeError } from "../errors.js";
import { gettext } from "../strings.js";
import { has } from "./join.js";
import { stripJpeg } from "./jpeg.js";
import { HEAD_LENGTH, kindOf, WARNINGS } from "./kinds.js";
import { PNG_SIGNATURE, stripPng } from "./png.js";

/**
 * @typedef {object} Stripped
 * @property {Blob} data
 * @property {"jpeg" | "png" | null} kind of the picture that was gone through; null where the data is as it was
 * @property {number} removedBytes
 * @property {string | null} warning in plain words, to show next to the file
 */

/** Pictures are read whole; no larger ones. */
export const MAX_PICTURE_SIZE = 64 * 1024 * 1024;

const FORMATS = /** @type {const} */ ([
  { kind: "jpeg", type: "image/jpeg", start: "\xff\xd8\xff", strip: stripJpeg },
  { kind: "png", type: "image/png", start: PNG_SIGNATURE, strip: stripPng },
]);

/**
 * @param {Blob & { name?: string }} file
 * @returns {Promise<Stripped>}
 */
export async function stripped(file) {
  const head = new Uint8Array(await file.slice(0, HEAD_LENGTH).arrayBuffer());
  const format = FORMATS.find(({ start }) => has(head, start));
  if (!format) {
    const kind = kindOf(head, file.name ?? "");
    return unchanged(file, kind && WARNINGS[kind]);
  }
  if (file.size > MAX_PICTURE_SIZE) {
    return unchanged(
      file,
      gettext("This picture is too large to go through. It may say who made it, where and when."),
    );
  }
  try {
    const bytes = format.strip(new Uint8Array(await file.arrayBuffer()));
    const data = new Blob([bytes], { type: format.type });
    return { data, kind: format.kind, removedBytes: Math.max(0, file.size - data.size), warning: null };
  } catch (error) {
    if (!(error instanceof PledgeError)) throw error;
    return unchanged(
      file,
      gettext(
        "This picture could not be gone through: it may be damaged. It may say who made it, where and when.",
      ),
    );
  }
}

/**
 * @param {Blob} data
 * @param {string | null} warning
 * @returns {Stripped}
 */
function unchanged(data, warning) {
  return { data, kind: null, removedBytes: 0, warning };
}
