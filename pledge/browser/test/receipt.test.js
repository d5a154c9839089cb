import assert from "node:assert/strict";
import { test } from "node:test";
import { text, utf8 } from "../src/bytes.js";
import { ML_DSA_44, parseVkey } from "../src/note.js";
import { parsePolicy } from "../src/policy.js";
import { formatReceipt, parseReceipt, verifyReceipt } from "../src/receipt.js";
import { cases, refuses } from "../testing/vectors.js";

const receipts = cases("receipt");
const whole = receipts.find(({ name }) => name === "whole");

for (const { name, policy, receipt, verdict } of receipts) {
  test(`a receipt is ${verdict}: ${name}`, async () => {
    const verify = () => verifyReceipt(parseReceipt(utf8(receipt)), parsePolicy(utf8(policy)));
    if (verdict === "refused") return refuses(verify);
    assert.equal((await verify()).grade, verdict);
    assert.equal(text(formatReceipt(parseReceipt(utf8(receipt)))), receipt);
  });
}

test("the steps of a check are told in order", async () => {
  /** @type {string[]} */
  const steps = [];
  const receipt = parseReceipt(utf8(whole.receipt));
  const { signing, openings, index, seen } = await verifyReceipt(
    receipt,
    parsePolicy(utf8(whole.policy)),
    (step) => steps.push(step),
  );
  assert.deepEqual(steps, ["leaf", "log", "text", "openings", "signatory", "notary", "notary-entry"]);
  assert.equal(signing.type, "signing/v1");
  assert.ok(openings.length > 0 && index > 0n);
  assert.deepEqual(seen.unchecked, [signing.origin]);
});

test("a byte that is changed anywhere is noticed, but for ML-DSA-44 signatures, which browsers cannot check", async () => {
  const policy = parsePolicy(utf8(whole.policy));
  const bytes = utf8(whole.receipt);
  const unchecked = mlDsaLines(whole);
  let changes = 0;
  // Every fifth byte: enough to meet each of the four characters of base64 and every part, in seconds.
  for (let place = 0; place < bytes.length; place += 5) {
    if (unchecked.some(([start, end]) => start <= place && place < end)) continue;
    const changed = bytes.slice();
    changed[place] = Number(bytes[place]) ^ 1;
    await refuses(() => verifyReceipt(parseReceipt(changed), policy));
    changes += 1;
  }
  assert.ok(changes > 1_200);
});

/**
 * Where, in a receipt, the base64 of signatures stands that only core can check: after the key ID, which is checked.
 * @param {{receipt: string, policy: string}} vector
 * @returns {[number, number][]}
 */
function mlDsaLines({ receipt, policy }) {
  const vkeys = policy.split("\n").flatMap((line) => line.match(/^log (\S+)/)?.slice(1) ?? []);
  const key = vkeys.map(parseVkey).find(({ kind }) => kind === ML_DSA_44);
  assert.ok(key);
  const encodedId = btoa(String.fromCharCode(...key.keyId)).slice(0, 5); // 30 of its 32 bits
  const pattern = new RegExp(`— ${key.name} ${encodedId.replaceAll("+", "\\+")}([A-Za-z0-9+/=]+)\\\\n`, "g");
  return [...receipt.matchAll(pattern)].map((match) => {
    const end = utf8(receipt.slice(0, match.index + match[0].length)).length - 2;
    return [end - Number(match[1]?.length), end];
  });
}
