import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBase64, text, utf8 } from "../../src/bytes.js";
import {
  formatBundle,
  MAX_BUNDLE_BYTES,
  newKeys,
  parseBundle,
  unwrapBundle,
  wrapBundle,
} from "../../src/steward/bundle.js";
import { refuses, vectors } from "../../testing/vectors.js";

const { cases, refused } = vectors("steward-bundle");

test("bundles open with their passphrase, and say what they hold", async () => {
  for (const { name, passphrase, wrapped, bundle } of cases) {
    const opened = await unwrapBundle(fromBase64(wrapped), passphrase);
    assert.equal(text(formatBundle(opened)), bundle, name);
    assert.deepEqual(parseBundle(utf8(bundle)), opened, name);
  }
});

test("everything else is refused", async () => {
  for (const { passphrase, wrapped } of refused) {
    await refuses(() => unwrapBundle(fromBase64(wrapped), passphrase));
  }
  await refuses(() => unwrapBundle(new Uint8Array(MAX_BUNDLE_BYTES + 1), "x"), "too-large");
});

test("new keys are drawn afresh, and what is wrapped opens again", async () => {
  const [first, second] = [newKeys("2026-11-26"), newKeys("2026-11-26")];
  assert.notEqual(first.age, second.age);
  assert.notEqual(first.signing, second.signing);
  assert.notEqual(first.signing, first.age);
  /** @type {import("../../src/steward/bundle.js").Bundle} */
  const bundle = { keys: [first, second], origin: "pledge.example/log", type: "steward-keys/v1" };
  const wrapped = await wrapBundle(bundle, "pass phrase");
  assert.deepEqual(await unwrapBundle(wrapped, "pass phrase"), bundle);
  assert.match(text(wrapped.slice(0, 70)), /^age-encryption\.org\/v1\n-> scrypt \S+ 18\n/);
  await refuses(() => wrapBundle(bundle, ""), "malformed");
});
