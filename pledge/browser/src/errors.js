/**
 * What can go wrong, as one small class with a stable code. Messages are fit to show to the reader: they never
 * repeat a recovery word, a key or a file's text. Each stands in its call as one string, and is translated where it is
 * shown, by `said`.
 *
 * @typedef {"malformed" | "not-verified" | "not-understood" | "unsupported" | "unavailable" | NarrowerCode} Code
 *
 * A code narrower than "malformed" or "not-verified", where a caller can act on it; core has the same.
 * @typedef {"too-large" | "age-key" | "age-header" | "age-recipients" | "age-mixed" | "age-payload" | "age-no-match"
 *   | "no-credential" | "other-mailbox" | "message-elsewhere" | "message-order" | "message-forged"
 *   | "message-replayed" | "other-files" | "network" | "gone" | "conflict" | "signed-out" | "forked"} NarrowerCode
 *
 * @typedef {import("./strings.js").Values} Values what stands in a message as `%(name)s`; other errors may
 */

import { fill, gettext } from "./strings.js";

/** An error this code raises on purpose. Its `message` is English. */
export class PledgeError extends Error {
  /**
   * @param {Code} code stable, for programs
   * @param {string} text one or two plain sentences, for people
   * @param {Values} [values]
   * @param {string | null} [evidence] a file worth keeping, for whoever is to be shown what went wrong
   */
  constructor(code, text, values = {}, evidence = null) {
    super(fill(text, values));
    this.name = "PledgeError";
    /** @readonly */
    this.code = code;
    /** @readonly */
    this.text = text;
    /** @readonly */
    this.values = values;
    /** @readonly */
    this.evidence = evidence;
  }
}

/**
 * Give an error's message in the language of the page; so with values that are words, or errors.
 * @param {PledgeError} error
 * @returns {string}
 */
export function said({ text, values }) {
  const words = Object.entries(values).map(([name, value]) => {
    if (value instanceof PledgeError) return [name, said(value)];
    return [name, typeof value === "string" ? gettext(value) : value];
  });
  return gettext(text, Object.fromEntries(words));
}

/**
 * Bytes or values that do not follow their format.
 * @param {string} text
 * @param {Values} [values]
 * @param {Code} [code]
 */
export function malformed(text, values = {}, code = "malformed") {
  return new PledgeError(code, text, values);
}

/**
 * A signature, proof or commitment that does not check out.
 * @param {string} text
 * @param {Values} [values]
 * @param {Code} [code]
 */
export function notVerified(text, values = {}, code = "not-verified") {
  return new PledgeError(code, text, values);
}

/**
 * A kind or version this reader does not know: neither malformed nor verified.
 * @param {string} text
 * @param {Values} [values]
 */
export function notUnderstood(text, values = {}) {
  return new PledgeError("not-understood", text, values);
}

/**
 * A check that this browser cannot make; another program may.
 * @param {string} text
 */
export function unsupported(text) {
  return new PledgeError("unsupported", text);
}

/**
 * What cannot be done now; the message says when, or what else to do.
 * @param {string} text
 * @param {Values} [values]
 */
export function unavailable(text, values = {}) {
  return new PledgeError("unavailable", text, values);
}
