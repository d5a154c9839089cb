/**
 * The signatory's key in the browser: made from a seed, usable for signing, never readable again.
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 * @typedef {{publicKey: Bytes, privateKey: CryptoKey}} SigningKey
 */

import { concat, fromBase64url, fromHex } from "./bytes.js";
import { noEd25519 } from "./ed25519.js";
import { malformed } from "./errors.js";

const SEED_BYTES = 32;
// RFC 8410, section 7: PrivateKeyInfo of an Ed25519 key, up to the 32 bytes of the seed.
const PKCS8_PREFIX = fromHex("302e020100300506032b657004220420", 16);

/** Whether this browser can sign and verify with Ed25519. */
export async function hasEd25519() {
  try {
    await signingKeyFromSeed(new Uint8Array(SEED_BYTES));
    return true;
  } catch {
    return false;
  }
}

/**
 * Make the key pair of a seed (RFC 8032, section 5.1.5). WebCrypto tells the public half only of a key that may be
 * exported, so the seed is imported twice; the key that is handed out cannot be exported.
 * @param {Bytes} seed 32 bytes; a secret, overwritten before this returns
 * @returns {Promise<SigningKey>}
 */
export async function signingKeyFromSeed(seed) {
  if (seed.length !== SEED_BYTES)
    throw malformed("An Ed25519 seed has %(bytes)s bytes.", { bytes: SEED_BYTES });
  const pkcs8 = concat(PKCS8_PREFIX, seed);
  try {
    const readable = await importPkcs8(pkcs8, true);
    const { x } = await crypto.subtle.exportKey("jwk", readable);
    if (x === undefined) throw noEd25519();
    return { publicKey: fromBase64url(x), privateKey: await importPkcs8(pkcs8, false) };
  } finally {
    pkcs8.fill(0);
    seed.fill(0);
  }
}

/**
 * @param {Bytes} pkcs8
 * @param {boolean} extractable
 */
async function importPkcs8(pkcs8, extractable) {
  try {
    return await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", extractable, ["sign"]);
  } catch {
    throw noEd25519();
  }
}

/**
 * @param {SigningKey} key
 * @param {Bytes} message
 * @returns {Promise<Bytes>} the 64 bytes R ‖ S
 */
export async function sign({ privateKey }, message) {
  return new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, message));
}
