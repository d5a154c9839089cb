import assert from "node:assert/strict";
import { test } from "node:test";
import { sizeInWords } from "../../src/readable.js";
import { timeLeft } from "../../src/steward/words.js";

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
