/**
 * Sizes: which class an envelope is of, told from its length alone, as anybody on the wire can.
 *
 *     envelope = "age-encryption.org/v1\n"[22] ‖ stanza[1557] × 8n ‖ "--- " base64(MAC)[48] ‖ nonce[16]
 *                ‖ archive ‖ tag[16] for each 64 KiB of it
 *
 * An archive has one of fourteen sizes, and no two of them, with any number of stanzas, make envelopes of one length.
 */

import { SIZE_CLASSES } from "../archive.js";

const STANZAS_BYTES = 8 * 1_557;
const AROUND_BYTES = 22 + 48 + 16;
const MAX_GROUPS = 16;
const CHUNK_BYTES = 65_536;
const TAG_BYTES = 16;

/** @type {Map<number, number>} */
const CLASSES = new Map(
  Array.from({ length: MAX_GROUPS }, (_, n) => AROUND_BYTES + (n + 1) * STANZAS_BYTES).flatMap((around) =>
    SIZE_CLASSES.map((size) => [around + size + Math.ceil(size / CHUNK_BYTES) * TAG_BYTES, size]),
  ),
);

/**
 * The size in bytes to which an envelope's archive is padded; null where it is of no class.
 * @param {number} envelopeBytes
 */
export function classOf(envelopeBytes) {
  return CLASSES.get(envelopeBytes) ?? null;
}
