/**
 * Salted commitments: SHA-256(`pledge/<field>/v1\n` ‖ salt[32] ‖ value). The opening is the salt and the value.
 *
 * @typedef {"name" | "role" | "reason"} Field
 * @typedef {{field: Field, salt: import("./bytes.js").Bytes, value: string}} Opening
 */

import { hex, sha256 } from "./bytes.js";
import { malformed, notVerified } from "./errors.js";

export const SALT_BYTES = 32;
/** @type {Readonly<Record<Field, number>>} */
const MAX_CHARACTERS = { name: 200, role: 200, reason: 2_000 };
export const FIELDS = /** @type {Field[]} */ (Object.keys(MAX_CHARACTERS));
// No controls and no line ends, but for the new lines in a reason.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const CONTROL = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/;

/**
 * @param {Opening} opening
 * @returns {string} lower-case hex
 */
export function commit({ field, salt, value }) {
  const maxCharacters = MAX_CHARACTERS[field];
  if (maxCharacters === undefined) throw malformed("There is no commitment to such a field.");
  if (salt.length !== SALT_BYTES) throw malformed("A salt has %(bytes)s bytes.", { bytes: SALT_BYTES });
  if (value === "" || [...value].length > maxCharacters)
    throw malformed("The %(field)s is empty or too long.", { field });
  if (CONTROL.test(value) || (field !== "reason" && value.includes("\n"))) {
    throw malformed("The %(field)s holds characters that cannot be shown.", { field });
  }
  if (!value.isWellFormed() || value !== value.normalize("NFC")) {
    throw malformed("The %(field)s is not in Unicode normal form C.", { field });
  }
  return hex(sha256(`pledge/${field}/v1\n`, salt, value));
}

/**
 * @param {string} commitment lower-case hex
 * @param {Opening} opening
 */
export function verifyOpening(commitment, opening) {
  if (commit(opening) !== commitment)
    throw notVerified("The %(field)s is not the one that was signed.", { field: opening.field });
}
