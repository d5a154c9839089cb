/** The one thing that EXIF data says about how a picture is shown: which way up (EXIF 2.32, section 4.6). */

import { concat } from "../bytes.js";
import { has, viewOf } from "./join.js";

const EXIF = "Exif\0\0";
const TAG = 0x0112;
const SHORT = 3;

/**
 * The orientation in the payload of an APP1 segment. EXIF data that cannot be read says nothing: it is left out in
 * either case.
 * @param {Uint8Array} payload
 * @returns {number | null} from 1 to 8
 */
export function orientationIn(payload) {
  return has(payload, EXIF) ? orientationInTiff(payload.subarray(EXIF.length)) : null;
}

/**
 * The orientation in EXIF data as an eXIf chunk has it.
 * @param {Uint8Array} bytes
 * @returns {number | null} from 1 to 8
 */
export function orientationInTiff(bytes) {
  const tiff = viewOf(bytes);
  if (tiff.byteLength < 8) return null;
  const order = tiff.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return null;
  const little = order === 0x4949;
  const start = tiff.getUint32(4, little);
  if (tiff.getUint16(2, little) !== 42 || start + 2 > tiff.byteLength) return null;
  const count = tiff.getUint16(start, little);
  for (let index = 0; index < count; index += 1) {
    const entry = start + 2 + 12 * index;
    if (entry + 12 > tiff.byteLength) return null;
    if (tiff.getUint16(entry, little) !== TAG) continue;
    if (tiff.getUint16(entry + 2, little) !== SHORT || tiff.getUint32(entry + 4, little) !== 1) return null;
    const value = tiff.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : null;
  }
  return null;
}

/**
 * A whole APP1 segment with the orientation and nothing else.
 * @param {number} orientation
 */
export function orientationSegment(orientation) {
  return concat(Uint8Array.of(0xff, 0xe1, 0, 34), EXIF, orientationTiff(orientation));
}

/**
 * EXIF data with the orientation and nothing else, big-endian.
 * @param {number} orientation
 */
export function orientationTiff(orientation) {
  return Uint8Array.from([
    ...[0x4d, 0x4d, 0, 42, 0, 0, 0, 8], // the directory follows
    ...[0, 1, TAG >> 8, TAG & 0xff, 0, SHORT, 0, 0, 0, 1, 0, orientation, 0, 0],
    ...[0, 0, 0, 0], // no further directory
  ]);
}
