/**
 * Canonical JSON (RFC 8785) of what statements may hold: strings in NFC, whole numbers within ±(2^53 - 1),
 * booleans, null, arrays and objects.
 *
 * @typedef {null | boolean | number | string | Json[] | {[member: string]: Json}} Json
 * @typedef {{[member: string]: Json}} JsonObject
 */

import { equal, text, utf8 } from "./bytes.js";
import { malformed } from "./errors.js";

/** A leaf has at most 65,535 bytes, and so has what it holds. */
export const MAX_BYTES = 65_535;
const MAX_DEPTH = 16;

/**
 * @param {unknown} value
 * @returns {import("./bytes.js").Bytes}
 */
export function formatJson(value) {
  return utf8(format(value, 0));
}

/**
 * Read canonical JSON only: other spacing, order, escapes, number forms and repeated members are refused,
 * because writing the value again must give the same bytes.
 * @param {Uint8Array} bytes
 * @param {number} [maxBytes]
 * @returns {Json}
 */
export function parseJson(bytes, maxBytes = MAX_BYTES) {
  if (bytes.length > maxBytes)
    throw malformed("This JSON is longer than %(most)s bytes.", { most: maxBytes });
  const source = text(bytes);
  let value;
  try {
    value = JSON.parse(source);
  } catch {
    throw malformed("This is not JSON.");
  }
  if (!equal(formatJson(value), bytes)) throw malformed("This JSON is not in its canonical form (RFC 8785).");
  return value;
}

/**
 * @param {unknown} value
 * @param {number} depth of the arrays and objects around the value
 * @returns {string}
 */
function format(value, depth) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return formatString(value);
  if (typeof value === "number") return formatInteger(value);
  if (typeof value !== "object") throw malformed("JSON holds no such value.");
  if (depth === MAX_DEPTH)
    throw malformed("This JSON nests deeper than %(most)s levels.", { most: MAX_DEPTH });
  if (Array.isArray(value)) return `[${value.map((item) => format(item, depth + 1)).join(",")}]`;
  const object = /** @type {{[member: string]: unknown}} */ (value);
  // RFC 8785, section 3.2.3: members sorted by UTF-16 code units, which is how JavaScript compares strings.
  const members = Object.keys(object).sort();
  return `{${members.map((name) => `${formatString(name)}:${format(object[name], depth + 1)}`).join(",")}}`;
}

/** @param {string} value */
function formatString(value) {
  if (!value.isWellFormed()) throw malformed("A string holds half of a surrogate pair.");
  if (value !== value.normalize("NFC")) throw malformed("A string is not in Unicode normal form C.");
  return JSON.stringify(value); // RFC 8785, section 3.2.2.2: the escapes are those of ECMAScript
}

/** @param {number} value */
function formatInteger(value) {
  if (!Number.isSafeInteger(value)) throw malformed("A number is not whole, or beyond ±(2^53 - 1).");
  return String(value);
}
