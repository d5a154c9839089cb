/**
 * The day's digest: a commitment to every envelope that came, so that none can be dropped quietly.
 *
 *     leaf  = SHA-256("pledge/tip/v1\n" ‖ nonce[32] ‖ SHA-256(envelope)[32])
 *     dummy = SHA-256("pledge/tip-dummy/v1\n" ‖ r[32])
 *
 * A day has 64 leaves or the next multiple, filled up with dummies, so that it does not tell how many tips came. They
 * are sorted and stand in one public file, one after the other; the root of the tree over them (RFC 9162, each leaf an
 * entry of 32 bytes) is in the log. Nonces are inside the envelopes: nobody but who sent and who opens one can find
 * its leaf.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 */

import { hex, sha256 } from "../bytes.js";
import { malformed, notVerified } from "../errors.js";
import { leafHash, rootHash } from "../tlog.js";

const STEP = 64;
const LEAF_BYTES = 32;
const MAX_LEAVES = 1 << 20;

/**
 * The leaf of an envelope.
 * @param {Uint8Array} nonce 32 bytes
 * @param {Uint8Array} envelopeSha256 32 bytes
 */
export function tipLeaf(nonce, envelopeSha256) {
  return sha256("pledge/tip/v1\n", nonce, envelopeSha256);
}

/**
 * The leaf of a dummy.
 * @param {Uint8Array} r 32 bytes, told to the stewards
 */
export function dummyLeaf(r) {
  return sha256("pledge/tip-dummy/v1\n", r);
}

/**
 * Compute the root that stands in the log.
 * @param {readonly Bytes[]} leaves
 */
export function digestRoot(leaves) {
  return rootHash(leaves.map(leafHash));
}

/**
 * Read the day's public file: sorted leaves of 32 bytes, none twice, 64 of them or a multiple up to 2^20.
 * @param {Bytes} bytes
 * @returns {Bytes[]}
 */
export function parseLeaves(bytes) {
  const count = bytes.length / LEAF_BYTES;
  if (count % STEP !== 0 || count === 0 || count > MAX_LEAVES) {
    throw malformed("A digest has 64 leaves of 32 bytes, or a multiple.");
  }
  const leaves = Array.from({ length: count }, (_, n) => bytes.slice(n * LEAF_BYTES, (n + 1) * LEAF_BYTES));
  const names = leaves.map(hex);
  if (names.some((name, index) => name <= (names[index - 1] ?? ""))) {
    throw malformed("The leaves of a digest are sorted, and none stands twice.");
  }
  return leaves;
}

/**
 * Verify that a day's leaves are those that the log has.
 * @param {readonly Bytes[]} leaves
 * @param {{root: string, leaves: number}} logged from the log, checked before; the root in hex
 */
export function verifyLeaves(leaves, logged) {
  if (leaves.length !== logged.leaves || hex(digestRoot(leaves)) !== logged.root) {
    throw notVerified("These are not the leaves whose root the log has.");
  }
}
