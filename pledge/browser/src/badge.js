/**
 * Proofs inside badges: what core/badge_proof.py puts at the end of an SVG, read back.
 *
 *     <metadata id="proof">base64 of zlib of canonical JSON</metadata></svg>
 *
 * The picture itself is not looked at here: only a program that can draw it can say whether it shows the same.
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 * @typedef {import("./receipt.js").Receipt} Receipt
 */

import { fromBase64, text, utf8 } from "./bytes.js";
import { parseJson } from "./canonical.js";
import { malformed } from "./errors.js";
import { choice, record, text as textOf } from "./members.js";
import { OPENINGS, readOpenings } from "./receipt.js";

export const MAX_BADGE_BYTES = 2 ** 18;
const MAX_JSON_BYTES = 2 ** 19;
const PLACE = /<metadata id="proof">([0-9A-Za-z+/=]+)<\/metadata><\/svg>$/;
const FILE = record({
  leaf: textOf(65_535),
  look: textOf(1_000, 0),
  openings: OPENINGS,
  proof: textOf(400_000),
  text: textOf(200_000),
  type: choice("badge/v1"),
});

/**
 * Whether a file begins as a badge does; a receipt never does.
 * @param {Uint8Array} bytes
 */
export function isSvg(bytes) {
  return /^\s*<(svg|\?xm)/.test(new TextDecoder().decode(bytes.subarray(0, 64)));
}

/**
 * Read the proof inside a badge, as a receipt without the entry of its notary.
 * @param {Uint8Array} bytes of an SVG
 * @returns {Promise<Receipt>}
 */
export async function parseBadge(bytes) {
  const packed = bytes.length <= MAX_BADGE_BYTES ? PLACE.exec(text(bytes))?.[1] : undefined;
  if (packed === undefined) {
    throw malformed(
      "This picture has no proof inside. Ask for the badge with ?proof=1 at the end of its address.",
    );
  }
  const value = parseJson(await unpack(fromBase64(packed)), MAX_JSON_BYTES);
  FILE(value);
  const file = /** @type {any} */ (value); // FILE has checked every member
  return {
    leaf: utf8(file.leaf),
    proof: utf8(file.proof),
    openings: readOpenings(file.openings),
    text: file.text,
    notary: null,
  };
}

/**
 * @param {Bytes} packed zlib (RFC 1950)
 * @returns {Promise<Bytes>}
 */
async function unpack(packed) {
  const unpacked = new Uint8Array(MAX_JSON_BYTES);
  let length = 0;
  try {
    const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      unpacked.set(value, length); // throws where it is too long
      length += value.length;
    }
  } catch {
    throw malformed("The proof in this badge is damaged, or too long.");
  }
  // Some browsers do not mind what stands behind the stream, whose end is the checksum.
  const end = new DataView(packed.buffer, packed.byteOffset + packed.length - 4).getUint32(0);
  if (end !== adler32(unpacked.subarray(0, length))) {
    throw malformed("The proof in this badge is followed by something.");
  }
  return unpacked.slice(0, length);
}

/**
 * The checksum at the end of a zlib stream (RFC 1950, section 8.2).
 * @param {Uint8Array} bytes
 */
function adler32(bytes) {
  let [low, high] = [1, 0];
  for (const byte of bytes) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return high * 65_536 + low;
}
