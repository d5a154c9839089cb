/**
 * Proof of work: a second or so of a machine's time, which is nothing for one message and a lot for a flood of them.
 *
 *     stamp  u64 BE such that
 *            SHA-256("pledge/pow/v1\n<origin>\n<YYYY-MM-DD>\n" ‖ mailbox public key[32] ‖ leaf[32] ‖ stamp[8])
 *            begins with 18 zero bits
 *
 * It goes with one message of one day, so there is nothing to ask the server for. A stamp of zeros means none.
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 * @typedef {{origin: string, day: string, mailboxKey: Uint8Array, leaf: Uint8Array}} Work
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { concat, utf8 } from "./bytes.js";
import { pause } from "./streams.js";

export const ZERO_BITS = 18;
export const NO_STAMP = new Uint8Array(8);
const LONG_MILLISECONDS = 16;
/** How many are tried between two looks at the clock. */
const BATCH = 256;

/**
 * Find the first stamp. It takes 2^18 tries on average, and lets everything else of the page have its turn.
 * @param {Work} work
 * @param {{progress?: (share: number) => void, signal?: AbortSignal | undefined}} [watch] `share`: how likely it was, from 0 to 1, to
 *   be done by now
 * @returns {Promise<Bytes>} 8 bytes
 */
export async function findStamp(work, { progress = () => {}, signal } = {}) {
  const start = sha256.create().update(startOf(work));
  const stamp = new Uint8Array(8);
  const view = new DataView(stamp.buffer);
  let last = performance.now();
  for (let counter = 1; ; counter += 1) {
    view.setUint32(0, Math.floor(counter / 2 ** 32));
    view.setUint32(4, counter % 2 ** 32);
    if (isDone(start.clone().update(stamp).digest())) return stamp;
    if (counter % BATCH === 0 && performance.now() - last > LONG_MILLISECONDS) {
      progress(1 - Math.exp(-counter / 2 ** ZERO_BITS));
      await pause();
      signal?.throwIfAborted();
      last = performance.now();
    }
  }
}

/**
 * Tell whether a stamp is one.
 * @param {Work} work
 * @param {Uint8Array} stamp 8 bytes
 */
export function isStamp(work, stamp) {
  return stamp.length === NO_STAMP.length && isDone(sha256(concat(startOf(work), stamp)));
}

/** @param {Work} work */
function startOf({ origin, day, mailboxKey, leaf }) {
  return concat(utf8(`pledge/pow/v1\n${origin}\n${day}\n`), mailboxKey, leaf);
}

/** @param {Uint8Array} digest */
function isDone(digest) {
  return Math.clz32(new DataView(digest.buffer, digest.byteOffset).getUint32(0)) >= ZERO_BITS;
}
