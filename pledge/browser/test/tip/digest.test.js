import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, fromHex, hex, sha256 } from "../../src/bytes.js";
import { digestRoot, dummyLeaf, parseLeaves, tipLeaf, verifyLeaves } from "../../src/tip/digest.js";
import { leafHash, rootHash } from "../../src/tlog.js";
import { refuses, vectors } from "../../testing/vectors.js";

/** @typedef {import("../../src/bytes.js").Bytes} Bytes */

/** @type {(encoded: string) => Bytes} */
const hash = (encoded) => fromHex(encoded, 32);

/** @param {{tips: [string, string][], dummies: string[]}} vector */
function fileOf({ tips, dummies }) {
  const leaves = [
    ...tips.map(([nonce, envelope]) => tipLeaf(hash(nonce), hash(envelope))),
    ...dummies.map((r) => dummyLeaf(hash(r))),
  ];
  return concat(...leaves.map(hex).sort().map(hash));
}

for (const vector of vectors("tip").digests) {
  test(`a day's file and root are those of core: ${vector.tips.length} tips`, async () => {
    const file = fileOf(vector);
    assert.equal(hex(sha256(file)), vector.file_sha256);
    const leaves = parseLeaves(file);
    assert.equal(hex(digestRoot(leaves)), vector.root);
    const logged = { root: vector.root, leaves: leaves.length };
    verifyLeaves(leaves, logged);
    await refuses(() => verifyLeaves(leaves, { ...logged, root: "0".repeat(64) }), "not-verified");
    await refuses(() => verifyLeaves(leaves.slice(0, -1), logged), "not-verified");
    await refuses(() => verifyLeaves(leaves, { ...logged, leaves: leaves.length + 64 }), "not-verified");
  });
}

test("other files are no digest", async () => {
  const leaves = Array.from({ length: 64 }, (_, n) => new Uint8Array(32).fill(n));
  const first = leaves.slice(0, 1);
  assert.equal(parseLeaves(concat(...leaves)).length, 64);
  for (const wrong of [
    [],
    leaves.slice(0, -1),
    [...leaves, ...leaves],
    leaves.toReversed(),
    [...leaves.slice(0, -1), ...first],
    [...leaves, Uint8Array.of(1)],
  ]) {
    await refuses(() => parseLeaves(concat(...wrong)), "malformed");
  }
  await refuses(() => parseLeaves(new Uint8Array(((1 << 20) + 64) * 32)), "malformed");
});

test("roots are those of RFC 9162", () => {
  const { entries, cases } = vectors("tlog-tree");
  const leaves = entries.map((/** @type {string} */ entry) => leafHash(fromHex(entry, entry.length / 2)));
  for (const { size, root } of cases) assert.equal(hex(rootHash(leaves.slice(0, size))), root);
});
