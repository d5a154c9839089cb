/**
 * A steward's keys, all that are still needed, as one file that only their passphrase opens.
 *
 *     bundle = {"keys": [{"age": "AGE-SECRET-KEY-PQ-1…", "from": "YYYY-MM-DD", "signing": seed, 64 hex digits}, …],
 *               "origin", "type": "steward-keys/v1"}              canonical JSON, the newest key last
 *     file   = age v1, one scrypt stanza, work factor 18; readers take up to 20
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {{age: string, from: string, signing: string}} StewardKeyPair an identity, the day from which it holds, and
 *   the seed of a signing key in hex; both secret
 * @typedef {{keys: StewardKeyPair[], origin: string, type: "steward-keys/v1"}} Bundle
 */

import { Decrypter, Encrypter } from "age-encryption";
import { readHeader } from "../age/header.js";
import { checkIdentity, formatIdentity } from "../age/keytext.js";
import { hex } from "../bytes.js";
import { formatJson, parseJson } from "../canonical.js";
import { malformed, notVerified } from "../errors.js";
import { choice, DAY, matching, ORIGIN, record, sequence } from "../members.js";

export const MAX_BUNDLE_BYTES = 65_536;
const SEED_BYTES = 32;
const WORK_FACTOR = 18;
const MAX_WORK_FACTOR = 20;
const MAX_KEYS = 256;

const BUNDLE = record({
  keys: sequence(
    record({ age: IDENTITY, from: DAY, signing: matching(/^[0-9a-f]{64}$/, "a seed") }),
    1,
    MAX_KEYS,
  ),
  origin: ORIGIN,
  type: choice("steward-keys/v1"),
});

/**
 * Draw a new identity and a new signing key.
 * @param {string} day from which they hold
 * @returns {StewardKeyPair}
 */
export function newKeys(day) {
  const draw = () => crypto.getRandomValues(new Uint8Array(SEED_BYTES));
  return { age: formatIdentity(draw()), from: day, signing: hex(draw()) };
}

/** @param {Bundle} bundle */
export function formatBundle(bundle) {
  const bytes = formatJson(bundle);
  parseBundle(bytes);
  return bytes;
}

/**
 * @param {Uint8Array} bytes
 * @returns {Bundle}
 */
export function parseBundle(bytes) {
  const value = parseJson(bytes, MAX_BUNDLE_BYTES);
  BUNDLE(value);
  return /** @type {Bundle} */ (/** @type {unknown} */ (value));
}

/**
 * Wrap a bundle with a passphrase.
 * @param {Bundle} bundle
 * @param {string} passphrase
 * @returns {Promise<Bytes>}
 */
export async function wrapBundle(bundle, passphrase) {
  if (passphrase === "") throw malformed("A passphrase is not empty.");
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase.normalize("NFC"));
  encrypter.setScryptWorkFactor(WORK_FACTOR);
  return new Uint8Array(await encrypter.encrypt(formatBundle(bundle)));
}

/**
 * Open a wrapped bundle.
 * @param {Uint8Array} bytes
 * @param {string} passphrase
 * @returns {Promise<Bundle>}
 */
export async function unwrapBundle(bytes, passphrase) {
  if (bytes.length > MAX_BUNDLE_BYTES) throw malformed("This file is too large to be a key file.");
  const [stanza, ...others] = readHeader(bytes).stanzas;
  const workFactor = Number(stanza?.arguments[1]);
  if (stanza?.type !== "scrypt" || others.length > 0 || !(workFactor <= MAX_WORK_FACTOR)) {
    throw malformed("This is not a key file that a passphrase opens.", "age-header");
  }
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase.normalize("NFC"));
  let plaintext;
  try {
    plaintext = await decrypter.decrypt(bytes);
  } catch {
    throw notVerified("This passphrase does not open these keys.", "age-no-match");
  }
  return parseBundle(plaintext);
}

/** @param {unknown} value */
function IDENTITY(value) {
  if (typeof value !== "string") throw malformed("must be a hybrid age identity");
  checkIdentity(value);
}
