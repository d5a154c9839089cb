import assert from "node:assert/strict";
import { test } from "node:test";
import { hex, text } from "../../src/bytes.js";
import { sign, signingKeyFromSeed } from "../../src/keys.js";
import { challenge, deriveNonce, mailboxId, parseMailboxId } from "../../src/tip/mailbox.js";
import { deriveSeed, entropyFromWords } from "../../src/words.js";
import { refuses, vectors } from "../../testing/vectors.js";

const NONCE = Uint8Array.from({ length: 32 }, (_, index) => index);

for (const { words, origin, ...expected } of vectors("tip").mailboxes) {
  test(`all of a mailbox follows from its codename, at ${origin}`, async () => {
    const entropy = entropyFromWords(words);
    const key = await signingKeyFromSeed(await deriveSeed(entropy, { origin, purpose: "mailbox" }));
    assert.equal(hex(key.publicKey), expected.public);
    assert.equal(mailboxId(key.publicKey), expected.id);
    const message = challenge(expected.id, NONCE, { origin });
    assert.equal(text(message), expected.challenge);
    assert.equal(hex(await sign(key, message)), expected.answer);
    const seed = await deriveSeed(entropy, { origin, purpose: "digest" });
    assert.deepEqual(
      [1, 2].map((number) => hex(deriveNonce(seed, number))),
      expected.nonces,
    );
  });
}

test("other names are no mailbox", async () => {
  for (const other of [
    "",
    "0".repeat(31),
    "0".repeat(33),
    "G".repeat(32),
    "A".repeat(32),
    `${"0".repeat(32)}\n`,
  ]) {
    await refuses(() => parseMailboxId(other), "malformed");
  }
  assert.equal(parseMailboxId("0a".repeat(16)), "0a".repeat(16));
});
