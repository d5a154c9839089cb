import assert from "node:assert/strict";
import { test } from "node:test";
import { Encrypter } from "age-encryption";
import { utf8 } from "../../src/bytes.js";
import { formatJson } from "../../src/canonical.js";
import { formatBundle, newKeys, parseBundle, unwrapBundle, wrapBundle } from "../../src/steward/bundle.js";
import { refuses } from "../../testing/vectors.js";

const BUNDLE = {
  keys: [newKeys("2026-11-25"), newKeys("2026-12-25")],
  origin: "pledge.example.org",
  type: /** @type {const} */ ("steward-keys/v1"),
};

test("a bundle is wrapped with a passphrase and opened with it alone", async () => {
  const wrapped = await wrapBundle(BUNDLE, "sechs Wörter");
  assert.deepEqual(await unwrapBundle(wrapped, "sechs Wörter".normalize("NFD")), BUNDLE);
  await refuses(() => unwrapBundle(wrapped, "sechs Woerter"), "age-no-match");
  await refuses(() => wrapBundle(BUNDLE, ""), "malformed");
});

test("new keys are new each time", () => {
  const [one, other] = [newKeys("2026-11-25"), newKeys("2026-11-25")];
  assert.notEqual(one.age, other.age);
  assert.notEqual(one.signing, other.signing);
});

test("what is no bundle is refused", async () => {
  assert.deepEqual(parseBundle(formatBundle(BUNDLE)), BUNDLE);
  for (const changes of [
    { keys: [] },
    { type: "steward-keys/v2" },
    { origin: "" },
    { more: 1 },
    { keys: [{ ...BUNDLE.keys[0], signing: "00" }] },
    { keys: [{ ...BUNDLE.keys[0], from: "yesterday" }] },
  ]) {
    await refuses(() => parseBundle(formatJson(/** @type {any} */ ({ ...BUNDLE, ...changes }))), "malformed");
  }
  await refuses(() =>
    parseBundle(formatJson(/** @type {any} */ ({ ...BUNDLE, keys: [{ ...BUNDLE.keys[0], age: 1 }] }))),
  );
});

test("a file that would keep a machine busy, or that no passphrase opens, is refused unread", async () => {
  const encrypter = new Encrypter();
  encrypter.setPassphrase("x");
  encrypter.setScryptWorkFactor(2);
  const file = await encrypter.encrypt(formatBundle(BUNDLE));
  const text = Buffer.from(file).toString("latin1");
  const heavy = Buffer.from(text.replace(/(-> scrypt \S+) 2\n/, "$1 30\n"), "latin1");
  await refuses(() => unwrapBundle(new Uint8Array(heavy), "x"), "age-header");
  await refuses(() => unwrapBundle(utf8("age-encryption.org/v1\n"), "x"), "age-header");
  await refuses(() => unwrapBundle(new Uint8Array(65_537), "x"), "malformed");
});
