/**
 * Sealing: a message and its files become one envelope, as a stream. Files are read once, and nothing of them is held:
 * their hashes are known by the time the manifest is written, which stands behind them.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {import("../keys.js").SigningKey} SigningKey
 * @typedef {import("./message.js").Message} Message
 * @typedef {import("./message.js").Attachment} Attachment
 * @typedef {{name: string, data: Blob}} GivenFile called whatever its owner calls it
 * @typedef {{credential: import("../statement.js").Credential, key: SigningKey}} OwnCredential
 * @typedef {{fields: Omit<Message, "files" | "credential">, files: readonly GivenFile[],
 *   credential?: OwnCredential | null, key: SigningKey, recipients: readonly string[]}} Unsealed a message, what goes
 *   with it, the key of its mailbox or of a steward, and to whom it is sealed, `age1pq1…`
 * @typedef {{stream: ReadableStream<Bytes>, sizeBytes: number, sha256: () => string}} Sealed the envelope, how long it
 *   is, and, once it is read to its end, its hash in hex
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { fileEntryName, MANIFEST, sizeClass, writeArchive } from "../archive.js";
import { base64, hex } from "../bytes.js";
import { formatKey } from "../ed25519.js";
import { malformed } from "../errors.js";
import { fitName } from "../filename.js";
import { sign } from "../keys.js";
import { chunksOf, streamOf } from "../streams.js";
import { sealEnvelope } from "./envelope.js";
import { credentialMessage, formatManifest, signMessage } from "./message.js";

const NO_SHA256 = "0".repeat(64);
const NO_SIGNATURE = new Uint8Array(64);

/**
 * Give the size to which a message will be padded, in bytes: all that the network learns of it.
 * @param {Omit<Unsealed, "recipients">} unsealed
 */
export function paddedSize({ fields, files, credential = null, key }) {
  return paddedBytes(unsigned(fields, files, credential), files, key);
}

/**
 * Seal a message. What is wrong with it is found at once; files are read as the result is.
 * @param {Unsealed} unsealed
 * @returns {Promise<Sealed>}
 */
export async function sealMessage({ fields, files, credential = null, key, recipients }) {
  const message = unsigned(fields, files, credential);
  const padded = paddedBytes(message, files, key);
  const archive = writeArchive(contentOf(message, { files, credential, key }));
  const envelope = await sealEnvelope(recipients, streamOf(archive));
  const { transform, digest } = hashing();
  const stream = /** @type {ReadableStream<Bytes>} */ (envelope).pipeThrough(transform);
  return { stream, sizeBytes: envelope.size(padded), sha256: digest };
}

/**
 * @param {Message} message
 * @param {readonly GivenFile[]} files
 * @param {SigningKey} key
 */
function paddedBytes(message, files, key) {
  const manifest = formatManifest({ message, key: formatKey(key.publicKey), signature: NO_SIGNATURE });
  return sizeClass([
    ...files.map(({ name, data }, index) => ({ name: fileEntryName(index + 1, name), sizeBytes: data.size })),
    { name: MANIFEST, sizeBytes: manifest.length },
  ]);
}

/**
 * The message as it will be, but for hashes and signatures: it is as long as it will be, and checked.
 * @param {Unsealed["fields"]} fields
 * @param {readonly GivenFile[]} files
 * @param {OwnCredential | null} credential
 * @returns {Message}
 */
function unsigned(fields, files, credential) {
  return {
    ...fields,
    files: files.map(({ name, data }) => ({ name: fitName(name), size_bytes: data.size, sha256: NO_SHA256 })),
    credential: credential && { credential: credential.credential, proof: base64(NO_SIGNATURE) },
  };
}

/**
 * @param {Message} message
 * @param {{files: readonly GivenFile[], credential: OwnCredential | null, key: SigningKey}} from
 * @returns {AsyncGenerator<[string, import("../streams.js").Chunks], void, void>}
 */
async function* contentOf(message, { files, credential, key }) {
  /** @type {Attachment[]} */
  const attachments = [];
  for (const [index, { name, data }] of files.entries()) {
    const { transform, digest } = hashing();
    yield [fileEntryName(index + 1, name), exactly(data.size, data.stream().pipeThrough(transform))];
    attachments.push({ name: fitName(name), size_bytes: data.size, sha256: digest() });
  }
  const whole = await withProof({ ...message, files: attachments }, credential);
  yield [MANIFEST, [formatManifest(await signMessage(whole, key))]];
}

/**
 * @param {Message} message
 * @param {OwnCredential | null} own
 * @returns {Promise<Message>}
 */
async function withProof(message, own) {
  if (own === null) return message;
  const proof = base64(await sign(own.key, credentialMessage(message)));
  return { ...message, credential: { credential: own.credential, proof } };
}

/** Hash bytes as they go by. The digest, in hex, is there once all have. */
function hashing() {
  const hash = sha256.create();
  let digest = "";
  /** @type {TransformStream<Bytes, Bytes>} */
  const transform = new TransformStream({
    transform(chunk, controller) {
      hash.update(chunk);
      controller.enqueue(chunk);
    },
    flush() {
      digest = hex(hash.digest());
    },
  });
  return {
    transform,
    digest() {
      if (digest === "") throw new Error("A hash was asked for before all of its bytes were read.");
      return digest;
    },
  };
}

/**
 * A file may change on the disk while it is read.
 * @param {number} sizeBytes
 * @param {ReadableStream<Bytes>} stream
 */
async function* exactly(sizeBytes, stream) {
  let left = sizeBytes;
  for await (const chunk of chunksOf(stream)) {
    left -= chunk.length;
    if (left < 0) break;
    yield chunk;
  }
  if (left !== 0) throw malformed("A file changed while it was being sealed. Choose it again.");
}
