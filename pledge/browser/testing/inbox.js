/** A thread of sealed messages as a server holds it, for tests: the listing, and the envelopes by id. */

import { base64, hex, sha256 } from "../src/bytes.js";
import { formatKey } from "../src/ed25519.js";
import { sealMessage } from "../src/tip/seal.js";
import { join } from "./bytes.js";
import { IDENTITIES, RECIPIENTS } from "./stewards.js";
import { follow, MAILBOX, ORIGIN, SOURCE, STEWARD, TIP } from "./thread.js";

/**
 * @typedef {import("../src/steward/thread.js").Listed} Listed
 * @typedef {import("../src/tip/message.js").Message} Message
 * @typedef {{changes?: Partial<Message>, key?: import("../src/keys.js").SigningKey, recipients?: string[],
 *   files?: import("../src/tip/seal.js").GivenFile[], listed?: Partial<Listed>}} Wish what is other than usual
 */

/** The stewards' identities are the first three; the source's is the fourth. */
export const STEWARD_IDENTITIES = IDENTITIES.slice(0, 3);
export const SOURCE_IDENTITY = /** @type {string} */ (IDENTITIES[3]);
export const SOURCE_RECIPIENT = /** @type {string} */ (RECIPIENTS[3]);
export const STEWARD_RECIPIENTS = RECIPIENTS.slice(0, 3);

/** @type {import("../src/steward/thread.js").Trusted} */
export const TRUSTED = { origin: ORIGIN, signersOn: () => [formatKey(STEWARD.publicKey)] };

/** A thread that grows message by message, and the envelopes behind it. */
export class SealedThread {
  /** @type {Listed[]} */
  messages = [];
  /** @type {Map<string, Blob>} */
  envelopes = new Map();

  get listing() {
    const day = TIP.day;
    return {
      id: "a".repeat(32),
      mailbox: MAILBOX,
      ...{ opened: day, moved: day, expires: "2027-01-01" },
      ...{ state: /** @type {const} */ ("open"), label: "new", assigned: null },
      messages: this.messages,
    };
  }

  /** @param {Listed} listed */
  fetch = async ({ id }) => /** @type {Blob} */ (this.envelopes.get(id));

  /**
   * @param {"tip" | "answer" | "follow-up"} kind
   * @param {Wish} [wish]
   */
  async add(kind, { changes = {}, files = [], listed = {}, ...wish } = {}) {
    const number = this.messages.length + 1;
    const type = /** @type {const} */ (`${kind}/v1`);
    const usual =
      kind === "tip"
        ? { ...TIP, recipient: SOURCE_RECIPIENT }
        : follow(number, this.messages.at(-1)?.sha256 ?? "", { type });
    const { files: _, credential: __, ...fields } = { ...usual, ...changes };
    const key = wish.key ?? (kind === "answer" ? STEWARD : SOURCE);
    const recipients =
      wish.recipients ?? (kind === "answer" ? [SOURCE_RECIPIENT, ...STEWARD_RECIPIENTS] : STEWARD_RECIPIENTS);
    const bytes = await join((await sealMessage({ fields, files, key, recipients })).stream);
    this.put(bytes, { number, from: kind === "answer" ? "steward" : "source", ...listed });
    return this;
  }

  /**
   * @param {import("../src/bytes.js").Bytes} bytes of an envelope
   * @param {Partial<Listed>} listed
   */
  put(bytes, listed) {
    const id = hex(sha256(String(this.envelopes.size))).slice(0, 32);
    this.envelopes.set(id, new Blob([bytes]));
    const known = { sha256: hex(sha256(bytes)), size_bytes: bytes.length, day: TIP.day };
    const usual = { from: /** @type {const} */ ("source"), way: /** @type {const} */ ("sealed") };
    this.messages.push({ id, number: this.messages.length + 1, ...usual, ...known, ...listed });
  }
}

/** A tip, an answer and a follow-up. */
export async function sealedThread() {
  const thread = new SealedThread();
  await thread.add("tip");
  await thread.add("answer");
  return thread.add("follow-up");
}

/** @param {number} byte */
export const nonce = (byte) => base64(new Uint8Array(32).fill(byte));
