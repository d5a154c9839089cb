/**
 * What a source's twelve words give: the mailbox's key, the identity that answers are sealed to, the seed of nonces.
 *
 * @typedef {import("../keys.js").SigningKey} SigningKey
 * @typedef {{key: SigningKey, mailbox: string, identity: string, recipient: string,
 *   digestSeed: import("../bytes.js").Bytes}} Codename all of it a secret but mailbox and recipient
 */

import { formatIdentity, recipientOf } from "../age/keytext.js";
import { signingKeyFromSeed } from "../keys.js";
import { mailboxId } from "../tip/mailbox.js";
import { deriveSeed, entropyFromWords } from "../words.js";

/**
 * Derive all of it.
 * @param {string} words as a person types them
 * @param {string} origin the log's: the same words give another mailbox elsewhere
 * @returns {Promise<Codename>}
 */
export async function deriveCodename(words, origin) {
  const entropy = entropyFromWords(words);
  const [seed, ageSeed, digestSeed] = await Promise.all([
    deriveSeed(entropy, { origin, purpose: "mailbox" }),
    deriveSeed(entropy, { origin, purpose: "age" }),
    deriveSeed(entropy, { origin, purpose: "digest" }),
  ]);
  entropy.fill(0);
  const identity = formatIdentity(ageSeed);
  ageSeed.fill(0);
  const key = await signingKeyFromSeed(seed);
  return {
    key,
    mailbox: mailboxId(key.publicKey),
    identity,
    recipient: await recipientOf(identity),
    digestSeed,
  };
}
