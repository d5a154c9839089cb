/**
 * A mailbox in the source's browser: answers are opened here, and shown only where all of the thread checks out; that
 * the log has what the source sent is proven here.
 *
 * @typedef {import("./codename.js").Codename} Codename
 * @typedef {import("./server.js").Listed} Listed
 * @typedef {import("../steward/open.js").Contents} Contents
 * @typedef {import("../tip/recipients.js").StewardKeys} StewardKeys
 * @typedef {import("../policy.js").Policy} Policy
 * @typedef {{listed: Listed, envelope: Blob | null, contents: Contents | null, problem: PledgeError | null,
 *   logged: boolean}} Shown a message; an answer's contents where it checks out, else why not; whether the log was shown
 *   to have what the source sent
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { equal, fromHex, hex, utf8 } from "../bytes.js";
import { notVerified, PledgeError } from "../errors.js";
import { openContents } from "../steward/open.js";
import { chunksOf } from "../streams.js";
import { verifyAcknowledgement } from "../tip/acknowledgement.js";
import { tipLeaf } from "../tip/digest.js";
import { readLogged } from "../tip/logged_digest.js";
import { deriveNonce } from "../tip/mailbox.js";
import { checkThread } from "../tip/thread.js";
import { askMailbox, getPublic } from "./server.js";

const SHA256_BYTES = 32;

/**
 * Open all of a mailbox.
 * @param {Codename} codename
 * @param {{policy: Policy, stewards: StewardKeys}} trusted
 * @returns {Promise<Shown[]>} in order
 */
export async function openMailbox(codename, { policy, stewards }) {
  const { origin } = stewards;
  /** @type {{messages: Listed[]}} */
  const { messages } = await (await askMailbox("/mailbox/thread", codename, origin)).json();
  if (messages.some(({ number }, index) => number !== index + 1)) {
    throw notVerified("The server does not list this mailbox in its order, so nothing of it is shown.");
  }
  const shown = [];
  for (const [index, listed] of messages.entries()) {
    const before = messages.slice(0, index);
    shown.push(
      listed.from === "steward"
        ? await openAnswer(listed, before, codename, stewards)
        : await checkOwn(listed, codename, { policy, origin }),
    );
  }
  return shown;
}

/**
 * @param {Listed} listed
 * @param {readonly Listed[]} before
 * @param {Codename} codename
 * @param {StewardKeys} stewards
 * @returns {Promise<Shown>}
 */
async function openAnswer(listed, before, codename, stewards) {
  const { number } = listed;
  const fetched = await askMailbox("/mailbox/envelope", codename, stewards.origin, { number });
  const envelope = await fetched.blob();
  try {
    if ((await hashOf(envelope)) !== listed.sha256) {
      throw notVerified("Message %(number)s: The server gave another envelope than the one it lists.", {
        number,
      });
    }
    const contents = await openContents([codename.identity], envelope);
    const { manifest } = contents;
    const places = [
      ...before.map((other) => ({ envelopeSha256: other.sha256, manifest: null })),
      { envelopeSha256: listed.sha256, manifest },
    ];
    await checkThread(places, {
      origin: stewards.origin,
      mailbox: codename.mailbox,
      stewards: stewards.signersOn(manifest.message.day),
    });
    return { listed, envelope, contents, problem: null, logged: false };
  } catch (error) {
    if (!(error instanceof PledgeError)) throw error;
    return { listed, envelope: null, contents: null, problem: error, logged: false };
  }
}

/**
 * @param {Listed} listed
 * @param {Codename} codename
 * @param {{policy: Policy, origin: string}} trusted
 * @returns {Promise<Shown>}
 */
async function checkOwn(listed, codename, { policy, origin }) {
  try {
    const word = utf8(listed.acknowledgement ?? "");
    await verifyAcknowledgement(word, { policy, origin, envelopeSha256: listed.sha256 });
    const logged = listed.digest !== null && (await isLogged(listed, listed.digest, codename, policy));
    return { listed, envelope: null, contents: null, problem: null, logged };
  } catch (error) {
    if (!(error instanceof PledgeError)) throw error;
    return { listed, envelope: null, contents: null, problem: error, logged: false };
  }
}

/** @param {Blob} envelope */
async function hashOf(envelope) {
  const hash = sha256.create();
  for await (const chunk of chunksOf(envelope)) hash.update(chunk);
  return hex(hash.digest());
}

/**
 * Prove that the log commits to a message: its leaf is among the day's, these have the root that an entry says, and the
 * log has that entry. False only where the witnesses that the policy asks for have not seen that yet.
 * @param {Listed} listed
 * @param {import("./server.js").Digest} digest
 * @param {Codename} codename
 * @param {Policy} policy
 */
async function isLogged(listed, digest, codename, policy) {
  const published = await getPublic(`/tips/digests/${digest.day}`);
  const { leaves, isWitnessed } = await readLogged(digest, published, policy);
  const nonce = deriveNonce(codename.digestSeed, listed.number);
  const leaf = tipLeaf(nonce, fromHex(listed.sha256, SHA256_BYTES));
  if (!leaves.some((other) => equal(other, leaf))) {
    throw notVerified("This message is not in the day's digest.");
  }
  return isWitnessed;
}
