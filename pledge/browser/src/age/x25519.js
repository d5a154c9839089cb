/** Points of X25519 (RFC 7748), as far as one looks at them before they are used. */

import { littleEndian } from "../bytes.js";

const P = 2n ** 255n - 19n;
const MASK = 2n ** 255n - 1n;
// The u coordinates of the points of low order, on the curve and on its twist.
const ORDER_8 = [
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
];
const LOW_ORDER = [0n, 1n, P - 1n, ...ORDER_8];

/**
 * Tell whether a point gives zero with every secret (section 6.1), however it is written.
 * @param {Uint8Array} point 32 bytes
 */
export function hasLowOrder(point) {
  return LOW_ORDER.includes((littleEndian(point) & MASK) % P);
}

/**
 * Tell whether bytes may stand for a public key: not a second encoding of another, nor of low order.
 * @param {Uint8Array} point 32 bytes
 */
export function isPublicKey(point) {
  return littleEndian(point) < P && !hasLowOrder(point);
}
