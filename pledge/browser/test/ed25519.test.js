import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, hex } from "../src/bytes.js";
import { checkPublic, formatKey, parseKey, verifyEd25519 } from "../src/ed25519.js";
import { hasEd25519, sign, signingKeyFromSeed } from "../src/keys.js";
import { cases, refuses } from "../testing/vectors.js";

/** @type {(encoded: string) => import("../src/bytes.js").Bytes} */
const bytes = (encoded) => fromHex(encoded, encoded.length / 2);

test("this engine has Ed25519", async () => {
  assert.equal(await hasEd25519(), true);
});

for (const { name, seed, public: publicKey, message, signature } of cases("ed25519")) {
  test(`a seed makes its key, and its key its signature: ${name}`, async () => {
    const key = await signingKeyFromSeed(bytes(seed));
    assert.equal(hex(key.publicKey), publicKey);
    assert.equal(hex(await sign(key, bytes(message))), signature);
    await verifyEd25519(key.publicKey, bytes(message), bytes(signature));
    assert.deepEqual(parseKey(formatKey(key.publicKey)), key.publicKey);
  });
}

for (const { name, public: publicKey, accepted } of cases("ed25519-keys")) {
  test(`a key is ${accepted ? "taken" : "refused"}: ${name}`, async () => {
    if (accepted) checkPublic(bytes(publicKey));
    else await refuses(() => checkPublic(bytes(publicKey)), "malformed");
  });
}

for (const { name, public: publicKey, message, signature, valid } of cases("ed25519-speccheck")) {
  test(`a signature is ${valid ? "taken" : "refused"}: ${name}`, async () => {
    const verify = () => verifyEd25519(bytes(publicKey), bytes(message), bytes(signature));
    if (valid) await verify();
    else await refuses(verify, "not-verified");
  });
}

test("a key is written in one way", async () => {
  const written = formatKey(bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
  for (const other of [`${written}=`, written.slice(8), written.toUpperCase(), `${written}A`, "ed25519:"]) {
    await refuses(() => parseKey(other), "malformed");
  }
});
