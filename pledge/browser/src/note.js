/**
 * Signed notes and their keys (C2SP signed-note), and the checkpoints they carry (C2SP tlog-checkpoint).
 *
 *     <text, ends in a newline>
 *                                   an empty line, the last one of the note
 *     — <name> <base64 of key ID[4] ‖ signature>
 *
 * A vkey is `<name>+<8 hex of key ID>+<base64 of type ‖ public key>`.
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 * @typedef {{name: string, keyId: Bytes, signature: Bytes}} NoteSignature
 * @typedef {{text: string, signatures: NoteSignature[]}} Note
 * @typedef {{name: string, kind: number, publicKey: Bytes, keyId: Bytes}} VerifierKey
 * @typedef {{origin: string, size: bigint, root: Bytes}} Checkpoint
 */

import { base64, concat, equal, fromBase64, fromDecimal, fromHex, hex, sha256, text, utf8 } from "./bytes.js";
import { checkPublic } from "./ed25519.js";
import { malformed, notUnderstood } from "./errors.js";
import { HASH_BYTES } from "./tlog.js";

export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;
export const ML_DSA_44 = 0x06;
const ML_DSA_44_PUBLIC_BYTES = 1312;

export const MAX_NOTE_BYTES = 262_144;
const MAX_SIGNATURES = 64;
const MAX_NAME_BYTES = 255;
const MAX_VKEY_CHARACTERS = 4_096;
const KEY_ID_BYTES = 4;
// Unicode's White_Space property, the plus sign and the controls below U+0020, as core refuses them.
const NOT_IN_NAMES = /[\0-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000+]/;
const EMPTY_ROOT = sha256();

/**
 * @param {Uint8Array} bytes
 * @returns {Note}
 */
export function parseNote(bytes) {
  if (bytes.length > MAX_NOTE_BYTES) throw malformed("This note is too long.");
  const whole = text(bytes);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  if (/[\0-\x09\x0b-\x1f]/.test(whole)) throw malformed("A note holds no control characters but newlines.");
  const split = whole.lastIndexOf("\n\n");
  if (split < 0 || !whole.endsWith("\n")) throw malformed("A note is a text, an empty line, and signatures.");
  const lines = whole.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw malformed("This note has too many signatures.");
  return { text: whole.slice(0, split + 1), signatures: lines.map(parseSignatureLine) };
}

/**
 * @param {Note} note
 * @returns {Bytes}
 */
export function formatNote(note) {
  const lines = note.signatures.map(
    ({ name, keyId, signature }) => `— ${name} ${base64(concat(keyId, signature))}\n`,
  );
  return utf8(`${note.text}\n${lines.join("")}`);
}

/**
 * @param {string} line
 * @returns {NoteSignature}
 */
function parseSignatureLine(line) {
  const [dash, name, encoded, ...rest] = line.split(" ");
  if (dash !== "—" || name === undefined || encoded === undefined || rest.length > 0) {
    throw malformed("A signature line of a note is — <name> <base64>.");
  }
  checkName(name);
  const bytes = fromBase64(encoded);
  if (bytes.length <= KEY_ID_BYTES) throw malformed("A signature of a note is too short.");
  return { name, keyId: bytes.slice(0, KEY_ID_BYTES), signature: bytes.slice(KEY_ID_BYTES) };
}

/** @param {string} name */
function checkName(name) {
  const length = name.isWellFormed() ? utf8(name).length : 0;
  if (length < 1 || length > MAX_NAME_BYTES || NOT_IN_NAMES.test(name)) {
    throw malformed("A key's name has 1 to 255 bytes and no space, plus sign or control character.");
  }
}

/**
 * SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4].
 * @param {string} name
 * @param {number} kind
 * @param {Uint8Array} publicKey
 */
function keyIdOf(name, kind, publicKey) {
  return sha256(name, "\n", Uint8Array.of(kind), publicKey).slice(0, KEY_ID_BYTES);
}

/**
 * @param {string} written
 * @returns {VerifierKey}
 */
export function parseVkey(written) {
  const [name, id, ...rest] = written.split("+");
  if (name === undefined || id === undefined || rest.length === 0 || written.length > MAX_VKEY_CHARACTERS) {
    throw malformed("A verifier key is <name>+<key ID>+<base64>.");
  }
  checkName(name);
  const [kind, ...key] = fromBase64(rest.join("+"));
  if (kind === undefined) throw malformed("A verifier key holds no key.");
  const publicKey = Uint8Array.from(key);
  const keyId = keyIdOf(name, kind, publicKey);
  const stated = fromHex(id, KEY_ID_BYTES);
  checkKey(kind, publicKey);
  if (!equal(stated, keyId)) throw malformed("A verifier key's ID does not fit its key.");
  return { name, kind, publicKey, keyId };
}

/**
 * @param {number} kind
 * @param {Bytes} publicKey
 */
function checkKey(kind, publicKey) {
  if (kind === ED25519 || kind === COSIGNATURE) checkPublic(publicKey);
  else if (kind !== ML_DSA_44) throw notUnderstood("Keys of this type are not understood here.");
  else if (publicKey.length !== ML_DSA_44_PUBLIC_BYTES) throw malformed("An ML-DSA-44 key has 1,312 bytes.");
}

/** @param {VerifierKey} key */
export function formatVkey({ name, kind, publicKey, keyId }) {
  return `${name}+${hex(keyId)}+${base64(concat(Uint8Array.of(kind), publicKey))}`;
}

/**
 * Find the key of a signature line among known ones, by name and key ID together.
 * @template {VerifierKey} K
 * @param {NoteSignature} signature
 * @param {readonly K[]} keys
 * @returns {K | undefined}
 */
export function keyOf({ name, keyId }, keys) {
  return keys.find((key) => key.name === name && equal(key.keyId, keyId));
}

/**
 * Read a checkpoint's text: origin, size, root; no extension lines.
 * @param {string} noteText
 * @returns {Checkpoint}
 */
export function parseCheckpoint(noteText) {
  const [origin, size, root, end, ...rest] = noteText.split("\n");
  if (!origin || size === undefined || root === undefined || end !== "" || rest.length > 0) {
    throw malformed("A checkpoint is three lines: origin, size, root.");
  }
  const hash = fromBase64(root);
  if (hash.length !== HASH_BYTES)
    throw malformed("A checkpoint's root has %(bytes)s bytes.", { bytes: HASH_BYTES });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  if (!origin.isWellFormed() || utf8(origin).length > MAX_NAME_BYTES || /[\0-\x1f]/.test(origin)) {
    throw malformed("A checkpoint's origin has 1 to 255 bytes and no control characters.");
  }
  const checkpoint = { origin, size: fromDecimal(size), root: hash };
  if (checkpoint.size === 0n && !equal(hash, EMPTY_ROOT)) throw malformed("The empty tree has another root.");
  return checkpoint;
}
