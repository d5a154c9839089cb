import assert from "node:assert/strict";
import { test } from "node:test";
import { SIZE_CLASSES } from "../../src/archive.js";
import { checkEnvelope } from "../../src/tip/envelope.js";
import { classOf } from "../../src/tip/sizes.js";
import { SealedThread } from "../../testing/inbox.js";
import { RECIPIENTS } from "../../testing/stewards.js";
import { cases } from "../../testing/vectors.js";

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
      assert.equal(classOf(envelope.size), plaintextBytes);
    }
  }
});

for (const { envelope_bytes, class_bytes } of cases("envelope-size")) {
  test(`an envelope of ${envelope_bytes} bytes is of class ${class_bytes}`, () => {
    assert.equal(classOf(envelope_bytes), class_bytes);
  });
}
