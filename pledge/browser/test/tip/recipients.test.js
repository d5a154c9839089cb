import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../../src/bytes.js";
import { parsePolicy } from "../../src/policy.js";
import { parseRecipients } from "../../src/tip/recipients.js";
import { refuses, vectors } from "../../testing/vectors.js";

const { policies, accepted, refused } = vectors("recipients");

/** @type {(vector: {file: string, policy?: string}) => Promise<import("../../src/tip/recipients.js").StewardKeys>} */
const read = ({ file, policy = "both" }) => parseRecipients(utf8(file), parsePolicy(utf8(policies[policy])));

for (const vector of accepted) {
  test(`the keys of stewards are read: ${vector.name}`, async () => {
    const stewards = await read(vector);
    assert.equal(stewards.origin, vector.origin);
    assert.equal(stewards.quorum, vector.quorum);
    assert.equal(stewards.seen.checkpoint.size, BigInt(vector.size));
    assert.deepEqual(
      stewards.keys.map(({ entry, signing, recipient }) => ({ entry, signing, recipient })),
      vector.keys.map((/** @type {any} */ { entry, signing, recipient }) => ({ entry, signing, recipient })),
    );
    for (const { day, current, open, may_have_signed } of vector.days) {
      assert.deepEqual(
        stewards.current(day).map(({ signing }) => signing),
        current,
        day,
      );
      assert.equal(stewards.isOpen(day), open, day);
      assert.deepEqual(stewards.signersOn(day), may_have_signed, day);
      if (open) assert.equal(stewards.recipients(day).length, current.length);
      else await refuses(() => stewards.recipients(day), "unavailable");
    }
  });
}

for (const vector of refused) {
  test(`a recipients file is refused: ${vector.name}`, async () => {
    await refuses(() => read(vector), vector.code === "malformed" ? "malformed" : undefined);
  });
}

test("a byte that is changed anywhere in an entry is noticed", async () => {
  const [{ file }] = accepted;
  const start = file.indexOf('"entries"');
  for (let place = start; place < file.length; place += 97) {
    const changed = utf8(file);
    changed[place] = Number(changed[place]) ^ 1;
    await refuses(() => parseRecipients(changed, parsePolicy(utf8(policies.both))));
  }
});
