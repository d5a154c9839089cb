/**
 * What this browser saw of a log: its last checkpoint, and whether the next one follows from it. A site that shows one
 * log to you and another to everybody else has to keep that up for ever, or is found out here, with the proof in hand.
 *
 * Remembered is the checkpoint as it was signed, which everybody is shown, and nothing else: not when, nor for what.
 *
 * @typedef {import("./policy.js").Policy} Policy
 * @typedef {Pick<Storage, "getItem" | "setItem">} Memory
 */

import { text, utf8 } from "./bytes.js";
import { PledgeError, unavailable } from "./errors.js";
import { verifyCheckpoint } from "./policy.js";
import { consistencyProof } from "./tiles.js";
import { verifyConsistency } from "./tlog.js";

/**
 * Check that a log only grew since this browser saw it last, and remember how far it has come.
 * @param {Uint8Array} note a checkpoint that was verified by the policy
 * @param {Policy} policy
 * @param {{memory: Memory | null, getTile: import("./tiles.js").GetTile}} from no memory: nothing was ever seen
 */
export async function checkFollows(note, policy, { memory, getTile }) {
  const { checkpoint: now } = await verifyCheckpoint(policy, note);
  const name = `checkpoint of ${now.origin}`;
  const seen = memory?.getItem(name) ?? null;
  const before = seen === null ? null : await read(seen, policy);
  if (seen !== null && before?.origin === now.origin) {
    if (now.size < before.size) {
      throw unavailable(
        "This site shows an older public log than it showed this browser before. Nothing was sent. Look again in a few minutes.",
      );
    }
    try {
      const isSame = before.size === 0n || before.size === now.size;
      verifyConsistency(before, now, isSame ? [] : await consistencyProof(before.size, now.size, getTile));
    } catch (error) {
      if (!(error instanceof PledgeError) || !["not-verified", "malformed"].includes(error.code)) throw error;
      throw new PledgeError(
        "forked",
        "This site shows another public log than it showed this browser before. Nothing was sent. Do not write here; you can leave now. If that is safe for you, keep the proof for somebody who can check it.",
        {},
        `${seen}\n${text(note)}`,
      );
    }
  }
  try {
    memory?.setItem(name, text(note));
  } catch {
    // A full or forbidden memory: the next visit is like a first one.
  }
}

/** The browser's memory for this site; null where it gives none. */
export function openMemory() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/**
 * @param {string} seen
 * @param {Policy} policy
 */
async function read(seen, policy) {
  try {
    return (await verifyCheckpoint(policy, utf8(seen))).checkpoint;
  } catch (error) {
    if (error instanceof PledgeError) return null; // of a key that this policy does not know: another log
    throw error;
  }
}
