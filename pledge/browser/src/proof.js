/**
 * Proofs that travel with what they prove (C2SP tlog-proof):
 *
 *     c2sp.org/tlog-proof@v1
 *     extra <base64>                optional, not authenticated
 *     index <n>
 *     <base64 hash>                 the audit path, from the leaf's sibling up
 *
 *     <checkpoint, verbatim>
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 * @typedef {{index: bigint, path: Bytes[], checkpoint: Bytes, extra: Bytes | null}} TlogProof
 */

import { base64, fromBase64, fromDecimal, text, utf8 } from "./bytes.js";
import { malformed } from "./errors.js";
import { MAX_NOTE_BYTES, parseCheckpoint, parseNote } from "./note.js";
import { HASH_BYTES } from "./tlog.js";

const HEADER = "c2sp.org/tlog-proof@v1";
const MAX_EXTRA_BYTES = 65_535;
const MAX_BYTES = MAX_NOTE_BYTES + 2 * MAX_EXTRA_BYTES;
const MAX_PATH = 63;

/**
 * @param {Uint8Array} bytes
 * @returns {TlogProof}
 */
export function parseTlogProof(bytes) {
  if (bytes.length > MAX_BYTES) throw malformed("This proof is too long.");
  const whole = text(bytes);
  const split = whole.indexOf("\n\n");
  if (split < 0) throw malformed("A proof ends in an empty line and a checkpoint.");
  const lines = whole.slice(0, split).split("\n");
  if (lines.shift() !== HEADER) throw malformed("This is not a proof of version 1.");
  const extra = lines[0]?.startsWith("extra ")
    ? fromBase64(/** @type {string} */ (lines.shift()).slice(6))
    : null;
  const indexLine = lines.shift();
  if (!indexLine?.startsWith("index ")) throw malformed("A proof gives the index of its entry.");
  if (lines.length > MAX_PATH) throw malformed("This proof's audit path is too long.");
  const index = fromDecimal(indexLine.slice(6));
  if (extra !== null && (extra.length < 1 || extra.length > MAX_EXTRA_BYTES)) {
    throw malformed("This proof's extra data is empty or too long.");
  }
  const checkpoint = utf8(whole.slice(split + 2));
  parseCheckpoint(parseNote(checkpoint).text);
  return { index, path: lines.map(parseHash), checkpoint, extra };
}

/**
 * @param {TlogProof} proof
 * @returns {Bytes}
 */
export function formatTlogProof({ index, path, checkpoint, extra }) {
  const lines = [HEADER];
  if (extra !== null) lines.push(`extra ${base64(extra)}`);
  lines.push(`index ${index}`, ...path.map(base64));
  return utf8(`${lines.join("\n")}\n\n${text(checkpoint)}`);
}

/** @param {string} line */
function parseHash(line) {
  const hash = fromBase64(line);
  if (hash.length !== HASH_BYTES)
    throw malformed("A hash in a proof has %(bytes)s bytes.", { bytes: HASH_BYTES });
  return hash;
}
