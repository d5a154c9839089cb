/**
 * What can go wrong, as one small class with a stable code. Messages are fit to show to the reader: they never
 * repeat a recovery word, a key or a file's text.
 *
 * @typedef {"malformed" | "not-verified" | "not-understood" | "unsupported" | "unavailable" | NarrowerCode} Code
 *
 * A code narrower than "malformed" or "not-verified", where a caller can act on it; core has the same.
 * @typedef {"too-large" | "age-key" | "age-header" | "age-recipients" | "age-mixed" | "age-payload" | "age-no-match"
 *   | "no-credential" | "other-mailbox" | "message-elsewhere" | "message-order" | "message-forged"
 *   | "message-replayed" | "other-files" | "network" | "gone" | "conflict" | "signed-out" | "forked"} NarrowerCode
 */

/** An error this code raises on purpose. */
export class PledgeError extends Error {
  /**
   * @param {Code} code stable, for programs
   * @param {string} message one or two plain sentences, for people
   * @param {string | null} [evidence] a file worth keeping, for whoever is to be shown what went wrong
   */
  constructor(code, message, evidence = null) {
    super(message);
    this.name = "PledgeError";
    /** @readonly */
    this.code = code;
    /** @readonly */
    this.evidence = evidence;
  }
}

/**
 * Bytes or values that do not follow their format.
 * @param {string} message
 * @param {Code} [code]
 */
export function malformed(message, code = "malformed") {
  return new PledgeError(code, message);
}

/**
 * A signature, proof or commitment that does not check out.
 * @param {string} message
 * @param {Code} [code]
 */
export function notVerified(message, code = "not-verified") {
  return new PledgeError(code, message);
}

/**
 * A kind or version this reader does not know: neither malformed nor verified.
 * @param {string} message
 */
export function notUnderstood(message) {
  return new PledgeError("not-understood", message);
}

/**
 * A check that this browser cannot make; another program may.
 * @param {string} message
 */
export function unsupported(message) {
  return new PledgeError("unsupported", message);
}

/**
 * What cannot be done now; the message says when, or what else to do.
 * @param {string} message
 */
export function unavailable(message) {
  return new PledgeError("unavailable", message);
}
