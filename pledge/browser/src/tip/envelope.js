/**
 * Envelopes: the age files that tips and answers travel in, which do not show how many may read them.
 *
 *     age v1, binary; stanzas mlkem768x25519 only, their number brought to a multiple of 8, in random order
 *
 * What is added are real encapsulations to fresh keys that no one keeps, so no stanza tells which it is.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {import("../streams.js").Chunks} Chunks
 * @typedef {{stanzas: number, plaintextBytes: number}} Envelope what one shows without being opened: how many stanzas,
 *   a multiple of 8 up to 128, and how much it holds
 */

import { checkHybrid, HYBRID, MAX_HEADER_BYTES, MAX_STANZAS, readHeader } from "../age/header.js";
import { checkIdentity, checkRecipient } from "../age/keytext.js";
import { ageLibrary } from "../age/library.js";
import { concat } from "../bytes.js";
import { malformed, notVerified } from "../errors.js";
import { shuffled } from "../shuffle.js";
import { ByteSource, streamOf, withError } from "../streams.js";

const STEP = 8;
const CHUNK_BYTES = 65_536;
const TAG_BYTES = 16;
const NONCE_BYTES = 16;

/**
 * Encrypt a stream to recipients whose number does not show.
 * @param {readonly string[]} recipients `age1pq1…`, 1 to 128, all different
 * @param {ReadableStream<Bytes>} plaintext its length shows, so it is padded before
 * @returns {Promise<import("age-encryption").ReadableStreamWithSize>} the envelope, and how long it is for plaintext
 *   of so many bytes
 */
export async function sealEnvelope(recipients, plaintext) {
  if (
    recipients.length < 1 ||
    recipients.length > MAX_STANZAS ||
    new Set(recipients).size !== recipients.length
  ) {
    throw malformed(
      "An envelope has 1 to %(most)s recipients, none of them twice.",
      { most: MAX_STANZAS },
      "age-recipients",
    );
  }
  for (const recipient of recipients) checkRecipient(recipient);
  const { Encrypter, generateHybridIdentity, identityToRecipient } = await ageLibrary();
  const strangers = Array.from({ length: -recipients.length & (STEP - 1) }, async () =>
    identityToRecipient(await generateHybridIdentity()),
  );
  const encrypter = new Encrypter();
  for (const recipient of shuffled([...recipients, ...(await Promise.all(strangers))])) {
    encrypter.addRecipient(recipient);
  }
  return encrypter.encrypt(plaintext);
}

/**
 * Check all of an envelope that can be checked without its key. That leaves out the MAC and the payload.
 * @param {Uint8Array} start the envelope, or as much of it as its header takes: 256 KiB are always enough
 * @param {number} sizeBytes how long all of it is
 * @returns {Envelope}
 */
export function checkEnvelope(start, sizeBytes) {
  const header = readHeader(start);
  if (header.stanzas.some(({ type }) => type !== HYBRID)) {
    throw malformed("An envelope is sealed to hybrid recipients only.", {}, "age-mixed");
  }
  if (header.stanzas.length % STEP !== 0) {
    throw malformed(
      "The stanzas of an envelope are a multiple of %(step)s.",
      { step: STEP },
      "age-recipients",
    );
  }
  header.stanzas.forEach(checkHybrid);
  return { stanzas: header.stanzas.length, plaintextBytes: plaintextSize(sizeBytes - header.sizeBytes) };
}

/**
 * Decrypt an envelope, or any other age file to a hybrid recipient.
 *
 * The header is read at once; the rest as the result is. Whoever reads the result takes back what was done with it if
 * an error ends it: the envelope was cut off or changed after what came so far.
 * @param {string} identity `AGE-SECRET-KEY-PQ-1…`
 * @param {Chunks} envelope
 * @returns {Promise<ReadableStream<Bytes>>} the plaintext, authenticated
 */
export async function openEnvelope(identity, envelope) {
  checkIdentity(identity);
  const source = new Remembering(envelope);
  try {
    checkStart(await source.start(MAX_HEADER_BYTES));
    const plaintext = await decrypt(identity, streamOf(source.all()));
    // An error of the payload, unless it is one of where the payload comes from.
    return withError(
      /** @type {ReadableStream<Bytes>} */ (plaintext),
      () => source.error ?? notVerified("An age file is damaged or cut off.", {}, "age-payload"),
    );
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** @param {Uint8Array} start of an age file */
function checkStart(start) {
  const { stanzas, sizeBytes } = readHeader(start);
  stanzas.filter(({ type }) => type === HYBRID).forEach(checkHybrid);
  if (start.length < sizeBytes + NONCE_BYTES) {
    throw malformed("An age file ends after its header.", {}, "age-header");
  }
}

/**
 * @param {string} identity
 * @param {ReadableStream<Bytes>} file
 */
async function decrypt(identity, file) {
  const { Decrypter } = await ageLibrary();
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return await decrypter.decrypt(file);
  } catch {
    throw notVerified("No identity fits this age file, or its header was changed.", {}, "age-no-match");
  }
}

/**
 * How many bytes of plaintext a payload of so many bytes holds (C2SP age, "Payload").
 * @param {number} payloadBytes
 */
function plaintextSize(payloadBytes) {
  const streamBytes = payloadBytes - NONCE_BYTES;
  const chunks = Math.max(1, Math.ceil(streamBytes / (CHUNK_BYTES + TAG_BYTES)));
  const plaintextBytes = streamBytes - chunks * TAG_BYTES;
  if (plaintextBytes < 0 || chunks !== Math.max(1, Math.ceil(plaintextBytes / CHUNK_BYTES))) {
    throw malformed("No age file has this size.", {}, "age-payload");
  }
  return plaintextBytes;
}

/** A source whose start is looked at before it is read, and that keeps the error that ended it. */
class Remembering {
  /** @type {unknown} */
  error;
  /** @type {ByteSource} */
  #source;
  /** @type {Bytes} */
  #start = new Uint8Array();

  /** @param {Chunks} chunks */
  constructor(chunks) {
    this.#source = new ByteSource(chunks);
  }

  /** @param {number} limit */
  async start(limit) {
    const pieces = [];
    for (let left = limit; left > 0; ) {
      const piece = await this.#source.next(left);
      if (piece === null) break;
      pieces.push(piece);
      left -= piece.length;
    }
    this.#start = concat(...pieces);
    return this.#start;
  }

  /** @returns {AsyncGenerator<Bytes, void, void>} all of it, from the start */
  async *all() {
    try {
      yield this.#start;
      for (
        let next = await this.#source.next(CHUNK_BYTES);
        next;
        next = await this.#source.next(CHUNK_BYTES)
      ) {
        yield next;
      }
    } catch (error) {
      this.error = error;
      throw error;
    } finally {
      await this.close();
    }
  }

  async close() {
    await this.#source.close();
  }
}
