/**
 * A source's message on its way: sealed in this page, stamped with work, sent in its frame, acknowledged.
 *
 *     tip        "pledge/submission/v1\n" ‖ mailbox public key[32] ‖ leaf[32] ‖ stamp[8] ‖ envelope
 *     follow-up  "pledge/follow-up/v1\n"  ‖ mailbox public key[32] ‖ leaf[32] ‖ number u32 BE ‖ signature[64] ‖ envelope
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {import("./codename.js").Codename} Codename
 * @typedef {import("../tip/seal.js").GivenFile} GivenFile
 * @typedef {{text: string, files: readonly GivenFile[], lab: string | null, clauses: string[]}} Written
 * @typedef {{codename: Codename, day: string, origin: string, recipients: readonly string[]}} Sender
 * @typedef {(doing: "sealing" | "working", share: number) => void} Progress `share` from 0 to 1
 */

import { base64, fromHex, utf8 } from "../bytes.js";
import { sign } from "../keys.js";
import { findStamp } from "../pow.js";
import { tipLeaf } from "../tip/digest.js";
import { deriveNonce, followUp } from "../tip/mailbox.js";
import { paddedSize, sealMessage } from "../tip/seal.js";

const SHA256_BYTES = 32;

/**
 * Seal a tip; gives what is sent, and the envelope's hash.
 * @param {Written} written
 * @param {Sender} sender
 * @param {Progress} progress
 */
export async function sealTip(written, sender, progress) {
  const { codename, day, origin } = sender;
  const { files } = written;
  const fields = fieldsOfTip(written, sender);
  const { envelope, sha256, leaf } = await seal(fields, files, sender, progress);
  const work = { origin, day, mailboxKey: codename.key.publicKey, leaf };
  const stamp = await findStamp(work, { progress: (share) => progress("working", share) });
  const head = [utf8("pledge/submission/v1\n"), codename.key.publicKey, leaf, stamp];
  return { frame: new Blob([...head, envelope]), sha256 };
}

/**
 * Give the size to which a tip will be padded, in bytes; refuse what makes none.
 * @param {Written} written
 * @param {Omit<Sender, "recipients">} sender
 */
export function paddedSizeOfTip(written, sender) {
  const { codename } = sender;
  return paddedSize({ fields: fieldsOfTip(written, sender), files: written.files, key: codename.key });
}

/**
 * Seal a follow-up; gives what is sent, and the envelope's hash.
 * @param {Pick<Written, "text" | "files">} written
 * @param {{number: number, previous: string}} place in the thread: its number, and the hash of the envelope before
 * @param {Sender} sender
 * @param {Progress} progress
 */
export async function sealFollowUp({ text, files }, { number, previous }, sender, progress) {
  const { codename, origin } = sender;
  const fields = {
    ...common(text, number, sender),
    ...{ type: /** @type {const} */ ("follow-up/v1"), previous, lab: null, clauses: [], recipient: null },
  };
  const { envelope, sha256, leaf } = await seal(fields, files, sender, progress);
  const message = followUp(codename.mailbox, { origin, number, leaf, envelopeSha256: sha256 });
  const place = new Uint8Array(4);
  new DataView(place.buffer).setUint32(0, number);
  const signature = await sign(codename.key, message);
  const head = [utf8("pledge/follow-up/v1\n"), codename.key.publicKey, leaf, place, signature];
  return { frame: new Blob([...head, envelope]), sha256 };
}

/**
 * @param {Written} written
 * @param {Omit<Sender, "recipients">} sender
 */
function fieldsOfTip({ text, lab, clauses }, sender) {
  return {
    ...common(text, 1, sender),
    ...{ type: /** @type {const} */ ("tip/v1"), previous: null },
    ...{ lab, clauses, recipient: sender.codename.recipient },
  };
}

/**
 * @param {string} text
 * @param {number} number
 * @param {Omit<Sender, "recipients">} sender
 */
function common(text, number, { codename, day, origin }) {
  return {
    ...{ origin, mailbox: codename.mailbox, number, day, text: text.normalize("NFC") },
    nonce: base64(deriveNonce(codename.digestSeed, number)),
    way: /** @type {const} */ ("sealed-in-browser"),
  };
}

/**
 * @param {import("../tip/seal.js").Unsealed["fields"]} fields
 * @param {readonly GivenFile[]} files
 * @param {Sender} sender
 * @param {Progress} progress
 */
async function seal(fields, files, { codename, recipients }, progress) {
  const sealed = await sealMessage({ fields, files, key: codename.key, recipients });
  let done = 0;
  /** @type {TransformStream<Bytes, Bytes>} */
  const counting = new TransformStream({
    transform(chunk, controller) {
      done += chunk.length;
      progress("sealing", done / sealed.sizeBytes);
      controller.enqueue(chunk);
    },
  });
  const envelope = await new Response(sealed.stream.pipeThrough(counting)).blob();
  const sha256 = sealed.sha256();
  const nonce = deriveNonce(codename.digestSeed, fields.number);
  return { envelope, sha256, leaf: tipLeaf(nonce, fromHex(sha256, SHA256_BYTES)) };
}
