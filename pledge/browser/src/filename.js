/** Names of files, made fit for any file system and any screen, whatever somebody called them. */

import { utf8 } from "./bytes.js";

/** In UTF-8; with a number before it, a name stays below what any file system takes. */
export const MAX_NAME_BYTES = 200;
const MAX_ENDING_BYTES = 16;

// Separators and what file systems refuse, controls, line ends, surrogates, and characters that turn or hide others.
const UNFIT = /[/\\:*?"<>|\p{Cc}\p{Cs}\u{61c}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}]/gu;

/**
 * Make a name fit: in NFC, what is unfit left out, cut before its ending where it is too long, never empty.
 * What is fit stays as it is.
 * @param {string} name any text, such as a file chooser gives
 */
export function fitName(name) {
  // What is left out may have kept others from composing.
  const kept = name.normalize("NFC").replace(UNFIT, "").normalize("NFC") || "file";
  const dot = kept.lastIndexOf(".");
  const hasEnding = dot > 0 && utf8(kept.slice(dot + 1)).length <= MAX_ENDING_BYTES;
  const ending = hasEnding ? kept.slice(dot) : "";
  const stem = kept.slice(0, kept.length - ending.length);
  return cut(stem, MAX_NAME_BYTES - utf8(ending).length) + ending;
}

/**
 * Cut text to so many bytes in UTF-8, between characters.
 * @param {string} text
 * @param {number} bytes
 */
function cut(text, bytes) {
  // A decoder that waits for more leaves out a character that is not whole.
  return new TextDecoder().decode(utf8(text).subarray(0, bytes), { stream: true });
}
