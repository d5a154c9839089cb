/**
 * Merkle trees of transparency logs (RFC 9162, section 2.1).
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 * @typedef {{size: bigint, root: Uint8Array}} Tree
 */

import { equal, sha256 } from "./bytes.js";
import { notVerified } from "./errors.js";

export const HASH_BYTES = 32;
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** SHA-256(0x00 ‖ entry). @type {(entry: Uint8Array) => Bytes} */
export const leafHash = (entry) => sha256(LEAF, entry);

/** SHA-256(0x01 ‖ left ‖ right). @type {(left: Uint8Array, right: Uint8Array) => Bytes} */
export const nodeHash = (left, right) => sha256(NODE, left, right);

/**
 * Compute the root over entries (RFC 9162, section 2.1.1), level by level: who is left without a neighbour moves up.
 * @param {readonly Bytes[]} leaves their hashes
 * @returns {Bytes}
 */
export function rootHash(leaves) {
  let level = leaves;
  while (level.length > 1) {
    const below = level;
    level = Array.from({ length: Math.ceil(below.length / 2) }, (_, index) => {
      const [left, right] = /** @type {[Bytes, Bytes?]} */ (below.slice(2 * index, 2 * index + 2));
      return right === undefined ? left : nodeHash(left, right);
    });
  }
  return level[0] ?? sha256();
}

/**
 * Verify an audit path (RFC 9162, section 2.1.3.2).
 * @param {Uint8Array} leaf the leaf's hash
 * @param {bigint} index
 * @param {bigint} size
 * @param {readonly Uint8Array[]} path from the leaf's sibling up
 * @param {Uint8Array} root
 */
export function verifyInclusion(leaf, index, size, path, root) {
  if (index < 0n || index >= size) throw notVerified("The entry's index is not within the tree.");
  let fn = index;
  let sn = size - 1n;
  let hash = leaf;
  for (const sibling of path) {
    if (sn === 0n || sibling.length !== HASH_BYTES) throw wrongLength();
    if (fn % 2n === 1n || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (fn % 2n === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n) throw wrongLength();
  if (!equal(hash, root)) throw notVerified("The inclusion proof does not lead to the checkpoint's root.");
}

/**
 * Verify that a tree only grew (RFC 9162, section 2.1.4.2).
 * @param {Tree} before
 * @param {Tree} now
 * @param {readonly Uint8Array[]} proof empty from the empty tree, and from a tree to itself
 */
export function verifyConsistency(before, now, proof) {
  if (before.size > now.size) throw notVerified("A log does not shrink.");
  if (before.size === 0n || before.size === now.size) {
    const expected = before.size === 0n ? sha256() : now.root;
    if (proof.length > 0 || !equal(before.root, expected)) throw grewOtherwise();
    return;
  }
  // An old tree that is one complete subtree is itself the first node of the path.
  const isComplete = (before.size & (before.size - 1n)) === 0n;
  const [first, ...rest] = isComplete ? [before.root, ...proof] : proof;
  if (first === undefined || first.length !== HASH_BYTES) throw grewOtherwise();
  let fn = before.size - 1n;
  let sn = now.size - 1n;
  while (fn % 2n === 1n) {
    fn >>= 1n;
    sn >>= 1n;
  }
  let [old, grown] = [first, first];
  for (const sibling of rest) {
    if (sn === 0n || sibling.length !== HASH_BYTES) throw grewOtherwise();
    if (fn % 2n === 1n || fn === sn) {
      old = nodeHash(sibling, old);
      grown = nodeHash(sibling, grown);
      while (fn % 2n === 0n && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      grown = nodeHash(grown, sibling);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n || !equal(old, before.root) || !equal(grown, now.root)) throw grewOtherwise();
}

function wrongLength() {
  return notVerified("The inclusion proof has the wrong length.");
}

function grewOtherwise() {
  return notVerified("The log did not only grow between these two checkpoints.");
}
