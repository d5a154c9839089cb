/**
 * Checks on the members of parsed JSON, declared once per object, as core does. A check throws unless the value is
 * what the member may hold; what it says names members, never what stands in them.
 *
 * @typedef {(value: unknown) => void} Check
 * @typedef {{[member: string]: unknown}} Members
 */

import { fromBase64 } from "./bytes.js";
import { malformed, PledgeError } from "./errors.js";

/**
 * @param {unknown} value
 * @returns {value is Members}
 */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * An object with exactly these members, those of `optional` perhaps absent.
 * @param {{[member: string]: Check}} checks
 * @param {{[member: string]: Check}} [optional]
 * @returns {Check}
 */
export function record(checks, optional = {}) {
  const all = new Map(Object.entries({ ...checks, ...optional }));
  return (value) => {
    if (!isObject(value)) throw malformed("must be an object");
    for (const name of Object.keys(checks)) {
      if (!Object.hasOwn(value, name)) throw malformed("%(name)s is missing", { name });
    }
    for (const [name, item] of Object.entries(value)) {
      const check = all.get(name);
      if (check === undefined) throw malformed("has a member that is not known");
      within(name, () => check(item));
    }
  };
}

/**
 * @param {string} name
 * @param {() => void} check
 */
function within(name, check) {
  try {
    check();
  } catch (error) {
    if (error instanceof PledgeError)
      throw new PledgeError(error.code, "%(name)s: %(why)s", { name, why: error });
    throw error;
  }
}

/** @type {(check: Check) => Check} */
export const optional = (check) => (value) => {
  if (value !== null) check(value);
};

/**
 * A list; of strings, none twice.
 * @param {Check} check of each
 * @param {number} low
 * @param {number} high
 * @returns {Check}
 */
export function sequence(check, low, high) {
  return (value) => {
    if (!Array.isArray(value) || value.length < low || value.length > high) {
      throw malformed("must be a list of %(low)s to %(high)s", { low, high });
    }
    value.forEach(check);
    const strings = value.filter((item) => typeof item === "string");
    if (new Set(strings).size !== strings.length) throw malformed("must not repeat an item");
  };
}

/**
 * A string that a regular expression matches; the expression brings its own anchors.
 * @param {RegExp} pattern
 * @param {string} what
 * @returns {Check}
 */
export function matching(pattern, what) {
  return (value) => {
    if (typeof value !== "string" || !pattern.test(value)) throw malformed("must be %(what)s", { what });
  };
}

/**
 * Free text of any kind.
 * @param {number} maxCharacters
 * @param {number} [low]
 * @returns {Check}
 */
export function text(maxCharacters, low = 1) {
  return (value) => {
    const isText = typeof value === "string" && value.length >= low && value.length <= 2 * maxCharacters;
    if (!isText || [...value].length > maxCharacters)
      throw malformed("must be text of at most %(most)s characters", { most: maxCharacters });
  };
}

/**
 * @param {...string} words
 * @returns {Check}
 */
export function choice(...words) {
  return (value) => {
    if (typeof value !== "string" || !words.includes(value))
      throw malformed("must be one of %(words)s", { words: words.join(", ") });
  };
}

/**
 * @param {number} low
 * @param {number} high
 * @returns {Check}
 */
export function integer(low, high) {
  return (value) => {
    if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high) {
      throw malformed("must be an integer from %(low)s to %(high)s", { low, high });
    }
  };
}

/**
 * Canonical base64.
 * @param {number} low in bytes
 * @param {number} high in bytes
 * @returns {Check}
 */
export function octets(low, high) {
  return (value) => {
    const { length } = typeof value === "string" ? fromBase64(value) : { length: -1 };
    if (length < low || length > high)
      throw malformed("must be base64 of %(low)s to %(high)s bytes", { low, high });
  };
}

/** A calendar day that exists. @type {Check} */
export function DAY(value) {
  const isWritten = typeof value === "string" && /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value);
  const date = isWritten ? new Date(`${value}T00:00:00Z`) : new Date(Number.NaN);
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === value;
  if (!exists || date.getUTCFullYear() < 1) throw malformed("must be a day, YYYY-MM-DD");
}

const ED25519 = /^ed25519:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

export const ID = matching(
  /^(?=.{1,64}$)[a-z0-9]+(?:-[a-z0-9]+)*$/,
  "an id of a-z, 0-9 and single hyphens, at most 64",
);
export const SHA256 = matching(/^[0-9a-f]{64}$/, "a SHA-256 in lower-case hex");
export const KEY_ID = matching(/^[0-9a-f]{8}$/, "a key ID of 8 lower-case hex digits");
export const ORIGIN = matching(
  /^[!-*,-~]{1,255}$/,
  "an origin: visible ASCII without +, at most 255 characters",
);
export const VERSION = integer(1, 1_000_000);
export const EPOCH = matching(/^[1-9][0-9]{3}-Q[1-4]$/, "an epoch such as 2026-Q4");
export const ED25519_KEY = matching(ED25519, "ed25519: and a public key in base64url");

/** An ed25519: key, or an OpenSSH public key blob in base64. @type {Check} */
export function SIGNATORY_KEY(value) {
  if (typeof value === "string" && ED25519.test(value)) return;
  const isBlob = typeof value === "string" && value.length <= 4_096 && fromBase64(value).length >= 32;
  if (!isBlob) throw malformed("must be an ed25519: key or an OpenSSH public key blob in base64");
}

/**
 * One line of free text: no control characters, no line ends.
 * @param {number} maxCharacters
 * @returns {Check}
 */
export function line(maxCharacters) {
  const pattern = new RegExp(`^[^\\p{Cc}\\u2028\\u2029]{1,${maxCharacters}}$`, "u");
  return (value) => {
    if (typeof value !== "string" || !pattern.test(value)) {
      throw malformed("must be one line of at most %(most)s characters", { most: maxCharacters });
    }
  };
}
