/**
 * What stewards sign: a key that enters the log, and a key that ends. Statements are read before they are shown, and
 * what was read is what is signed.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {import("../keys.js").SigningKey} SigningKey
 */

import { base64, fromBase64, hex, sha256, text, utf8 } from "../bytes.js";
import { formatJson, parseJson } from "../canonical.js";
import { pae } from "../dsse.js";
import { malformed, notVerified } from "../errors.js";
import { sign } from "../keys.js";
import { parseStatement } from "../statement.js";

export const KEY_TYPE = "application/vnd.pledge.key+json";
export const REVOCATION_TYPE = "application/vnd.pledge.key-revocation+json";

/**
 * What two people read to each other to know that they mean the same keys.
 * @param {{signing: string, age?: string | undefined}} keys
 */
export function fingerprint({ signing, age }) {
  const digest = hex(sha256(utf8(`${signing}\n${age ?? ""}`))).slice(0, 32);
  return (digest.match(/.{4}/g) ?? []).join(" ");
}

/**
 * Complete the draft of one's own key, and read it back.
 * @param {any} draft the payload, with empty keys
 * @param {{signing: string, age: string}} keys
 * @returns {Bytes}
 */
export function completeKey(draft, keys) {
  const payload = formatJson({ ...draft, keys });
  parseStatement(KEY_TYPE, payload);
  return payload;
}

/**
 * Sign a statement; gives the signature in base64.
 * @param {SigningKey} key
 * @param {string} payloadType
 * @param {Bytes} payload
 */
export async function signStatement(key, payloadType, payload) {
  return base64(await sign(key, pae(payloadType, payload)));
}

/**
 * Read a proposed statement about a steward's key of this log.
 * @param {string} payloadType
 * @param {string} encoded base64
 * @param {string} origin
 * @returns {any}
 */
export function readProposed(payloadType, encoded, origin) {
  const payload = fromBase64(encoded);
  const statement = /** @type {any} */ (parseStatement(payloadType, payload));
  if (statement.origin !== origin || statement.role !== "steward") {
    throw notVerified("This is not about a steward of this site. Do not sign it.");
  }
  return statement;
}

/**
 * The same statement as it reads on another day.
 * @param {string} payloadType
 * @param {string} encoded base64
 * @param {string} day
 * @returns {Bytes}
 */
export function onDay(payloadType, encoded, day) {
  const members = parseJson(fromBase64(encoded));
  if (typeof members !== "object" || members === null || Array.isArray(members))
    throw malformed("No statement.");
  const payload = formatJson({ ...members, day });
  parseStatement(payloadType, payload);
  return payload;
}

/** @param {Bytes} payload */
export const readable = (payload) => text(payload);
