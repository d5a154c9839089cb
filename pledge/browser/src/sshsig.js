/**
 * Signatures made by `ssh-keygen -Y sign -n pledge` (OpenSSH PROTOCOL.sshsig):
 *
 *     blob     "SSHSIG" uint32 1 string public-key string namespace string reserved string hash string signature
 *     signed   "SSHSIG" string namespace string reserved string hash string H(message)
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 * @typedef {{publicKey: Bytes, namespace: string, hashAlgorithm: string, signature: Bytes}} SshSignature
 */

import { base64, concat, equal, fromBase64, utf8 } from "./bytes.js";
import { malformed, notVerified } from "./errors.js";
import { parseSshKey } from "./sshkey.js";
import { WireReader, wireString } from "./wire.js";

export const NAMESPACE = "pledge";
const MAGIC = utf8("SSHSIG");
const VERSION = 1;
const MAX_BLOB_BYTES = 4_096;
const MAX_ARMOR = 4 * MAX_BLOB_BYTES;
const BEGIN = "-----BEGIN SSH SIGNATURE-----";
const END = "-----END SSH SIGNATURE-----";
const HASHES = ["sha256", "sha512"];
const LOGGED_HASH = "sha512";

/**
 * @param {string} armor
 * @returns {Bytes} the blob
 */
export function parseArmor(armor) {
  const lines = armor.slice(0, MAX_ARMOR).trim().split(/\r?\n/);
  const [first, last] = [lines.shift()?.trim(), lines.pop()?.trim()];
  if (first !== BEGIN || last !== END || lines.length === 0) {
    throw malformed("This is not an SSH signature with its first and last line.");
  }
  return fromBase64(lines.map((line) => line.trim()).join(""));
}

/**
 * @param {Uint8Array} blob
 */
export function formatArmor(blob) {
  const lines = base64(blob).match(/.{1,70}/g) ?? [];
  return `${[BEGIN, ...lines, END].join("\n")}\n`;
}

/**
 * @param {Bytes} blob
 * @returns {Promise<SshSignature>} with a sound public key; nothing is said about whether it verifies
 */
export async function parseSshsig(blob) {
  if (blob.length > MAX_BLOB_BYTES) throw malformed("An SSH signature is too long.");
  const reader = new WireReader(blob);
  if (!equal(reader.take(MAGIC.length), MAGIC) || reader.uint32() !== VERSION) {
    throw malformed("This is not an SSH signature of version 1.");
  }
  const publicKey = reader.string();
  const namespace = reader.name();
  const reserved = reader.string();
  const hashAlgorithm = reader.name();
  const signature = reader.string();
  reader.end();
  if (reserved.length > 0) throw malformed("An SSH signature uses a field that is reserved.");
  if (!HASHES.includes(hashAlgorithm)) throw malformed("The SSH signature's hash is not known.");
  await parseSshKey(publicKey);
  return { publicKey, namespace, hashAlgorithm, signature };
}

/**
 * @param {Bytes} blob
 * @param {Bytes} message
 * @returns {Promise<Bytes>} the blob of the public key that signed
 */
export async function verifySshsig(blob, message) {
  const { publicKey, namespace, hashAlgorithm, signature } = await parseSshsig(blob);
  if (hashAlgorithm !== LOGGED_HASH)
    throw malformed("The SSH signature uses SHA-256; sign again with SHA-512.");
  if (namespace !== NAMESPACE) throw notVerified("The SSH signature was made for another namespace.");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-512", message));
  const signed = concat(
    MAGIC,
    wireString(namespace),
    wireString(""),
    wireString(hashAlgorithm),
    wireString(digest),
  );
  await (await parseSshKey(publicKey)).verify(signature, signed);
  return publicKey;
}
