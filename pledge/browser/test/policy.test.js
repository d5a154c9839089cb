import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../src/bytes.js";
import { parsePolicy, verifyCheckpoint } from "../src/policy.js";
import { cases, refuses } from "../testing/vectors.js";

for (const vector of cases("policy")) {
  test(`a policy: ${vector.name}`, async () => {
    if (vector.malformed) return refuses(() => parsePolicy(utf8(vector.policy)), "malformed");
    if (vector.not_understood) return refuses(() => parsePolicy(utf8(vector.policy)), "not-understood");
    assert.deepEqual(parsePolicy(utf8(vector.policy)), parsePolicy(utf8(vector.canonical)));
  });
}

for (const vector of cases("policy-checkpoints")) {
  test(`a checkpoint under a policy: ${vector.name}`, async () => {
    const policy = parsePolicy(utf8(vector.policy));
    if (vector.verified === null) return refuses(() => verifyCheckpoint(policy, utf8(vector.note)));
    const seen = await verifyCheckpoint(policy, utf8(vector.note));
    assert.deepEqual(seen.witnesses, vector.witnesses);
    assert.equal(seen.quorumMet, vector.quorum_met);
    const seconds = vector.newest_cosignature_seconds;
    assert.equal(seen.newestSeconds, seconds === null ? null : BigInt(seconds));
  });
}
