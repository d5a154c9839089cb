import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPassphrase, drawPassphrase, MIN_CHARACTERS } from "../../src/steward/passphrase.js";
import { refuses } from "../../testing/vectors.js";

test("what is drawn is long enough, seven words, and never the same", () => {
  const drawn = Array.from({ length: 200 }, drawPassphrase);
  assert.equal(new Set(drawn).size, drawn.length);
  for (const passphrase of drawn) {
    checkPassphrase(passphrase, passphrase);
    assert.equal(passphrase.split(" ").length, 7);
  }
});

test("what is short, differs, or ends in a space is refused", async () => {
  const least = "é".repeat(MIN_CHARACTERS);
  checkPassphrase(least, least);
  for (const [first, second] of [
    [least.slice(1), least.slice(1)],
    [least, `${least}x`],
    [`${least} `, `${least} `],
    ["😀".repeat(MIN_CHARACTERS - 1), "😀".repeat(MIN_CHARACTERS - 1)],
  ]) {
    await refuses(() => checkPassphrase(String(first), String(second)));
  }
});
