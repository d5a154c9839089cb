import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, fromHex, sha256, text, utf8 } from "../src/bytes.js";
import { sign, signingKeyFromSeed } from "../src/keys.js";
import { formatNote, formatVkey } from "../src/note.js";
import { parsePolicy } from "../src/policy.js";
import { checkFollows } from "../src/seen.js";
import { consistencyProof, tilePath } from "../src/tiles.js";
import { leafHash, rootHash, verifyConsistency } from "../src/tlog.js";
import { cases, refuses } from "../testing/vectors.js";

/** @typedef {import("../src/bytes.js").Bytes} Bytes */

const ORIGIN = "log.example";
const KEY = await signingKeyFromSeed(new Uint8Array(32).fill(7));
const VKEY = {
  name: ORIGIN,
  kind: 1,
  keyId: sha256(utf8(`${ORIGIN}\n`), Uint8Array.of(1), KEY.publicKey).slice(0, 4),
  publicKey: KEY.publicKey,
};
const POLICY = parsePolicy(utf8(`log ${formatVkey(VKEY)}\nquorum none\n`));

/** @type {(encoded: string) => Bytes} */
const bytes = (encoded) => fromHex(encoded, encoded.length / 2);

/** @param {number} count @param {string} [salt] */
const log = (count, salt = "") =>
  Array.from({ length: count }, (_, index) => leafHash(utf8(`${index < 3 ? "" : salt}${index}`)));

/** @param {readonly Bytes[]} leaves */
async function checkpoint(leaves) {
  const body = `${ORIGIN}\n${leaves.length}\n${btoa(String.fromCharCode(...rootHash(leaves)))}\n`;
  const { name, keyId } = VKEY;
  return formatNote({ text: body, signatures: [{ name, keyId, signature: await sign(KEY, utf8(body)) }] });
}

/** @param {readonly Bytes[]} leaves @returns {import("../src/tiles.js").GetTile & {asked: string[]}} */
function tilesOf(leaves) {
  /** @type {Map<string, Bytes>} */
  const tiles = new Map();
  for (let [level, row] = [0, leaves]; row.length > 0; level += 1) {
    /** @type {Bytes[]} */
    const above = [];
    for (let index = 0; index * 256 < row.length; index += 1) {
      const tile = row.slice(index * 256, index * 256 + 256);
      tiles.set(tilePath(level, BigInt(index), BigInt(tile.length)), concat(...tile));
      if (tile.length === 256) above.push(rootHash(tile));
    }
    row = above;
  }
  /** @type {string[]} */
  const asked = [];
  const get = async (/** @type {string} */ path) => {
    asked.push(path);
    const tile = tiles.get(path);
    assert.ok(tile, `a tile that a log of this size has: ${path}`);
    return tile;
  };
  return Object.assign(get, { asked });
}

function memory() {
  /** @type {Map<string, string>} */
  const kept = new Map();
  return {
    kept,
    getItem: (/** @type {string} */ name) => kept.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ value) => void kept.set(name, value),
  };
}

for (const vector of cases("proof-consistency")) {
  test(`a consistency proof, and each change of it: ${vector.name}`, async () => {
    const before = { size: BigInt(vector.old_size), root: bytes(vector.old_root) };
    const now = { size: BigInt(vector.new_size), root: bytes(vector.new_root) };
    const proof = vector.proof.map(bytes);
    verifyConsistency(before, now, proof);
    const other = sha256(utf8("other"));
    const wrong = [
      () => verifyConsistency({ ...before, root: other }, now, proof),
      () => verifyConsistency(before, { ...now, root: other }, proof),
      () => verifyConsistency(before, now, [...proof, other]),
      () => verifyConsistency(before, { ...now, size: before.size - 1n }, proof),
      ...proof.map((/** @type {Bytes} */ _, /** @type {number} */ place) => () => {
        verifyConsistency(before, now, proof.with(place, other));
      }),
      ...proof.map((/** @type {Bytes} */ _, /** @type {number} */ place) => () => {
        verifyConsistency(before, now, proof.toSpliced(place, 1));
      }),
      ...proof.map((/** @type {Bytes} */ hash, /** @type {number} */ place) => () => {
        verifyConsistency(before, now, proof.with(place, hash.slice(1)));
      }),
    ];
    for (const act of wrong) await refuses(act, "not-verified");
  });
}

test("the empty tree comes before every other", async () => {
  const now = { size: 3n, root: rootHash(log(3)) };
  verifyConsistency({ size: 0n, root: sha256() }, now, []);
  await refuses(() => verifyConsistency({ size: 0n, root: now.root }, now, []), "not-verified");
});

for (const vector of cases("tlog-paths").filter(({ level }) => level >= 0)) {
  test(`the path of a tile: ${vector.path}`, () => {
    const { level, index, width } = vector;
    assert.equal(tilePath(level, BigInt(index), BigInt(width)), vector.path);
  });
}

test("tiles make the proof between any two sizes", async () => {
  const all = log(66_000);
  for (const [old, size] of [
    ...Array.from({ length: 20 }, (_, less) => [20 - less, 20]),
    ...[300, 65_536, 65_537].map((old) => [old, 66_000]),
    ...[256, 257, 512].map((size) => [200, size]),
  ]) {
    const [before, now] = [all.slice(0, old), all.slice(0, size)];
    const getTile = tilesOf(now);
    const proof = await consistencyProof(BigInt(before.length), BigInt(now.length), getTile);
    assert.ok(getTile.asked.length <= 6, `at most two tiles a level, not ${getTile.asked}`);
    const [oldTree, newTree] = [before, now].map((leaves) => ({
      size: BigInt(leaves.length),
      root: rootHash(leaves),
    }));
    assert.ok(oldTree && newTree);
    verifyConsistency(oldTree, newTree, proof);
  }
});

test("a log that only grew is remembered as far as it has come", async () => {
  const from = { memory: memory(), getTile: tilesOf(log(300)) };
  await checkFollows(await checkpoint(log(5)), POLICY, from);
  assert.deepEqual(from.getTile.asked, [], "a first visit asks for nothing");
  const grown = await checkpoint(log(300));
  await checkFollows(grown, POLICY, from);
  await checkFollows(grown, POLICY, from);
  assert.deepEqual([...from.memory.kept.values()], [text(grown)]);
});

test("a log that says otherwise is refused, with both checkpoints as evidence", async () => {
  for (const count of [5, 300]) {
    const from = { memory: memory(), getTile: tilesOf(log(count, "other ")) };
    const seen = await checkpoint(log(5));
    await checkFollows(seen, POLICY, from);
    const other = await checkpoint(log(count, "other "));
    await assert.rejects(checkFollows(other, POLICY, from), {
      code: "forked",
      evidence: `${text(seen)}\n${text(other)}`,
    });
    assert.deepEqual([...from.memory.kept.values()], [text(seen)], "what was seen is not forgotten");
  }
});

test("a tile that is cut short proves nothing", async () => {
  const from = { memory: memory(), getTile: async () => new Uint8Array(32) };
  await checkFollows(await checkpoint(log(5)), POLICY, from);
  await refuses(async () => checkFollows(await checkpoint(log(9)), POLICY, from), "forked");
});

test("an older log than was seen is refused", async () => {
  const from = { memory: memory(), getTile: tilesOf(log(9)) };
  await checkFollows(await checkpoint(log(9)), POLICY, from);
  await refuses(async () => checkFollows(await checkpoint(log(5)), POLICY, from), "unavailable");
});

test("a checkpoint by a key of another policy was never seen", async () => {
  const from = { memory: memory(), getTile: tilesOf(log(9)) };
  from.memory.setItem(`checkpoint of ${ORIGIN}`, "something else");
  await checkFollows(await checkpoint(log(9)), POLICY, from);
  await checkFollows(await checkpoint(log(9)), POLICY, { ...from, memory: null });
});

test("a memory that takes nothing is no reason to refuse", async () => {
  const full = {
    getItem: () => null,
    setItem() {
      throw new DOMException("full", "QuotaExceededError");
    },
  };
  await checkFollows(await checkpoint(log(9)), POLICY, { memory: full, getTile: tilesOf([]) });
});
