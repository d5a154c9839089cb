import assert from "node:assert/strict";
import { test } from "node:test";
import { isSealedToOthers, openThread } from "../../src/steward/thread.js";
import { SealedThread, STEWARD_IDENTITIES, sealedThread, TRUSTED } from "../../testing/inbox.js";
import { IDENTITIES, RECIPIENTS } from "../../testing/stewards.js";
import { keyOf, SOURCE, STEWARD } from "../../testing/thread.js";
import { refuses } from "../../testing/vectors.js";

/**
 * @typedef {import("../../src/steward/thread.js").Listed} Listed
 * @typedef {import("../../testing/inbox.js").Wish} Wish
 */

/**
 * @param {SealedThread} thread
 * @param {{identities?: string[], trusted?: import("../../src/steward/thread.js").Trusted}} [by]
 */
const open = (thread, { identities = STEWARD_IDENTITIES, trusted = TRUSTED } = {}) =>
  openThread(thread.listing, { identities, trusted, fetchEnvelope: thread.fetch });

/** @param {import("../../src/steward/thread.js").Shown[]} shown */
const codes = (shown) =>
  shown.map(({ problem, contents }) => problem?.code ?? (contents ? "shown" : "nothing"));

test("a thread is opened message by message, each told as it is there", async () => {
  const thread = await sealedThread();
  /** @type {number[]} */
  const told = [];
  const shown = await openThread(thread.listing, {
    identities: STEWARD_IDENTITIES,
    trusted: TRUSTED,
    fetchEnvelope: thread.fetch,
    onShown: ({ listed }) => told.push(listed.number),
  });
  assert.deepEqual(codes(shown), ["shown", "shown", "shown"]);
  assert.deepEqual(told, [1, 2, 3]);
  assert.equal(shown[0]?.contents?.manifest.message.text, "他们没有评估计划。");
});

/** @type {[string, string, (thread: SealedThread) => Promise<unknown>][]} */
const ATTACKS = [
  ["an answer by nobody known", "message-forged", async (t) => t.add("answer", { key: await keyOf(7) })],
  ["an answer by the source", "message-forged", (t) => t.add("answer", { key: SOURCE })],
  ["a follow-up by a steward", "message-forged", (t) => t.add("follow-up", { key: STEWARD })],
  ["of another log", "message-elsewhere", (t) => t.add("follow-up", { changes: { origin: "o.example" } })],
  [
    "of another mailbox",
    "message-elsewhere",
    (t) => t.add("follow-up", { changes: { mailbox: "0".repeat(32) } }),
  ],
  ["another number inside", "message-order", (t) => t.add("follow-up", { changes: { number: 9 } })],
  [
    "another before it",
    "message-order",
    (t) => t.add("follow-up", { changes: { previous: "0".repeat(64) } }),
  ],
  ["a second tip", "message-order", (t) => t.add("tip")],
  [
    "replayed",
    "message-order",
    async (t) => {
      const [first] = t.messages;
      t.put(new Uint8Array(await (await t.fetch(/** @type {Listed} */ (first))).arrayBuffer()), {});
    },
  ],
  ["listed as another's", "not-verified", (t) => t.add("follow-up", { listed: { from: "steward" } })],
  ["listed as come another way", "not-verified", (t) => t.add("follow-up", { listed: { way: "by-server" } })],
  [
    "sealed by the server and listed as sealed before",
    "not-verified",
    (t) => t.add("follow-up", { changes: { way: "sealed-by-server" } }),
  ],
  ["no envelope at all", "age-header", async (t) => t.put(new Uint8Array(100), {})],
  ["sealed to others", "age-no-match", (t) => t.add("follow-up", { recipients: RECIPIENTS.slice(5, 6) })],
];

for (const [what, code, attack] of ATTACKS) {
  test(`what a server could do to the last message is found out: ${what}`, async () => {
    const thread = await sealedThread();
    await attack(thread);
    const shown = await open(thread);
    assert.deepEqual(codes(shown), ["shown", "shown", "shown", code]);
    assert.equal(shown[3]?.contents, null);
  });
}

test("what comes after a message that is wrong is judged by itself", async () => {
  const thread = await sealedThread();
  await thread.add("answer", { key: await keyOf(7) });
  await thread.add("follow-up");
  assert.deepEqual(codes(await open(thread)), ["shown", "shown", "shown", "message-forged", "shown"]);
});

test("a message dropped in the middle is found out, whatever the numbers say", async () => {
  const thread = await sealedThread();
  thread.messages.splice(1, 1);
  await refuses(() => open(thread), "malformed");
  thread.messages = thread.messages.map((listed, index) => ({ ...listed, number: index + 1 }));
  assert.deepEqual(codes(await open(thread)), ["shown", "message-order"]);
  thread.messages = [];
  await refuses(() => open(thread), "malformed");
});

test("two messages swapped are both found out", async () => {
  const thread = await sealedThread();
  const [first, second, third] = /** @type {[Listed, Listed, Listed]} */ (thread.messages);
  thread.messages = [first, { ...third, number: 2 }, { ...second, number: 3 }];
  assert.deepEqual(codes(await open(thread)), ["shown", "message-order", "message-order"]);
});

test("whose signatures count depends on the answer's day", async () => {
  const thread = await sealedThread();
  /** @type {string[]} */
  const asked = [];
  const trusted = {
    ...TRUSTED,
    signersOn: (/** @type {string} */ day) => {
      asked.push(day);
      return [];
    },
  };
  assert.deepEqual(codes(await open(thread, { trusted })), ["shown", "message-forged", "shown"]);
  assert.deepEqual(new Set(asked), new Set(["2026-11-25"]));
});

test("a tip sealed before a steward's key is told as such", async () => {
  const thread = await sealedThread();
  const shown = await open(thread, { identities: IDENTITIES.slice(8) });
  assert.ok(shown.every(isSealedToOthers));
});

test("a thread that was seen before may only have grown, and only what is new is fetched", async () => {
  const thread = await sealedThread();
  const known = await open(thread);
  await thread.add("answer");
  /** @type {number[]} */
  const fetched = [];
  const by = {
    identities: STEWARD_IDENTITIES,
    trusted: TRUSTED,
    known,
    fetchEnvelope: (/** @type {Listed} */ listed) => {
      fetched.push(listed.number);
      return thread.fetch(listed);
    },
  };
  assert.deepEqual(codes(await openThread(thread.listing, by)), Array(4).fill("shown"));
  assert.deepEqual(fetched, [4]);
  const [first, second] = /** @type {[Listed, Listed]} */ (thread.messages);
  for (const messages of [
    [first],
    [first, { ...second, sha256: "0".repeat(64) }, ...thread.messages.slice(2)],
  ]) {
    await refuses(() => openThread({ ...thread.listing, messages }, by), "message-order");
  }
});
