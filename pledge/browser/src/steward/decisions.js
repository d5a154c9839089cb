/**
 * What a steward signs about keys: the statement that offers a new one, and the approval of a colleague's, for each of
 * the next days. What is shown is read from the bytes that get signed.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {import("../keys.js").SigningKey} SigningKey
 * @typedef {import("../statement.js").Key} Key
 * @typedef {import("../statement.js").KeyRevocation} KeyRevocation
 * @typedef {import("./bundle.js").Bundle} Bundle
 * @typedef {import("./bundle.js").StewardKeys} StewardKeys
 * @typedef {{key: string | null, possession: string | null, revocation: string | null}} Draft payloads in base64, and
 *   the new key's own signature over the first
 * @typedef {{key: Key | null, revocation: KeyRevocation | null}} Proposal
 * @typedef {{day: string, key: string | null, revocation: string | null}} Approved signatures in base64
 */

import { recipientOf } from "../age/keytext.js";
import { base64, fromBase64, fromHex, hex, sha256 } from "../bytes.js";
import { formatJson } from "../canonical.js";
import { pae } from "../dsse.js";
import { formatKey, parseKey, verifyEd25519 } from "../ed25519.js";
import { malformed, notVerified } from "../errors.js";
import { sign, signingKeyFromSeed } from "../keys.js";
import { parseStatement } from "../statement.js";

const KEY_TYPE = "application/vnd.pledge.key+json";
const REVOCATION_TYPE = "application/vnd.pledge.key-revocation+json";
const SEED_BYTES = 32;
const SHOWN_DIGITS = 32;
/** Tips live 44 days at most, and are sealed to yesterday's key at the latest. */
const OLD_AFTER_DAYS = 60;
const DAY_MS = 86_400_000;

/**
 * What two people read to each other to know that they mean the same keys; the server makes the same.
 * @param {string} signing
 * @param {string} recipient
 */
export function fingerprint(signing, recipient) {
  const digits = hex(sha256(`${signing}\n${recipient}`)).slice(0, SHOWN_DIGITS);
  return (digits.match(/.{4}/g) ?? []).join(" ");
}

/**
 * Put new keys into the statement that the site has drafted, and sign it with the new key.
 * @param {{[member: string]: unknown}} draft the statement but for its keys
 * @param {StewardKeys} keys
 */
export async function offerKeys(draft, keys) {
  const key = await signerOf(keys);
  const [signing, age] = [formatKey(key.publicKey), await recipientOf(keys.age)];
  const payload = formatJson({ ...draft, keys: { age, signing } });
  parseStatement(KEY_TYPE, payload);
  const message = pae(KEY_TYPE, payload);
  return { payload, message, signature: await sign(key, message), signing, recipient: age };
}

/**
 * Read what is proposed, and hold it against itself: one origin, one day, and a new key that signs its own statement.
 * @param {Draft} draft
 * @param {string} origin
 * @returns {Promise<Proposal>}
 */
export async function readProposal(draft, origin) {
  const key = draft.key === null ? null : await readKey(fromBase64(draft.key), draft.possession);
  const revocation = draft.revocation === null ? null : readRevocation(fromBase64(draft.revocation));
  const statements = [key, revocation].filter((each) => each !== null);
  if (statements.length === 0) throw malformed("Nothing is proposed.");
  if (statements.some((each) => each.origin !== origin || each.role !== "steward")) {
    throw notVerified("This is not about a steward of this site.");
  }
  if (key?.founder) throw notVerified("Stewards do not sign for founders.");
  return { key, revocation };
}

/**
 * @param {Bytes} payload
 * @param {string | null} possession
 */
async function readKey(payload, possession) {
  const statement = parseStatement(KEY_TYPE, payload);
  if (statement.type !== "key/v1") throw malformed("This is not a statement about a key.");
  await verifyEd25519(parseKey(statement.keys.signing), pae(KEY_TYPE, payload), fromBase64(possession ?? ""));
  return statement;
}

/** @param {Bytes} payload */
function readRevocation(payload) {
  const statement = parseStatement(REVOCATION_TYPE, payload);
  if (statement.type !== "key-revocation/v1") throw malformed("This does not end a key.");
  return statement;
}

/**
 * Sign a proposal as it reads on each day.
 * @param {Proposal} proposal
 * @param {SigningKey} key
 * @param {readonly string[]} days
 * @returns {Promise<Approved[]>}
 */
export function approve(proposal, key, days) {
  return Promise.all(
    days.map(async (day) => ({
      day,
      key: await signOn(KEY_TYPE, proposal.key, day, key),
      revocation: await signOn(REVOCATION_TYPE, proposal.revocation, day, key),
    })),
  );
}

/**
 * The exact message of a statement on a day.
 * @param {Proposal} proposal
 * @param {string} day
 */
export function messagesOn({ key, revocation }, day) {
  /** @type {Bytes[]} */
  const messages = [];
  if (key !== null) messages.push(pae(KEY_TYPE, formatJson({ ...key, day })));
  if (revocation !== null) messages.push(pae(REVOCATION_TYPE, formatJson({ ...revocation, day })));
  return messages;
}

/**
 * @param {string} type
 * @param {Key | KeyRevocation | null} statement
 * @param {string} day
 * @param {SigningKey} key
 */
async function signOn(type, statement, day, key) {
  if (statement === null) return null;
  return base64(await sign(key, pae(type, formatJson({ ...statement, day }))));
}

/** @param {StewardKeys} keys */
export function signerOf({ signing }) {
  return signingKeyFromSeed(fromHex(signing, SEED_BYTES));
}

/**
 * Find the key of a bundle that the log has as current.
 * @param {Bundle} bundle
 * @param {string} signing
 */
export async function findSigner(bundle, signing) {
  for (const keys of [...bundle.keys].reverse()) {
    const key = await signerOf(keys);
    if (formatKey(key.publicKey) === signing) return key;
  }
  throw notVerified("None of these keys is your current one in the log. Choose your newest key file.");
}

/**
 * Split a bundle's keys into those that may still be needed and those that no tip can be sealed to any more, because
 * the next key has held for 60 days.
 * @param {Bundle} bundle
 * @param {string} day
 */
export function splitOld({ keys }, day) {
  const limit = new Date(Date.parse(day) - OLD_AFTER_DAYS * DAY_MS).toISOString().slice(0, 10);
  /** @param {StewardKeys} _ @param {number} place */
  const isOld = (_, place) => (keys[place + 1]?.from ?? "9999-12-31") <= limit;
  return { old: keys.filter(isOld), needed: keys.filter((each, place) => !isOld(each, place)) };
}
