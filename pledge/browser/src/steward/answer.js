/**
 * A steward's answer: built onto the thread as it was checked, signed, and sealed to the source and to all stewards.
 *
 *     frame = "pledge/answer/v1\n"[17] ‖ number[4], u32 BE ‖ envelope
 *
 * To whom an answer is sealed comes from two places only: the recipient inside the verified tip, and the log. The
 * server names nobody.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {import("../keys.js").SigningKey} SigningKey
 * @typedef {import("./thread.js").Shown} Shown
 */

import { base64, equal, utf8 } from "../bytes.js";
import { malformed, notVerified } from "../errors.js";
import { checkEnvelope } from "../tip/envelope.js";
import { sealMessage } from "../tip/seal.js";
import { isSealedToOthers } from "./thread.js";

const MAGIC = "pledge/answer/v1\n";
const HEAD_BYTES = MAGIC.length + 4;
const MAX_HEADER_BYTES = 262_144;

/**
 * Build and seal the next message of a thread.
 * @param {readonly Shown[]} thread all of it, checked
 * @param {object} answer
 * @param {string} answer.text
 * @param {readonly import("../tip/seal.js").GivenFile[]} answer.files
 * @param {string} answer.day
 * @param {SigningKey} answer.key whose public half the log has as a current steward's
 * @param {readonly string[]} answer.recipients of all current stewards, from the log
 * @param {Bytes} answer.nonce 32 random bytes
 */
export async function sealAnswer(thread, { text: words, files, day, key, recipients, nonce }) {
  const { origin, mailbox, recipient } = answerable(thread);
  const number = thread.length + 1;
  const sealed = await sealMessage({
    fields: {
      ...{ type: "answer/v1", origin, mailbox, number, day, text: words, way: "sealed-in-browser" },
      ...{ previous: thread.at(-1)?.listed.sha256 ?? null, nonce: base64(nonce) },
      ...{ lab: null, clauses: [], recipient: null },
    },
    files,
    key,
    recipients: [...new Set([recipient, ...recipients])],
  });
  return { number, ...sealed };
}

/**
 * Say why a thread cannot be answered; else give what an answer takes from its tip.
 *
 * An answer names the envelope before it. Where that one does not check out, whoever reads the answer could not make
 * sense of it either, so a thread with such a message is not answered.
 * @param {readonly Shown[]} thread
 */
export function answerable(thread) {
  const wrong = thread.find((shown) => shown.problem !== null && !isSealedToOthers(shown));
  if (wrong !== undefined) {
    throw notVerified("A message of this thread does not check out, so nothing can be answered to it.");
  }
  const tip = thread[0]?.contents?.manifest.message;
  if (tip === undefined || tip.recipient === null) {
    throw notVerified(
      "The tip of this thread is not sealed to your keys, and only the tip says where answers go. A colleague whose key it is sealed to can answer.",
    );
  }
  return { origin: tip.origin, mailbox: tip.mailbox, recipient: tip.recipient };
}

/**
 * Put an envelope into its frame.
 * @param {number} number of the message
 * @param {Blob} envelope
 */
export function frameAnswer(number, envelope) {
  const head = new Uint8Array(HEAD_BYTES);
  head.set(utf8(MAGIC));
  new DataView(head.buffer).setUint32(MAGIC.length, number);
  return new Blob([head, envelope]);
}

/**
 * Read a frame, such as `pledge tips reply` writes. That it is an envelope is checked, not what is in it.
 * @param {Blob} frame
 * @returns {Promise<{number: number, envelope: Blob}>}
 */
export async function parseAnswer(frame) {
  const start = new Uint8Array(await frame.slice(0, HEAD_BYTES + MAX_HEADER_BYTES).arrayBuffer());
  if (start.length <= HEAD_BYTES || !isMagic(start)) {
    throw malformed("This is not an answer that “pledge tips reply” has sealed.");
  }
  const number = new DataView(start.buffer).getUint32(MAGIC.length);
  checkEnvelope(start.subarray(HEAD_BYTES), frame.size - HEAD_BYTES);
  return { number, envelope: frame.slice(HEAD_BYTES) };
}

/** @param {Uint8Array} start */
function isMagic(start) {
  return equal(start.subarray(0, MAGIC.length), utf8(MAGIC));
}
