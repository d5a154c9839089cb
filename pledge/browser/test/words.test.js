import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, hex } from "../src/bytes.js";
import { signingKeyFromSeed } from "../src/keys.js";
import { deriveSeed, drawWords, entropyFromWords, wordsFromEntropy } from "../src/words.js";
import { refuses, vectors } from "../testing/vectors.js";

const { cases, folded, refused, origin } = vectors("words");

test("entropy becomes words, words become entropy, entropy becomes seeds", async () => {
  for (const { entropy, words, seeds } of cases) {
    assert.equal(wordsFromEntropy(fromHex(entropy, 16)), words);
    assert.equal(hex(entropyFromWords(words)), entropy);
    for (const [purpose, seed] of Object.entries(seeds)) {
      assert.equal(hex(await deriveSeed(fromHex(entropy, 16), { origin, purpose })), seed);
    }
  }
});

for (const { name, text, entropy } of folded) {
  test(`words are read as people type them: ${name}`, () => {
    assert.equal(hex(entropyFromWords(text)), entropy);
  });
}

for (const { name, text } of refused) {
  test(`words are refused, and no message repeats one: ${name}`, async () => {
    await refuses(() => entropyFromWords(text), "malformed");
    try {
      entropyFromWords(text);
    } catch (error) {
      const said = String(error).toLowerCase().split(/\W+/);
      const typed = text
        .trim()
        .split(/\s+/)
        .filter((/** @type {string} */ word) => word.length > 3);
      const own = ["word", "words", "list", "that", "have", "twelve"];
      for (const word of typed) assert.ok(own.includes(word) || !said.includes(word), name);
    }
  });
}

test("words that are drawn differ and are valid", () => {
  const [one, two] = [drawWords(), drawWords()];
  assert.notEqual(one, two);
  assert.equal(wordsFromEntropy(entropyFromWords(one)), one);
});

test("a seed is for a purpose and an origin", async () => {
  const entropy = new Uint8Array(16);
  await refuses(() => deriveSeed(entropy, { origin, purpose: "other" }), "malformed");
  await refuses(() => deriveSeed(entropy, { origin: "", purpose: "signing" }), "malformed");
  await refuses(() => deriveSeed(new Uint8Array(15), { origin, purpose: "signing" }), "malformed");
});

test("a key made of words cannot be exported, and its seed is gone", async () => {
  const seed = await deriveSeed(new Uint8Array(16), { origin, purpose: "signing" });
  const { privateKey } = await signingKeyFromSeed(seed);
  assert.deepEqual(seed, new Uint8Array(32));
  assert.equal(privateKey.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("jwk", privateKey));
});
