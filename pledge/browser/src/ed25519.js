/**
 * Ed25519 public keys and signatures, verified in the strictest reading (Chalkias, Garillot, Nikolaenko,
 * "Taming the many EdDSAs", 2020), so that no two readers of a permanent log disagree: encodings of A and R
 * canonical, neither of low order, S below the group's order. The equation itself is WebCrypto's.
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 */

import { base64url, fromBase64url, hex, littleEndian, sha256 } from "./bytes.js";
import { malformed, notVerified, unsupported } from "./errors.js";

export const PUBLIC_BYTES = 32;
export const SIGNATURE_BYTES = 64;
const PREFIX = "ed25519:";

// RFC 8032, section 5.1.
const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const Y_MASK = 2n ** 255n - 1n;
// The y coordinates of the eight points of the torsion subgroup; the sign of x does not matter.
const Y_ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const LOW_ORDER_Y = [0n, 1n, P - 1n, Y_ORDER_8, P - Y_ORDER_8];

/**
 * Refuse a wrong length, a second encoding of another key, and points of low order.
 * @param {Uint8Array} publicKey
 */
export function checkPublic(publicKey) {
  if (publicKey.length !== PUBLIC_BYTES)
    throw malformed("An Ed25519 public key has %(bytes)s bytes.", { bytes: PUBLIC_BYTES });
  if (!isGoodPoint(publicKey)) throw malformed("An Ed25519 public key is not canonical, or has low order.");
}

/** @param {Uint8Array} encoded 32 bytes (RFC 8032, section 5.1.2) */
function isGoodPoint(encoded) {
  const y = littleEndian(encoded) & Y_MASK;
  return y < P && !LOW_ORDER_Y.includes(y);
}

/**
 * @param {Bytes} publicKey
 * @param {Bytes} message
 * @param {Bytes} signature R ‖ S
 */
export async function verifyEd25519(publicKey, message, signature) {
  const lengths = publicKey.length === PUBLIC_BYTES && signature.length === SIGNATURE_BYTES;
  if (!lengths || !isGoodPoint(publicKey) || !isGoodPoint(signature.subarray(0, 32))) {
    throw notVerified("An Ed25519 key or signature is not acceptable.");
  }
  if (littleEndian(signature.subarray(32)) >= L) throw notVerified("An Ed25519 signature is not canonical.");
  if (!(await equationHolds(publicKey, message, signature))) {
    throw notVerified("An Ed25519 signature does not fit its key and message.");
  }
}

/**
 * @param {Bytes} publicKey
 * @param {Bytes} message
 * @param {Bytes} signature
 */
async function equationHolds(publicKey, message, signature) {
  let key;
  try {
    key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") throw noEd25519();
    return false; // a point that is not on the curve
  }
  return crypto.subtle.verify("Ed25519", key, signature, message);
}

/** The error that says this browser cannot do Ed25519. */
export function noEd25519() {
  return unsupported("This browser does not know Ed25519 signatures yet.");
}

/**
 * Write a public key as `ed25519:<base64url, no padding>`.
 * @param {Uint8Array} publicKey
 */
export function formatKey(publicKey) {
  checkPublic(publicKey);
  return PREFIX + base64url(publicKey);
}

/**
 * @param {string} written
 * @returns {Bytes}
 */
export function parseKey(written) {
  if (!written.startsWith(PREFIX)) throw malformed("An Ed25519 key is written as ed25519:<base64url>.");
  const publicKey = fromBase64url(written.slice(PREFIX.length));
  checkPublic(publicKey);
  return publicKey;
}

/**
 * Name a key by its role, as in a keyid `notary:<8 hex>`: a hint for finding keys, never for telling them apart.
 * @param {string} role
 * @param {Uint8Array} publicKey
 */
export function roleKeyId(role, publicKey) {
  return hex(sha256(role, "\n", Uint8Array.of(1), publicKey).subarray(0, 4));
}
