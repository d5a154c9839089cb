/**
 * Twelve words: a BIP39 mnemonic of 128 bits with its checksum, and the seeds that come from it.
 *
 *     seed = HKDF-SHA256(entropy, salt SHA-256("pledge/words/v1\n<origin>"), info = purpose, 32 bytes)
 *
 * Messages never repeat a word, and nothing here writes them anywhere.
 */

import { entropyToMnemonic, mnemonicToEntropy } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { sha256, utf8 } from "./bytes.js";
import { malformed } from "./errors.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */

const ENTROPY_BYTES = 16;
const WORDS = 12;
const MAX_TEXT = 1_000;
const PURPOSES = ["signing", "age", "mailbox", "digest"];

/**
 * @param {Uint8Array} entropy 16 uniformly random bytes
 * @returns {string} twelve words with single spaces
 */
export function wordsFromEntropy(entropy) {
  if (entropy.length !== ENTROPY_BYTES)
    throw malformed("The entropy of twelve words has %(bytes)s bytes.", { bytes: ENTROPY_BYTES });
  return entropyToMnemonic(entropy, wordlist);
}

/** Draw twelve words from the browser's random generator. */
export function drawWords() {
  return wordsFromEntropy(crypto.getRandomValues(new Uint8Array(ENTROPY_BYTES)));
}

/**
 * Read twelve words as a person types them: any case, any white space. The last word carries a checksum, so that
 * fifteen of sixteen slips are caught.
 * @param {string} typed
 * @returns {Bytes} 16 bytes
 */
export function entropyFromWords(typed) {
  const words = typed.normalize("NFKC").toLowerCase().split(/\s+/u).filter(Boolean);
  if (typed.length > MAX_TEXT || words.length !== WORDS) throw malformed("There have to be twelve words.");
  const unknown = words.findIndex((word) => !wordlist.includes(word));
  if (unknown >= 0)
    throw malformed("Word %(number)s is not on the list. Check its spelling.", { number: unknown + 1 });
  try {
    return new Uint8Array(mnemonicToEntropy(words.join(" "), wordlist));
  } catch {
    throw malformed("The words do not belong together. Check that none is missing, changed or out of order.");
  }
}

/**
 * @param {Bytes} entropy
 * @param {{origin: string, purpose: string}} where
 * @returns {Promise<Bytes>} 32 bytes; a secret
 */
export async function deriveSeed(entropy, { origin, purpose }) {
  if (entropy.length !== ENTROPY_BYTES) throw malformed("Twelve words stand for 16 bytes.");
  if (origin === "" || !PURPOSES.includes(purpose)) {
    throw malformed("A key needs an origin and one of the known purposes.");
  }
  const key = await crypto.subtle.importKey("raw", entropy, "HKDF", false, ["deriveBits"]);
  const salt = sha256(`pledge/words/v1\n${origin}`);
  const parameters = { name: "HKDF", hash: "SHA-256", salt, info: utf8(purpose) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
}
