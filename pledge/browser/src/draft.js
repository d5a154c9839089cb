/**
 * From a draft to a signed statement: what the page was given is checked, completed with the key, shown, and signed.
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 * @typedef {import("./keys.js").SigningKey} SigningKey
 * @typedef {import("./commitment.js").Opening} Opening
 * @typedef {import("./statement.js").Signing} Signing
 *
 * @typedef {object} Draft
 * @property {string} payloadType
 * @property {Signing} payload whole but for signatory.key, which is ""
 * @property {string} origin of the log
 * @property {{[field: string]: {salt: string, value: string}}} openings of what the payload commits to
 * @property {string} text of the pledge
 * @property {string | null} labName
 *
 * @typedef {{signing: Signing, openings: Opening[], payload: Bytes, message: Bytes, id: string}} Prepared
 */

import { fromBase64, hex, sha256, text } from "./bytes.js";
import { formatJson } from "./canonical.js";
import { FIELDS } from "./commitment.js";
import { pae } from "./dsse.js";
import { formatKey, verifyEd25519 } from "./ed25519.js";
import { malformed, notVerified } from "./errors.js";
import { sign } from "./keys.js";
import { verifyOpenings, verifyText } from "./readable.js";
import { parseStatement } from "./statement.js";

/** @type {{[action: string]: string}} */
const CHANGES = { renew: "renewal", withdraw: "withdrawal", erase: "erasure" };

/** A signing's public id is the first half of its payload's SHA-256, in hex. */
const ID_LENGTH = 32;

/**
 * Complete a draft with a public key. Throws unless the draft is a named signing for its origin, its text and all
 * its openings are those it names: so that what is shown is what is signed.
 * @param {Draft} draft
 * @param {Uint8Array} publicKey
 * @returns {Prepared}
 */
export function prepareSigning(draft, publicKey) {
  if (draft.payload.signatory.key !== "") throw malformed("The draft names a key already.");
  const completed = {
    ...draft.payload,
    signatory: { ...draft.payload.signatory, key: formatKey(publicKey) },
  };
  const payload = formatJson(completed);
  const signing = parseStatement(draft.payloadType, payload);
  if (signing.type !== "signing/v1") throw malformed("The draft is not a signing.");
  if (signing.origin !== draft.origin) throw notVerified("The draft is for another log.");
  verifyText(signing, draft.text);
  const openings = readOpenings(draft.openings);
  verifyOpenings(signing, openings);
  const opened = openings.map(({ field }) => field);
  if (FIELDS.some((field) => signing.commitments?.[field] != null && !opened.includes(field))) {
    throw notVerified("The draft commits to something that it does not show.");
  }
  const message = pae(draft.payloadType, payload);
  return { signing, openings, payload, message, id: hex(sha256(payload)).slice(0, ID_LENGTH) };
}

/**
 * @param {{[field: string]: {salt: string, value: string}}} openings
 * @returns {Opening[]}
 */
export function readOpenings(openings) {
  return FIELDS.flatMap((field) => {
    const opening = openings[field];
    return opening ? [{ field, salt: fromBase64(opening.salt), value: opening.value }] : [];
  });
}

/**
 * Prepare a renewal, withdrawal or erasure that the page was given. Throws unless it is about this signing and log, and
 * says what was chosen and nothing else: a page that was given another statement must not get it signed.
 * @param {{payloadType: string, payload: {[member: string]: unknown}}} draft
 * @param {{origin: string, id: string}} about the signing's log, and the first half of its payload's SHA-256
 * @param {{action: string, reason: string}} wish what was chosen; the reason counts for a withdrawal
 * @returns {{payload: Bytes, message: Bytes}}
 */
export function prepareChange({ payloadType, payload }, { origin, id }, { action, reason }) {
  const signing = typeof payload.signing === "string" ? payload.signing : "";
  if (payload.origin !== origin || signing.slice(0, ID_LENGTH) !== id || signing.length !== 64) {
    throw notVerified("The statement is about another signing.");
  }
  const kind = CHANGES[action];
  const said = kind === "erasure" ? {} : { reason: kind === "withdrawal" ? reason : "own" };
  const bytes = formatJson(payload);
  const chosen = formatJson({ type: `${kind}/v1`, origin, day: String(payload.day), signing, ...said });
  if (payloadType !== `application/vnd.pledge.${kind}+json` || text(bytes) !== text(chosen)) {
    throw notVerified("The statement does not say what you have chosen.");
  }
  return { payload: bytes, message: pae(payloadType, bytes) };
}

/**
 * Sign, and check what was signed before it leaves: a fault must not end in a log for ever.
 * @param {SigningKey} key
 * @param {Bytes} message
 */
export async function signChecked(key, message) {
  const signature = await sign(key, message);
  await verifyEd25519(key.publicKey, message, signature);
  return signature;
}
