/**
 * A mailbox: where a source's thread lies, known by a key that comes from the codename.
 *
 *     id        = SHA-256(mailbox public key[32])[:16], as 32 hex digits
 *     challenge = "pledge/mailbox-auth/v1\n<origin>\n<id>\n<nonce, 64 hex digits>", signed by the mailbox key
 *     follow-up = "pledge/follow-up/v1\n<origin>\n<id>\n<number>\n<leaf, hex>\n<SHA-256 of the envelope, hex>", signed
 *     nonce n   = HMAC-SHA256(seed of purpose digest, "pledge/tip-nonce/v1\n<number>")
 *
 * The last is what blinds the leaf of a source's message in the day's digest (`digest.js`). It follows from the
 * codename, so that a source who comes back with nothing else can find the leaf again.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 */

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { hex, sha256, utf8 } from "../bytes.js";
import { malformed } from "../errors.js";

/**
 * Name the mailbox of a key.
 * @param {Uint8Array} publicKey 32 bytes
 * @returns {string} 32 hex digits
 */
export function mailboxId(publicKey) {
  return hex(sha256(publicKey).subarray(0, 16));
}

/**
 * Read a mailbox's name.
 * @param {string} text
 */
export function parseMailboxId(text) {
  if (!/^[0-9a-f]{32}$/.test(text)) throw malformed("A mailbox is named by 32 hex digits.");
  return text;
}

/**
 * What the mailbox's key signs to be let in.
 * @param {string} mailbox
 * @param {Uint8Array} nonce 32 bytes from the server, used once
 * @param {{origin: string}} where
 */
export function challenge(mailbox, nonce, { origin }) {
  return utf8(`pledge/mailbox-auth/v1\n${origin}\n${mailbox}\n${hex(nonce)}`);
}

/**
 * What the mailbox's key signs to add a message to its thread. It names all there is to name, so that a replay is the
 * same message once more.
 * @param {string} mailbox
 * @param {{origin: string, number: number, leaf: Uint8Array, envelopeSha256: string}} message its hash in hex
 */
export function followUp(mailbox, { origin, number, leaf, envelopeSha256 }) {
  return utf8(`pledge/follow-up/v1\n${origin}\n${mailbox}\n${number}\n${hex(leaf)}\n${envelopeSha256}`);
}

/**
 * Derive the nonce of a source's message; a secret until a steward opens the message.
 * @param {Uint8Array} digestSeed the codename's seed of purpose `digest`
 * @param {number} number the message's, from 1
 * @returns {Bytes} 32 bytes
 */
export function deriveNonce(digestSeed, number) {
  return new Uint8Array(hmac(nobleSha256, digestSeed, utf8(`pledge/tip-nonce/v1\n${number}`)));
}
