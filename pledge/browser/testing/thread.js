/** A source, a steward and their thread, for tests. */

import { base64, hex, sha256 } from "../src/bytes.js";
import { formatKey } from "../src/ed25519.js";
import { signingKeyFromSeed } from "../src/keys.js";
import { mailboxId } from "../src/tip/mailbox.js";
import { signMessage } from "../src/tip/message.js";

export const ORIGIN = "pledge.example.org";

/** @param {number} byte */
export const keyOf = (byte) => signingKeyFromSeed(new Uint8Array(32).fill(byte));

export const SOURCE = await keyOf(1);
export const STEWARD = await keyOf(2);
export const MAILBOX = mailboxId(SOURCE.publicKey);
export const STEWARDS = [formatKey(STEWARD.publicKey)];

/** @type {import("../src/tip/message.js").Message} */
export const TIP = {
  type: "tip/v1",
  origin: ORIGIN,
  mailbox: MAILBOX,
  number: 1,
  previous: null,
  day: "2026-11-25",
  lab: "mistral",
  clauses: ["no-reckless-runs"],
  text: "他们没有评估计划。",
  files: [],
  recipient: `age1pq1${"q".repeat(1_952)}`, // of the right form
  nonce: base64(new Uint8Array(32).fill(4)),
  way: "sealed-in-browser",
  credential: null,
};

/**
 * A later message of the same thread.
 * @param {number} number
 * @param {string} previous
 * @param {Partial<import("../src/tip/message.js").Message>} [changes]
 */
export function follow(number, previous, changes) {
  return {
    ...TIP,
    type: /** @type {const} */ ("follow-up/v1"),
    ...{ lab: null, clauses: [], recipient: null },
    ...{ number, previous, ...changes },
  };
}

/**
 * The hash of an envelope, which need not be a real one.
 * @param {import("../src/tip/message.js").Manifest} manifest
 */
const envelope = ({ signature }) => hex(sha256(signature));

/** A tip, an answer, a follow-up and another answer. */
export async function thread() {
  const manifests = [await signMessage(TIP, SOURCE)];
  for (const [key, type] of /** @type {const} */ ([
    [STEWARD, "answer/v1"],
    [SOURCE, "follow-up/v1"],
    [STEWARD, "answer/v1"],
  ])) {
    const last = /** @type {import("../src/tip/message.js").Manifest} */ (manifests.at(-1));
    manifests.push(await signMessage(follow(manifests.length + 1, envelope(last), { type }), key));
  }
  return manifests.map((manifest) => ({ envelopeSha256: envelope(manifest), manifest }));
}
