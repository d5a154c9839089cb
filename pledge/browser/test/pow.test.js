import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, fromHex, hex } from "../src/bytes.js";
import { findStamp, isStamp, NO_STAMP } from "../src/pow.js";
import { vectors } from "../testing/vectors.js";

const { stamps } = vectors("pow");

/** @param {{origin: string, day: string, mailbox_key: string, leaf: string}} vector */
function workOf({ origin, day, mailbox_key, leaf }) {
  return { origin, day, mailboxKey: fromHex(mailbox_key, 32), leaf: fromHex(leaf, 32) };
}

test("stamps are what the vectors say, and progress only grows", async () => {
  for (const vector of stamps) {
    const work = workOf(vector);
    /** @type {number[]} */
    const shares = [0];
    const stamp = await findStamp(work, { progress: (share) => shares.push(share) });
    assert.equal(hex(stamp), vector.stamp);
    assert.ok(isStamp(work, stamp));
    assert.ok(
      shares.length > 1 && shares.every((share, n) => share < 1 && share >= Number(shares[n - 1] ?? 0)),
    );
  }
});

test("a stamp is for one message of one day", () => {
  const [vector] = stamps;
  const work = workOf(vector);
  const stamp = fromHex(vector.stamp, 8);
  const other = new Uint8Array(32).fill(7);
  for (const changes of [
    { origin: "other.example" },
    { day: "2026-12-01" },
    { mailboxKey: other },
    { leaf: other },
  ]) {
    assert.ok(!isStamp({ ...work, ...changes }, stamp));
  }
  for (const wrong of [NO_STAMP, stamp.subarray(0, 7), concat(stamp, NO_STAMP), new Uint8Array()]) {
    assert.ok(!isStamp(work, wrong));
  }
});

test("who no longer wants a stamp need not wait for it", async () => {
  const hopeless = AbortSignal.abort();
  await assert.rejects(findStamp(workOf(stamps[1]), { signal: hopeless }), { name: "AbortError" });
});
