import assert from "node:assert/strict";
import { test } from "node:test";
import { mailboxId } from "../../src/tip/mailbox.js";
import { signMessage } from "../../src/tip/message.js";
import { checkThread } from "../../src/tip/thread.js";
import { follow, keyOf, MAILBOX, ORIGIN, SOURCE, STEWARD, STEWARDS, thread } from "../../testing/thread.js";
import { refuses } from "../../testing/vectors.js";

/**
 * @typedef {import("../../src/tip/thread.js").Place} Place
 * @typedef {import("../../src/tip/message.js").Message} Message
 */

/** @type {(places: Place[]) => Promise<void>} */
const check = (places) => checkThread(places, { origin: ORIGIN, mailbox: MAILBOX, stewards: STEWARDS });

/** @type {(places: Place[]) => Place[]} */
const unseen = (places) => places.map((place) => ({ ...place, manifest: null }));

/**
 * Put another message into a place, signed by somebody.
 * @param {number} number
 * @param {import("../../src/keys.js").SigningKey} key
 * @param {Partial<Message>} [changes]
 */
async function forged(number, key, changes) {
  const places = await thread();
  const place = /** @type {typeof places[0]} */ (places[number - 1]);
  const manifest = await signMessage({ ...place.manifest.message, ...changes }, key);
  return places.with(number - 1, { ...place, manifest });
}

test("each side accepts what it can open", async () => {
  const places = await thread();
  await check(places);
  await check([]);
  await check(places.map((place, index) => (index % 2 ? place : { ...place, manifest: null })));
  await check(unseen(places));
});

/** @type {[string, string, () => Promise<Place[]>][]} */
const ATTACKS = [
  ["an answer by nobody known", "message-forged", async () => forged(2, await keyOf(7))],
  ["an answer by the source", "message-forged", () => forged(2, SOURCE)],
  ["a follow-up by a steward", "message-forged", () => forged(3, STEWARD)],
  [
    "words changed after signing",
    "not-verified",
    async () => {
      const [first, second] = /** @type {Required<Place>[]} */ (await thread());
      const manifest = /** @type {import("../../src/tip/message.js").Manifest} */ (second?.manifest);
      const message = { ...manifest.message, text: "No." };
      return /** @type {Place[]} */ ([first, { ...second, manifest: { ...manifest, message } }]);
    },
  ],
  ["an answer dropped", "message-order", async () => (await thread()).toSpliced(1, 1)],
  [
    "two swapped",
    "message-order",
    async () => {
      const places = await thread();
      return [0, 2, 1, 3].flatMap((index) => places[index] ?? []);
    },
  ],
  ["one replayed", "message-order", async () => [...(await thread()), ...(await thread()).slice(1, 2)]],
  [
    "one replayed unseen",
    "message-replayed",
    async () => unseen([...(await thread()), ...(await thread()).slice(1, 2)]),
  ],
  ["of another log", "message-elsewhere", () => forged(2, STEWARD, { origin: "other.example" })],
  [
    "of another mailbox",
    "message-elsewhere",
    () => forged(2, STEWARD, { mailbox: mailboxId(new Uint8Array(32)) }),
  ],
];

for (const [what, code, attack] of ATTACKS) {
  test(`what a server could do is found out: ${what}`, async () => {
    const places = await attack();
    await refuses(() => check(places), code);
  });
}

test("another tip in its place is found out by the next message", async () => {
  const places = (await forged(1, SOURCE, { text: "Nothing." })).map((place, index) =>
    index === 0 ? { ...place, envelopeSha256: "0".repeat(64) } : place,
  );
  await refuses(() => check(places), "message-order");
});

test("the message that is wrong is named", async () => {
  const places = await thread();
  const stranger = await signMessage(follow(5, places[3]?.envelopeSha256 ?? ""), STEWARD);
  const added = [...places, { envelopeSha256: "f".repeat(64), manifest: stranger }];
  await assert.rejects(check(added), /^PledgeError: Message 5: /);
});
