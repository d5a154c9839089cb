import assert from "node:assert/strict";
import { test } from "node:test";
import { SIZE_CLASSES } from "../../src/archive.js";
import { sizeClassOf, sizeInWords, timeLeft } from "../../src/steward/words.js";
import { checkEnvelope } from "../../src/tip/envelope.js";
import { SealedThread } from "../../testing/inbox.js";
import { RECIPIENTS } from "../../testing/stewards.js";

test("the class of an envelope is found without opening it, whatever the number of its recipients", async () => {
  for (const recipients of [1, 9, 17]) {
    for (const size of [10, 20_000, 300_000]) {
      const files = [{ name: "a", data: new Blob([new Uint8Array(size)]) }];
      const thread = await new SealedThread().add("tip", {
        files,
        recipients: RECIPIENTS.slice(0, recipients),
      });
      const envelope = /** @type {Blob} */ (thread.envelopes.get(thread.messages[0]?.id ?? ""));
      const { plaintextBytes } = checkEnvelope(new Uint8Array(await envelope.arrayBuffer()), envelope.size);
      assert.ok(SIZE_CLASSES.includes(plaintextBytes));
      assert.equal(sizeClassOf(envelope.size), plaintextBytes);
    }
  }
  assert.equal(sizeClassOf(12_345), 12_345);
});

test("sizes and days are said in words", () => {
  assert.deepEqual([1, 27, 1_024, 1_536, 65_536, 20 << 20].map(sizeInWords), [
    "1 byte",
    "27 bytes",
    "1 KiB",
    "1.5 KiB",
    "64 KiB",
    "20 MiB",
  ]);
  assert.equal(timeLeft("2026-12-26", "2026-11-26"), "deleted in 30 days");
  assert.equal(timeLeft("2026-11-27", "2026-11-26"), "deleted in 1 day");
  assert.equal(timeLeft("2026-11-26", "2026-11-26"), "deleted tonight");
});
