import assert from "node:assert/strict";
import { test } from "node:test";
import { bech32 } from "@scure/base";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { checkIdentity, checkRecipient, formatIdentity, recipientOf } from "../../src/age/keytext.js";
import { hasLowOrder, isPublicKey } from "../../src/age/x25519.js";
import { fromHex } from "../../src/bytes.js";
import { IDENTITIES, RECIPIENTS } from "../../testing/stewards.js";
import { refuses } from "../../testing/vectors.js";

const [IDENTITY] = /** @type {[string]} */ (IDENTITIES);
const [RECIPIENT] = /** @type {[string]} */ (RECIPIENTS);
const CLASSICAL = await generateX25519Identity();

/** cr.yp.to/ecdh.html, "validate", and zero; then the last of them with the highest bit set. */
const LOW_ORDER = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
  `ec${"ff".repeat(31)}`,
].map((encoded) => fromHex(encoded, 32));

/** @param {(bytes: Uint8Array) => void} change */
function changed(change) {
  const { words } = bech32.decode(/** @type {`age1pq1${string}`} */ (RECIPIENT), false);
  const bytes = bech32.fromWords(words);
  change(bytes);
  return bech32.encode("age1pq", bech32.toWords(bytes), false);
}

test("a seed makes an identity, and an identity its recipient", async () => {
  assert.match(IDENTITY, /^AGE-SECRET-KEY-PQ-1[0-9A-Z]{58}$/);
  assert.match(RECIPIENT, /^age1pq1[0-9a-z]{1952}$/);
  checkIdentity(IDENTITY);
  checkRecipient(RECIPIENT);
  assert.equal(await recipientOf(IDENTITY), RECIPIENT);
  await refuses(() => formatIdentity(new Uint8Array(31)), "age-key");
});

test("other identities are refused, and no message repeats one", async () => {
  const others = [
    CLASSICAL,
    IDENTITY.toLowerCase(),
    IDENTITY.slice(0, -1),
    `${IDENTITY.slice(0, -1)}${IDENTITY.endsWith("Q") ? "P" : "Q"}`,
    bech32.encodeFromBytes("AGE-SECRET-KEY-PQ-", new Uint8Array(31)).toUpperCase(),
    RECIPIENT,
    "",
  ];
  for (const other of others) {
    await refuses(() => recipientOf(other), "age-key");
    try {
      checkIdentity(other);
    } catch (error) {
      assert.ok(!String(error).includes(other.slice(20, 30)) || other === "");
    }
  }
});

test("classical recipients, and those of other kinds, are refused as such", async () => {
  for (const other of [
    await identityToRecipient(CLASSICAL),
    "age1tagpq1x",
    RECIPIENT.toUpperCase(),
    IDENTITY,
    "",
  ]) {
    await refuses(() => checkRecipient(other), "age-mixed");
  }
});

test("a key is taken up to the modulus", () => {
  checkRecipient(changed((bytes) => bytes.set([0x00, 0x0d, 0xd0], 0))); // 3,328 twice
});

test("damaged recipients are refused", async () => {
  const others = [
    RECIPIENT.slice(0, -1),
    RECIPIENT.replace(/.$/, (last) => (last === "q" ? "p" : "q")),
    bech32.encode("age1pq", bech32.toWords(new Uint8Array(1_215)), false),
    ...LOW_ORDER.map((point) => changed((bytes) => bytes.set(point, 1_184))),
    changed((bytes) => bytes.fill(0xff, 1_184)),
    changed((bytes) => bytes.set([0x01, 0x0d], 0)), // 3,329
    changed((bytes) => bytes.set([0x10, 0xd0], 1_150)),
  ];
  for (const other of others) await refuses(() => checkRecipient(other), "age-key");
});

test("points of low order are known however they are written", () => {
  for (const point of LOW_ORDER) {
    assert.equal(hasLowOrder(point), true);
    assert.equal(isPublicKey(point), false);
  }
  const base = fromHex(`09${"00".repeat(31)}`, 32);
  assert.equal(hasLowOrder(base), false);
  assert.equal(isPublicKey(base), true);
  assert.equal(isPublicKey(fromHex(`09${"00".repeat(30)}80`, 32)), false);
});
