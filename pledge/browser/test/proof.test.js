import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, hex, text, utf8 } from "../src/bytes.js";
import { formatTlogProof, parseTlogProof } from "../src/proof.js";
import { leafHash, nodeHash, verifyInclusion } from "../src/tlog.js";
import { cases, refuses, vectors } from "../testing/vectors.js";

/** @type {(encoded: string) => import("../src/bytes.js").Bytes} */
const bytes = (encoded) => fromHex(encoded, encoded.length / 2);

for (const vector of cases("proof-inclusion")) {
  test(`an inclusion proof, and each change of it: ${vector.name}`, async () => {
    const [leaf, root] = [bytes(vector.leaf_hash), bytes(vector.root)];
    const path = vector.proof.map(bytes);
    const [index, size] = [BigInt(vector.index), BigInt(vector.size)];
    verifyInclusion(leaf, index, size, path, root);
    const wrong = [
      () => verifyInclusion(nodeHash(leaf, leaf), index, size, path, root),
      () => verifyInclusion(leaf, index, size, path, leaf === root ? root : nodeHash(root, root)),
      () => verifyInclusion(leaf, index, size, [...path, root], root),
      () => verifyInclusion(leaf, index, size, [root, ...path], root),
      () => verifyInclusion(leaf, size, size, path, root),
      () => verifyInclusion(leaf, -1n, size, path, root),
      () => verifyInclusion(leaf, index, 0n, path, root),
      ...path.map((/** @type {Uint8Array} */ _, /** @type {number} */ place) => () => {
        const changed = path.with(place, nodeHash(path[place], root));
        verifyInclusion(leaf, index, size, changed, root);
      }),
    ];
    if (path.length > 0) wrong.push(() => verifyInclusion(leaf, index, size, path.slice(1), root));
    for (const act of wrong) await refuses(act, "not-verified");
  });
}

for (const vector of cases("proof-file")) {
  test(`a tlog-proof: ${vector.name}`, async () => {
    const file = utf8(vector.file);
    if (vector.malformed) return refuses(() => parseTlogProof(file), "malformed");
    const proof = parseTlogProof(file);
    assert.equal(text(formatTlogProof(proof)), vector.file);
    assert.equal(proof.index, BigInt(vector.index));
    assert.deepEqual(proof.path.map(hex), vector.path);
    assert.equal(text(proof.checkpoint), vector.checkpoint);
    assert.equal(proof.extra && hex(proof.extra), vector.extra);
  });
}

test("hashes build the tree of RFC 6962", () => {
  const { entries, cases } = vectors("tlog-tree");
  for (const { size, root } of cases.filter((/** @type {any} */ vector) => vector.size > 0)) {
    const leaves = entries.slice(0, size).map((/** @type {string} */ entry) => leafHash(bytes(entry)));
    assert.equal(hex(rootOf(leaves)), root);
  }
});

/**
 * RFC 9162, section 2.1.1.
 * @param {Uint8Array[]} leaves
 * @returns {Uint8Array}
 */
function rootOf(leaves) {
  if (leaves.length === 1) return /** @type {Uint8Array} */ (leaves[0]);
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return nodeHash(rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}
