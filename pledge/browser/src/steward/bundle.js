/**
 * A steward's secret keys: made in the browser, kept wrapped under a passphrase, unwrapped in the browser only.
 *
 *     {"keys": [{"age": "AGE-SECRET-KEY-PQ-1…", "from": "2026-11-26", "signing": 64 hex digits, an Ed25519 seed}, …],
 *      "origin": of the log, "type": "steward-keys/v1"}
 *
 * Canonical JSON; the newest keys stand last. Older ones stay, since they open older tips. It is wrapped as an age file
 * with a passphrase, so that the age command opens it too.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {{age: string, from: string, signing: string}} StewardKeys
 * @typedef {{keys: StewardKeys[], origin: string, type: "steward-keys/v1"}} Bundle
 */

import { readHeader } from "../age/header.js";
import { checkIdentity, formatIdentity } from "../age/keytext.js";
import { ageLibrary } from "../age/library.js";
import { hex } from "../bytes.js";
import { formatJson, parseJson } from "../canonical.js";
import { malformed, notVerified } from "../errors.js";
import { choice, DAY, matching, ORIGIN, record, sequence } from "../members.js";

export const MAX_BUNDLE_BYTES = 65_536;
/** An age file with one scrypt stanza adds a header of some 200 bytes and 32 more: this leaves room for both. */
const MAX_PLAIN_BYTES = MAX_BUNDLE_BYTES - 1_024;
const SEED_BYTES = 32;
const WORK_FACTOR = 18;
const MAX_WORK_FACTOR = 20;
const WORK_FACTOR_FORM = /^[1-9][0-9]?$/;

const BUNDLE = record({
  keys: sequence(
    record({
      age: checkIdentityMember,
      from: DAY,
      signing: matching(/^[0-9a-f]{64}$/, "an Ed25519 seed in lower-case hex"),
    }),
    1,
    256,
  ),
  origin: ORIGIN,
  type: choice("steward-keys/v1"),
});

/**
 * Draw a pair of keys: what signs, and what tips are sealed to.
 * @param {string} day from which they hold
 * @returns {StewardKeys}
 */
export function newKeys(day) {
  const [age, signing] = [draw(), draw()];
  const keys = { age: formatIdentity(age), from: day, signing: hex(signing) };
  age.fill(0);
  signing.fill(0);
  return keys;
}

/**
 * @param {Bundle} bundle
 * @returns {Bytes}
 */
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
  const value = parseJson(bytes, MAX_PLAIN_BYTES);
  BUNDLE(value);
  const bundle = /** @type {Bundle} */ (value);
  const seeds = new Set(bundle.keys.map(({ signing }) => signing));
  const identities = new Set(bundle.keys.map(({ age }) => age));
  if (seeds.size !== bundle.keys.length || identities.size !== bundle.keys.length) {
    throw malformed("No key stands in a bundle twice.");
  }
  if (bundle.keys.some(({ from }, place) => from < String(bundle.keys[place - 1]?.from ?? ""))) {
    throw malformed("The newest keys of a bundle stand last.");
  }
  return bundle;
}

/**
 * Wrap a bundle. Takes about a second and 256 MiB, and is meant to.
 * @param {Bundle} bundle
 * @param {string} passphrase used just as it is
 * @returns {Promise<Bytes>} an age file
 */
export async function wrapBundle(bundle, passphrase) {
  if (passphrase === "" || !passphrase.isWellFormed()) throw malformed("A passphrase is not empty.");
  const { Encrypter } = await ageLibrary();
  const plain = formatBundle(bundle);
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(WORK_FACTOR);
  const wrapped = new Uint8Array(await encrypter.encrypt(plain));
  plain.fill(0);
  return wrapped;
}

/**
 * Unwrap a bundle.
 * @param {Uint8Array} bytes at most 64 KiB, from anywhere
 * @param {string} passphrase
 * @returns {Promise<Bundle>}
 */
export async function unwrapBundle(bytes, passphrase) {
  if (bytes.length > MAX_BUNDLE_BYTES)
    throw malformed("This file is too large to be a key file.", {}, "too-large");
  checkHeader(bytes);
  const { Decrypter } = await ageLibrary();
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  let plain = new Uint8Array();
  try {
    plain = new Uint8Array(await decrypter.decrypt(new Uint8Array(bytes)));
  } catch {
    throw notVerified(
      "This passphrase does not open this key file, or the file is damaged.",
      {},
      "age-no-match",
    );
  }
  try {
    return parseBundle(plain);
  } finally {
    plain.fill(0);
  }
}

/**
 * Refuse what is no age file with a passphrase, and one that would take minutes, before any work.
 * @param {Uint8Array} bytes
 */
function checkHeader(bytes) {
  const [stanza, ...others] = readHeader(bytes).stanzas;
  const [, factor, ...rest] = stanza?.arguments ?? [];
  const isPassphrase = stanza?.type === "scrypt" && others.length === 0 && rest.length === 0;
  if (!isPassphrase || factor === undefined || !WORK_FACTOR_FORM.test(factor)) {
    throw malformed("This is not a key file with a passphrase: pledge-steward.age.", {}, "age-header");
  }
  if (Number(factor) > MAX_WORK_FACTOR) {
    throw malformed("The passphrase of this key file takes more work than is read here.", {}, "age-header");
  }
}

function draw() {
  return crypto.getRandomValues(new Uint8Array(SEED_BYTES));
}

/** @param {unknown} value */
function checkIdentityMember(value) {
  checkIdentity(typeof value === "string" ? value : "");
}
