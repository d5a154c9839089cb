import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../../src/bytes.js";
import { answerable, frameAnswer, parseAnswer, sealAnswer } from "../../src/steward/answer.js";
import { openContents } from "../../src/steward/open.js";
import { openThread } from "../../src/steward/thread.js";
import { join } from "../../testing/bytes.js";
import {
  SealedThread,
  SOURCE_IDENTITY,
  SOURCE_RECIPIENT,
  STEWARD_IDENTITIES,
  STEWARD_RECIPIENTS,
  sealedThread,
  TRUSTED,
} from "../../testing/inbox.js";
import { IDENTITIES } from "../../testing/stewards.js";
import { keyOf, STEWARD } from "../../testing/thread.js";
import { refuses } from "../../testing/vectors.js";

const NONCE = new Uint8Array(32).fill(9);

/**
 * @param {SealedThread} thread
 * @param {string[]} [identities]
 */
const open = (thread, identities = STEWARD_IDENTITIES) =>
  openThread(thread.listing, { identities, trusted: TRUSTED, fetchEnvelope: thread.fetch });

/**
 * @param {import("../../src/steward/thread.js").Shown[]} shown
 * @param {Partial<Parameters<typeof sealAnswer>[1]>} [changes]
 */
const answer = (shown, changes) =>
  sealAnswer(shown, {
    text: "谢谢。",
    files: [{ name: "a.txt", data: new Blob(["a"]) }],
    ...{ day: "2026-11-26", key: STEWARD, recipients: STEWARD_RECIPIENTS, nonce: NONCE },
    ...changes,
  });

test("an answer goes on with the thread, and source and stewards read it", async () => {
  const thread = await sealedThread();
  const sealed = await answer(await open(thread));
  const envelope = await join(sealed.stream);
  assert.equal(sealed.number, 4);
  thread.put(envelope, { from: "steward", day: "2026-11-26" });
  for (const identity of [...STEWARD_IDENTITIES, SOURCE_IDENTITY]) {
    const contents = await openContents([identity], new Blob([envelope]));
    assert.equal(contents.manifest.message.text, "谢谢。");
  }
  const shown = await open(thread);
  assert.equal(shown[3]?.problem, null);
  assert.equal(shown[3]?.contents?.manifest.message.previous, thread.messages[2]?.sha256);
  await refuses(() => openContents(IDENTITIES.slice(4), new Blob([envelope])), "age-no-match");
});

test("an answer goes to the tip's recipient, even where the source is a steward, once", async () => {
  const thread = await new SealedThread().add("tip");
  const sealed = await answer(await open(thread), {
    recipients: [...STEWARD_RECIPIENTS, SOURCE_RECIPIENT],
  });
  const envelope = new Blob([await join(sealed.stream)]);
  assert.ok(await openContents([SOURCE_IDENTITY], envelope));
});

test("a thread with a message that does not check out is not answered", async () => {
  const thread = await sealedThread();
  await thread.add("answer", { key: await keyOf(7) });
  const shown = await open(thread);
  await refuses(() => answer(shown), "not-verified");
});

test("a tip of another mailbox in a thread's place gives no recipient", async () => {
  const other = await keyOf(9);
  const thread = await new SealedThread().add("tip", {
    key: other,
    changes: { recipient: SOURCE_RECIPIENT },
  });
  const shown = await open(thread);
  assert.equal(shown[0]?.problem?.code, "message-forged");
  await refuses(() => answerable(shown), "not-verified");
});

test("a thread whose tip is sealed before the steward's key is answered by a colleague", async () => {
  const thread = await sealedThread();
  await refuses(async () => answerable(await open(thread, IDENTITIES.slice(8))), "not-verified");
  await refuses(() => answerable([]), "not-verified");
});

test("a later message that is sealed to others only does not stand in the way", async () => {
  const thread = await sealedThread();
  await thread.add("answer", { recipients: [SOURCE_RECIPIENT] });
  const sealed = await answer(await open(thread));
  assert.equal(sealed.number, 5);
  await sealed.stream.cancel();
});

test("a frame says which message it is, and holds an envelope", async () => {
  const thread = await new SealedThread().add("tip");
  const envelope = /** @type {Blob} */ (thread.envelopes.get(thread.messages[0]?.id ?? ""));
  const frame = frameAnswer(258, envelope);
  const bytes = new Uint8Array(await frame.arrayBuffer());
  assert.deepEqual(bytes.slice(0, 21), new Uint8Array([...utf8("pledge/answer/v1\n"), 0, 0, 1, 2]));
  const parsed = await parseAnswer(frame);
  assert.equal(parsed.number, 258);
  assert.deepEqual(new Uint8Array(await parsed.envelope.arrayBuffer()), bytes.slice(21));
});

test("what is no frame is refused", async () => {
  const thread = await new SealedThread().add("tip");
  const envelope = /** @type {Blob} */ (thread.envelopes.get(thread.messages[0]?.id ?? ""));
  const bare = frameAnswer(1, new Blob([]));
  await refuses(() => parseAnswer(envelope), "malformed");
  await refuses(() => parseAnswer(new Blob([])), "malformed");
  await refuses(() => parseAnswer(bare), "malformed");
  await refuses(() => parseAnswer(new Blob(["pledge/answer/v2\n\0\0\0\u0001", envelope])), "malformed");
  await refuses(() => parseAnswer(frameAnswer(1, new Blob(["words"]))), "age-header");
});
