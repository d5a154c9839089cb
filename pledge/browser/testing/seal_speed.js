/** How long a browser takes to seal a small tip; bundled and run by the benchmark. */

import { formatIdentity, recipientOf } from "../src/age/keytext.js";
import { base64, utf8 } from "../src/bytes.js";
import { signingKeyFromSeed } from "../src/keys.js";
import { mailboxId } from "../src/tip/mailbox.js";
import { sealMessage } from "../src/tip/seal.js";

const READERS = 8;

/**
 * Seal a text to eight stewards again and again.
 * @param {number} times
 * @returns {Promise<number[]>} milliseconds each
 */
export async function sealTimes(times) {
  const seeds = Array.from({ length: READERS }, (_, n) => new Uint8Array(32).fill(n + 1));
  const recipients = await Promise.all(seeds.map((seed) => recipientOf(formatIdentity(seed))));
  const key = await signingKeyFromSeed(new Uint8Array(32).fill(1));
  const [recipient = ""] = recipients;
  const fields = {
    ...{ type: /** @type {const} */ ("tip/v1"), origin: "pledge.example/log", day: "2026-11-25" },
    ...{ mailbox: mailboxId(key.publicKey), number: 1, previous: null, lab: null, clauses: [] },
    ...{ text: "他们没有评估计划。", recipient, nonce: base64(utf8("x".repeat(32))) },
    way: /** @type {const} */ ("sealed-in-browser"),
  };
  const taken = [];
  for (let round = 0; round < times; round += 1) {
    const start = performance.now();
    const { stream } = await sealMessage({ fields, files: [], key, recipients });
    await new Response(stream).blob();
    taken.push(performance.now() - start);
  }
  return taken;
}
