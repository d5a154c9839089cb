/**
 * Verify the signature lines of a note: Ed25519 (type 0x01, over the note's text) and Ed25519 cosignatures
 * (type 0x04, C2SP tlog-cosignature):
 *
 *     signature   u64 BE seconds ‖ Ed25519[64]
 *     message     "cosignature/v1\ntime <seconds>\n" ‖ the whole text of the note
 *
 * ML-DSA-44 (0x06) is known by name only: browsers cannot check it yet, so such a line counts for nothing here.
 *
 * @typedef {import("./note.js").VerifierKey} VerifierKey
 * @typedef {import("./note.js").NoteSignature} NoteSignature
 * @typedef {{key: VerifierKey, seconds: bigint | null}} Verified
 * @typedef {{verified: Verified[], unchecked: VerifierKey[]}} Checked
 */

import { utf8 } from "./bytes.js";
import { SIGNATURE_BYTES, verifyEd25519 } from "./ed25519.js";
import { notVerified, unsupported } from "./errors.js";
import { COSIGNATURE, ED25519, keyOf, parseCheckpoint } from "./note.js";

/**
 * Check every line of a known key; lines of unknown keys are passed over. One bad signature of a known key
 * refuses the whole note.
 * @param {import("./note.js").Note} note
 * @param {readonly VerifierKey[]} keys
 * @returns {Promise<Checked>}
 */
export async function verifyNote(note, keys) {
  /** @type {Checked} */
  const checked = { verified: [], unchecked: [] };
  for (const signature of note.signatures) {
    const key = keyOf(signature, keys);
    if (key === undefined) continue;
    if (key.kind === ED25519) {
      await verifyEd25519(key.publicKey, utf8(note.text), signature.signature);
      checked.verified.push({ key, seconds: null });
    } else if (key.kind === COSIGNATURE) {
      checked.verified.push({ key, seconds: await verifyCosignature(key, note.text, signature.signature) });
    } else {
      checked.unchecked.push(key);
    }
  }
  if (checked.verified.length === 0 && checked.unchecked.length > 0) {
    throw unsupported("Only ML-DSA-44 signatures are on this note, which browsers cannot check yet.");
  }
  if (checked.verified.length === 0) throw notVerified("No key that is known here has signed this note.");
  return checked;
}

/**
 * @param {VerifierKey} key of type 0x04
 * @param {string} noteText
 * @param {import("./bytes.js").Bytes} signature
 * @returns {Promise<bigint>} when the witness signed, in seconds since 1970
 */
export async function verifyCosignature(key, noteText, signature) {
  if (signature.length !== 8 + SIGNATURE_BYTES) throw notVerified("A cosignature has the wrong length.");
  const seconds = new DataView(signature.buffer, signature.byteOffset, 8).getBigUint64(0);
  if (seconds >= 2n ** 63n) throw notVerified("A cosignature's time is out of range.");
  parseCheckpoint(noteText);
  const message = utf8(`cosignature/v1\ntime ${seconds}\n${noteText}`);
  await verifyEd25519(key.publicKey, message, signature.slice(8));
  return seconds;
}
