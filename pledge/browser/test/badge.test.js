import assert from "node:assert/strict";
import { test } from "node:test";
import { isSvg, parseBadge } from "../src/badge.js";
import { utf8 } from "../src/bytes.js";
import { parsePolicy } from "../src/policy.js";
import { verifyReceipt } from "../src/receipt.js";
import { cases, refuses } from "../testing/vectors.js";

for (const { name, policy, badge, verdict } of cases("badge-proof")) {
  test(`a badge is ${verdict}: ${name}`, async () => {
    assert.ok(isSvg(utf8(badge)));
    if (verdict === "malformed") return refuses(() => parseBadge(utf8(badge)));
    const receipt = await parseBadge(utf8(badge));
    const verify = () => verifyReceipt(receipt, parsePolicy(utf8(policy)));
    if (verdict === "refused") return refuses(verify);
    assert.equal((await verify()).grade, verdict);
  });
}

test("a receipt is no badge", () => {
  for (const receipt of cases("receipt")) assert.equal(isSvg(utf8(receipt.receipt)), false);
});
