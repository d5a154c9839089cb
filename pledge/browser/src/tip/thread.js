/**
 * Threads: what one side may show of what the other has sent.
 *
 * Each side can open only what is sealed to it, and knows of the rest the hash of its envelope. A message is shown only
 * where it stands in the right place, names the envelope before it, and is signed by whoever it says it is from. A
 * server that forges, swaps, replays or drops one is thereby found out, at the latest by the next message.
 *
 * @typedef {import("./message.js").Manifest} Manifest
 * @typedef {{envelopeSha256: string, manifest: Manifest | null}} Place the SHA-256 of the envelope there in hex, and
 *   its manifest, null where it cannot be opened
 * @typedef {{origin: string, mailbox: string, stewards: readonly string[]}} Expected the log's origin, whose thread it
 *   should be, and the signing keys, `ed25519:…`, of stewards that the log has
 */

import { parseKey } from "../ed25519.js";
import { notVerified, PledgeError } from "../errors.js";
import { mailboxId } from "./mailbox.js";
import { verifyManifest } from "./message.js";

/**
 * Check all that can be checked of a thread. What it says of a message begins with the message's number.
 * @param {readonly Place[]} places in order, from the first
 * @param {Expected} expected
 */
export async function checkThread(places, expected) {
  /** @type {string | null} */
  let previous = null;
  for (const [index, { envelopeSha256, manifest }] of places.entries()) {
    try {
      if (manifest !== null) await check(manifest, index + 1, previous, expected);
    } catch (error) {
      if (!(error instanceof PledgeError)) throw error;
      throw new PledgeError(error.code, "Message %(number)s: %(why)s", { number: index + 1, why: error });
    }
    previous = envelopeSha256;
  }
  if (new Set(places.map(({ envelopeSha256 }) => envelopeSha256)).size !== places.length) {
    throw notVerified("An envelope stands twice in this thread.", {}, "message-replayed");
  }
}

/**
 * @param {Manifest} manifest
 * @param {number} number
 * @param {string | null} previous
 * @param {Expected} expected
 */
async function check(manifest, number, previous, { origin, mailbox, stewards }) {
  const { message, key } = manifest;
  if (message.origin !== origin || message.mailbox !== mailbox) {
    throw notVerified("It belongs to another thread.", {}, "message-elsewhere");
  }
  if (message.number !== number || message.previous !== previous) {
    throw notVerified("It does not follow the one before.", {}, "message-order");
  }
  if (message.type === "answer/v1") {
    if (!stewards.includes(key)) {
      throw notVerified("It is not by a steward of this site.", {}, "message-forged");
    }
  } else if (mailboxId(parseKey(key)) !== mailbox) {
    throw notVerified("It is not by the source.", {}, "message-forged");
  }
  await verifyManifest(manifest);
}
