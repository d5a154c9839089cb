/**
 * Hybrid keys of age, safe against quantum computers too, as people see them: in Bech32.
 *
 *     age1pq1…                 recipient, 1,959 characters: ML-KEM-768 encapsulation key[1184] ‖ X25519 public key[32]
 *     AGE-SECRET-KEY-PQ-1…     identity, a seed of 32 bytes
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 */

import { bech32 } from "@scure/base";
import { littleEndian } from "../bytes.js";
import { malformed } from "../errors.js";
import { ageLibrary } from "./library.js";
import { isPublicKey } from "./x25519.js";

const SEED_BYTES = 32;
const ML_KEM_MODULUS = 3_329;
const ML_KEM_VECTOR_BYTES = 1_152;
const ML_KEM_PUBLIC_BYTES = ML_KEM_VECTOR_BYTES + 32;
const PUBLIC_BYTES = ML_KEM_PUBLIC_BYTES + 32;
const IDENTITY_NAME = "AGE-SECRET-KEY-PQ-";

/**
 * Check a recipient.
 * @param {string} recipient
 */
export function checkRecipient(recipient) {
  if (!recipient.startsWith("age1pq1")) {
    throw malformed("An envelope is sealed to hybrid recipients only.", {}, "age-mixed");
  }
  /** @type {Uint8Array} */
  let bytes = new Uint8Array();
  try {
    bytes = bech32.fromWords(bech32.decode(/** @type {`age1pq1${string}`} */ (recipient), false).words);
  } catch {}
  const isGood =
    bytes.length === PUBLIC_BYTES &&
    isReduced(bytes.subarray(0, ML_KEM_VECTOR_BYTES)) &&
    isPublicKey(bytes.subarray(ML_KEM_PUBLIC_BYTES));
  if (!isGood) throw malformed("This is not a hybrid age recipient: age1pq1….", {}, "age-key");
}

/**
 * Tell whether all numbers of an ML-KEM key, 12 bits each, are below its modulus (FIPS 203, section 7.2). The package
 * that encapsulates means to check this, and does not.
 * @param {Uint8Array} vector
 */
function isReduced(vector) {
  for (let place = 0; place < vector.length; place += 3) {
    const pair = Number(littleEndian(vector.subarray(place, place + 3)));
    if ((pair & 0xfff) >= ML_KEM_MODULUS || pair >>> 12 >= ML_KEM_MODULUS) return false;
  }
  return true;
}

/**
 * Write the identity of a seed, such as the codename's of purpose `age`; a secret.
 * @param {Uint8Array} seed 32 bytes
 */
export function formatIdentity(seed) {
  if (seed.length !== SEED_BYTES) throw malformed("A hybrid identity has 32 bytes.", {}, "age-key");
  return bech32.encodeFromBytes(IDENTITY_NAME, seed).toUpperCase();
}

/**
 * The recipient of an identity.
 * @param {string} identity
 */
export async function recipientOf(identity) {
  checkIdentity(identity);
  return (await ageLibrary()).identityToRecipient(identity);
}

/**
 * Check an identity. No error repeats any of it.
 * @param {string} identity
 */
export function checkIdentity(identity) {
  let isHybrid = false;
  try {
    const { prefix, bytes } = bech32.decodeToBytes(identity);
    isHybrid = prefix === IDENTITY_NAME.toLowerCase() && bytes.length === SEED_BYTES;
  } catch {}
  if (!isHybrid || identity !== identity.toUpperCase()) {
    throw malformed("This is not a hybrid age identity: AGE-SECRET-KEY-PQ-1….", {}, "age-key");
  }
}
