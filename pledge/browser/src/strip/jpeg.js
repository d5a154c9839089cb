/**
 * JPEG files (ITU-T T.81) without what they say about their making.
 *
 * Only what decoding needs is kept, byte for byte: tables, frames and scans. Of the application segments, JFIF
 * without its thumbnail, Adobe's colour transform and the EXIF orientation stay. Everything else goes, with what
 * follows the first picture (motion photos, previews, gain maps). Colour profiles go too, as they often name a
 * device: a picture in a wide gamut is then shown paler. What is hidden inside tables or scans is not looked for.
 */

import { malformed } from "../errors.js";
import { has, joined, viewOf } from "./join.js";
import { orientationIn, orientationSegment } from "./orientation.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */

/**
 * @typedef {object} Segment
 * @property {number} code the marker's second byte
 * @property {Uint8Array} whole with marker and length, without fill bytes
 * @property {Uint8Array} payload
 * @property {number} end where it ends in the file
 */

const MAX_SEGMENTS = 4096;
const MAX_SCANS = 1024;

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DNL = 0xdc;
const DHP = 0xde;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP14 = 0xee;
const COM = 0xfe;

const JFIF_LENGTH = 14;
const ADOBE_LENGTH = 12;

/** How each table is checked, by its marker. @type {Map<number, (payload: Uint8Array) => boolean>} */
const TABLES = new Map([
  [0xc4, areHuffmanTables],
  [0xcc, areConditionings],
  [0xdb, areQuantizationTables],
  [0xdd, (payload) => payload.length === 2], // DRI
  [0xdf, (payload) => payload.length === 1], // EXP
]);

/**
 * @param {Uint8Array} bytes
 * @returns {Bytes} the same picture
 */
export function stripJpeg(bytes) {
  if (!has(bytes, "\xff\xd8")) throw malformed("This is not a JPEG file.");
  /** @type {Uint8Array[]} */
  const kept = [];
  /** @type {Uint8Array | null} */
  let jfif = null;
  /** @type {number | null} */
  let orientation = null;
  let adobe = false;
  let hierarchical = false;
  let scans = 0;
  /** Of the last frame. @type {Set<number> | null} */
  let components = null;

  let offset = 2;
  for (let count = 0; count < MAX_SEGMENTS; count += 1) {
    const segment = segmentAt(bytes, offset);
    const { code, whole, payload } = segment;
    offset = segment.end;
    if (code === EOI) {
      if (scans === 0) throw malformed("This JPEG file has no picture.");
      const head = jfif ? [jfif] : [];
      if (orientation !== null && orientation > 1) head.push(orientationSegment(orientation));
      return joined([Uint8Array.of(0xff, SOI), ...head, ...kept, whole]);
    }
    if (code === SOS) {
      checkScan(payload, components);
      scans += 1;
      if (scans > MAX_SCANS) throw malformed("This JPEG file has too many scans.");
      const end = endOfScan(bytes, offset);
      kept.push(whole, bytes.subarray(offset, end));
      offset = end;
    } else if (isFrame(code)) {
      if (components && !hierarchical) throw malformed("This JPEG file has two frames.");
      components = componentsOf(payload);
      kept.push(whole);
    } else if (code === DHP) {
      if (components || hierarchical) throw malformed("A part of this JPEG file is out of place.");
      componentsOf(payload);
      hierarchical = true;
      kept.push(whole);
    } else if (code === DNL) {
      if (scans !== 1 || payload.length !== 2) throw malformed("A part of this JPEG file is out of place.");
      kept.push(whole);
    } else if (code === COM || (code >= APP0 && code <= 0xef)) {
      if (scans > 0) continue; // decoders have made up their mind
      if (code === APP0 && has(payload, "JFIF\0")) jfif ??= jfifWithoutThumbnail(whole);
      else if (code === APP1) orientation ??= orientationIn(payload);
      else if (code === APP14 && has(payload, "Adobe")) {
        if (adobe) throw malformed("This JPEG file gives its colours twice.");
        adobe = true;
        kept.push(adobeAlone(whole));
      }
    } else {
      if (!TABLES.get(code)?.(payload)) throw malformed("A part of this JPEG file is not understood.");
      kept.push(whole);
    }
  }
  throw malformed("This JPEG file has too many parts.");
}

/**
 * @param {Uint8Array} bytes
 * @param {number} offset
 * @returns {Segment}
 */
function segmentAt(bytes, offset) {
  if (bytes[offset] !== 0xff) throw malformed("A part of this JPEG file is missing.");
  let at = offset;
  while (bytes[at + 1] === 0xff) at += 1; // fill bytes
  const code = bytes[at + 1];
  if (code === undefined) throw malformed("This JPEG file is cut off.");
  if (code === EOI) {
    return { code, whole: bytes.subarray(at, at + 2), payload: new Uint8Array(0), end: at + 2 };
  }
  if (code < 0xc0 || (code >= 0xd0 && code <= SOI))
    throw malformed("A part of this JPEG file is out of place.");
  if (at + 4 > bytes.length) throw malformed("This JPEG file is cut off.");
  const length = viewOf(bytes).getUint16(at + 2);
  const end = at + 2 + length;
  if (length < 2 || end > bytes.length) throw malformed("This JPEG file is cut off.");
  return { code, whole: bytes.subarray(at, end), payload: bytes.subarray(at + 4, end), end };
}

/**
 * Where the entropy-coded data ends that starts here: at the first marker that is not a restart.
 * @param {Uint8Array} bytes
 * @param {number} start
 */
function endOfScan(bytes, start) {
  let at = bytes.indexOf(0xff, start);
  while (at !== -1) {
    let last = at;
    while (bytes[last + 1] === 0xff) last += 1;
    const code = bytes[last + 1];
    if (code === undefined) break;
    const stuffed = code === 0 && last === at;
    const restart = code >= 0xd0 && code <= 0xd7;
    if (!stuffed && !restart) {
      if (at === start) throw malformed("A scan of this JPEG file is empty.");
      return at;
    }
    at = bytes.indexOf(0xff, last + 2);
  }
  throw malformed("This JPEG file is cut off.");
}

/**
 * SOF0 to SOF15; 0xc4, 0xc8 and 0xcc mean something else.
 * @param {number} code
 */
function isFrame(code) {
  return code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;
}

/**
 * The identifiers of a frame's components.
 * @param {Uint8Array} payload
 */
function componentsOf(payload) {
  const count = payload[5] ?? 0;
  const width = payload.length < 6 ? 0 : viewOf(payload).getUint16(3);
  if (count === 0 || width === 0 || payload.length !== 6 + 3 * count) {
    throw malformed("A frame of this JPEG file is malformed.");
  }
  const identifiers = new Set(Array.from({ length: count }, (_, index) => byte(payload, 6 + 3 * index)));
  if (identifiers.size !== count) throw malformed("A frame of this JPEG file is malformed.");
  return identifiers;
}

/**
 * @param {Uint8Array} payload
 * @param {Set<number> | null} components
 */
function checkScan(payload, components) {
  const count = payload[0] ?? 0;
  const fits = count >= 1 && count <= 4 && payload.length === 4 + 2 * count;
  if (!fits || !components) throw malformed("A scan of this JPEG file is malformed.");
  for (let index = 0; index < count; index += 1) {
    if (!components.has(byte(payload, 1 + 2 * index))) {
      throw malformed("A scan of this JPEG file is malformed.");
    }
  }
}

/** @param {Uint8Array} payload */
function areQuantizationTables(payload) {
  let at = 0;
  while (at < payload.length) {
    const first = byte(payload, at);
    if (first >> 4 > 1 || (first & 15) > 3) return false;
    at += 1 + (first >> 4 ? 128 : 64);
  }
  return at > 0 && at === payload.length;
}

/** @param {Uint8Array} payload */
function areHuffmanTables(payload) {
  let at = 0;
  while (at + 17 <= payload.length) {
    const first = byte(payload, at);
    const values = payload.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0);
    if (first >> 4 > 1 || (first & 15) > 3 || values > 256) return false;
    at += 17 + values;
  }
  return at > 0 && at === payload.length;
}

/** @param {Uint8Array} payload */
function areConditionings(payload) {
  if (payload.length === 0 || payload.length % 2 === 1) return false;
  return payload.every((first, index) => index % 2 === 1 || (first >> 4 <= 1 && (first & 15) <= 3));
}

/** @param {Uint8Array} whole */
function jfifWithoutThumbnail(whole) {
  const alone = shortened(whole, JFIF_LENGTH);
  alone.fill(0, 4 + 12); // the thumbnail's width and height
  return alone;
}

/** @param {Uint8Array} whole */
function adobeAlone(whole) {
  return shortened(whole, ADOBE_LENGTH);
}

/**
 * A segment with the first so many bytes of its payload.
 * @param {Uint8Array} whole
 * @param {number} length
 */
function shortened(whole, length) {
  if (whole.length < 4 + length) throw malformed("A part of this JPEG file is too short.");
  const alone = whole.slice(0, 4 + length);
  viewOf(alone).setUint16(2, 2 + length);
  return alone;
}

/** @type {(bytes: Uint8Array, index: number) => number} */
const byte = (bytes, index) => /** @type {number} */ (bytes[index]);
