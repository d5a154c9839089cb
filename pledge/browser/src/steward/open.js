/**
 * What a steward finds in an envelope: opened twice, because an archive's directory stands at its end, and only the
 * second time known to be what it says.
 *
 *     first     the whole is decrypted; of it the tail is kept, and the directory read: names, sizes, places
 *     second    the whole is decrypted again, against that directory; every file is hashed, the manifest kept
 *
 * Nothing of the plaintext but the manifest is held, however large the envelope is. A file that is saved later is
 * decrypted once more, and compared once more as it goes by.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {import("../tip/message.js").Manifest} Manifest
 * @typedef {import("../zip.js").Entry} Entry
 * @typedef {{identity: string, entries: Entry[], manifest: Manifest}} Contents with which identity an envelope opens,
 *   what its archive holds, and its manifest, which nobody has verified yet
 * @typedef {(bytes: number) => void} Progress told how many bytes of plaintext have gone by since it was told last
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { fileEntryName, MANIFEST, readDirectory, readEntries, TAIL_BYTES } from "../archive.js";
import { concat, hex } from "../bytes.js";
import { malformed, notVerified, PledgeError } from "../errors.js";
import { chunksOf } from "../streams.js";
import { checkFiles } from "../tip/contents.js";
import { openEnvelope } from "../tip/envelope.js";
import { MAX_MANIFEST_BYTES, parseManifest } from "../tip/message.js";

/**
 * Open an envelope with whichever identity it is sealed to, and check that its files are those that its manifest names.
 * @param {readonly string[]} identities `AGE-SECRET-KEY-PQ-1…`, tried in this order
 * @param {Blob} envelope
 * @param {Progress} [progress]
 * @returns {Promise<Contents>}
 */
export async function openContents(identities, envelope, progress = () => {}) {
  const { identity, plaintext } = await openWithAny(identities, envelope);
  const entries = await findDirectory(plaintext, progress);
  const again = counted(await openEnvelope(identity, envelope), progress);
  /** @type {import("../tip/contents.js").Found[]} */
  const files = [];
  let manifest = new Uint8Array();
  for await (const [entry, data] of readEntries(again, entries)) {
    if (entry.name === MANIFEST) manifest = await joined(data, entry.sizeBytes);
    else files.push({ name: entry.name, sizeBytes: entry.sizeBytes, sha256: await hashOf(data) });
  }
  const parsed = parseManifest(manifest);
  checkFiles(files, parsed.message);
  return { identity, entries, manifest: parsed };
}

/**
 * Read one file out of an envelope that was opened before.
 *
 * Whoever takes the chunks takes back what was done with them if an error ends them.
 * @param {Contents} contents
 * @param {Blob} envelope the same
 * @param {number} number the file's, from 1
 * @returns {AsyncGenerator<Bytes, void, void>}
 */
export async function* readFile({ identity, entries, manifest }, envelope, number) {
  const file = manifest.message.files[number - 1];
  const name = file && fileEntryName(number, file.name);
  for await (const [entry, data] of readEntries(await openEnvelope(identity, envelope), entries)) {
    if (file === undefined || entry.name !== name) continue;
    const hash = sha256.create();
    for await (const chunk of data) {
      hash.update(chunk);
      yield chunk;
    }
    if (hex(hash.digest()) !== file.sha256) throw otherFiles();
  }
}

/**
 * @param {readonly string[]} identities
 * @param {Blob} envelope
 */
async function openWithAny(identities, envelope) {
  for (const identity of identities) {
    try {
      return { identity, plaintext: await openEnvelope(identity, envelope) };
    } catch (error) {
      if (!(error instanceof PledgeError && error.code === "age-no-match")) throw error;
    }
  }
  throw notVerified("None of your keys opens this envelope.", {}, "age-no-match");
}

/**
 * @param {ReadableStream<Bytes>} plaintext
 * @param {Progress} progress
 */
async function findDirectory(plaintext, progress) {
  /** @type {Bytes[]} */
  const tail = [];
  let [kept, total] = [0, 0];
  for await (const chunk of counted(plaintext, progress)) {
    tail.push(chunk);
    total += chunk.length;
    kept += chunk.length;
    while (kept - (tail[0]?.length ?? 0) >= TAIL_BYTES) kept -= tail.shift()?.length ?? 0;
  }
  const entries = readDirectory(concat(...tail).subarray(-TAIL_BYTES), total);
  if (entries.some(({ name, sizeBytes }) => name === MANIFEST && sizeBytes > MAX_MANIFEST_BYTES)) {
    throw malformed("The manifest in this envelope is too large.");
  }
  return entries;
}

/**
 * @param {ReadableStream<Bytes>} plaintext
 * @param {Progress} progress
 */
async function* counted(plaintext, progress) {
  for await (const chunk of chunksOf(plaintext)) {
    progress(chunk.length);
    yield chunk;
  }
}

/**
 * @param {AsyncIterable<Bytes>} data
 * @param {number} sizeBytes
 */
async function joined(data, sizeBytes) {
  const bytes = new Uint8Array(sizeBytes);
  let place = 0;
  for await (const chunk of data) {
    bytes.set(chunk, place);
    place += chunk.length;
  }
  return bytes;
}

/** @param {AsyncIterable<Bytes>} data */
async function hashOf(data) {
  const hash = sha256.create();
  for await (const chunk of data) hash.update(chunk);
  return hex(hash.digest());
}

function otherFiles() {
  return notVerified(
    "The files in this envelope are not the ones that its message names.",
    {},
    "other-files",
  );
}
