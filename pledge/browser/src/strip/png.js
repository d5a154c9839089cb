/**
 * PNG files (Portable Network Graphics, third edition) without what they say about their making.
 *
 * The picture, its palette, its transparency, an animation that goes together, and colour and size in plain numbers
 * are kept, byte for byte; of EXIF data, which way up. Texts, times, colour profiles, chunks of other kinds and what follows the end
 * are left out. What is hidden inside picture data is not looked for.
 */

import { concat } from "../bytes.js";
import { crc32 } from "../crc32.js";
import { malformed } from "../errors.js";
import { Animation } from "./animation.js";
import { has, joined, viewOf } from "./join.js";
import { orientationInTiff, orientationTiff } from "./orientation.js";

/** @typedef {import("../bytes.js").Bytes} Bytes */

/**
 * @typedef {object} Header
 * @property {number} width
 * @property {number} height
 * @property {number} colour
 */

export const PNG_SIGNATURE = "\x89PNG\r\n\x1a\n";

const MAX_CHUNKS = 262_144;
const MAX_NUMBER = 0x7fffffff;
const GREY = 0;
const TRUE_COLOUR = 2;
const PALETTE = 3;

/** The bit depths of each colour type. @type {Map<number, number[]>} */
const DEPTHS = new Map([
  [GREY, [1, 2, 4, 8, 16]],
  [TRUE_COLOUR, [8, 16]],
  [PALETTE, [1, 2, 4, 8]],
  [4, [8, 16]],
  [6, [8, 16]],
]);

/** The lengths of small chunks that are kept: once each, before the picture. @type {Map<string, number>} */
const PLAIN = new Map([
  ["gAMA", 4],
  ["cHRM", 32],
  ["sRGB", 1],
  ["pHYs", 9],
]);

/** The length of sBIT by colour type. @type {Map<number, number>} */
const SIGNIFICANT = new Map([
  [GREY, 1],
  [TRUE_COLOUR, 3],
  [PALETTE, 3],
  [4, 2],
  [6, 4],
]);

/**
 * @param {Uint8Array} bytes
 * @returns {Bytes} the same picture
 */
export function stripPng(bytes) {
  if (!has(bytes, PNG_SIGNATURE)) throw malformed("This is not a PNG file.");
  const first = chunkAt(bytes, PNG_SIGNATURE.length);
  if (first.type !== "IHDR") throw malformed("This PNG file does not start with its header.");
  const header = headerOf(first.data);
  const animation = new Animation(header);
  const head = [bytes.subarray(0, PNG_SIGNATURE.length), first.whole];
  /** @type {Uint8Array[]} */
  const kept = [];
  /** @type {number | null} */
  let orientation = null;
  const seen = new Set(["IHDR"]);
  let colours = 0;
  let previous = "IHDR";
  let offset = first.end;

  for (let count = 0; count < MAX_CHUNKS; count += 1) {
    const chunk = chunkAt(bytes, offset);
    const { type, data } = chunk;
    offset = chunk.end;
    const early = !seen.has("IDAT");
    const again = seen.has(type);
    let keep = true;
    if (type === "IDAT") {
      if (again && previous !== type) throw outOfPlace();
      if (header.colour === PALETTE && colours === 0) throw malformed("This PNG file lacks its palette.");
      animation.picture();
    } else if (type === "PLTE") {
      if (again || !early || seen.has("tRNS")) throw outOfPlace();
      colours = coloursIn(data, header);
    } else if (type === "tRNS") {
      if (again || !early || !isTransparency(data, header, colours)) throw outOfPlace();
    } else if (type === "acTL") {
      if (!early) throw outOfPlace();
      animation.control(data);
    } else if (type === "fcTL") {
      animation.frame(data, early);
    } else if (type === "fdAT") {
      if (early) throw outOfPlace();
      animation.data(data);
    } else if (type === "IEND") {
      if (early || data.length > 0) throw outOfPlace();
      animation.end();
      if (orientation !== null && orientation > 1) head.push(orientationChunk(orientation));
      return joined([...head, ...kept, chunk.whole]);
    } else if (type === "eXIf") {
      orientation ??= orientationInTiff(data);
      keep = false;
    } else if (isCritical(type)) {
      throw malformed("A part of this PNG file is not understood.");
    } else {
      // decoders pass over one that is out of place or of another length
      const length = type === "sBIT" ? SIGNIFICANT.get(header.colour) : PLAIN.get(type);
      keep = length === data.length && early && !again;
    }
    if (keep) {
      kept.push(chunk.whole);
      seen.add(type);
    }
    previous = type;
  }
  throw malformed("This PNG file has too many parts.");
}

/**
 * @param {Uint8Array} bytes
 * @param {number} offset
 */
function chunkAt(bytes, offset) {
  if (offset + 12 > bytes.length) throw malformed("This PNG file is cut off.");
  const view = viewOf(bytes);
  const length = view.getUint32(offset);
  const end = offset + 12 + length;
  if (length > MAX_NUMBER || end > bytes.length) throw malformed("This PNG file is cut off.");
  const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
  if (!/^[A-Za-z]{4}$/.test(type)) throw malformed("A part of this PNG file is malformed.");
  if (crc32(bytes.subarray(offset + 4, end - 4)) !== view.getUint32(end - 4)) {
    throw malformed("A part of this PNG file is damaged.");
  }
  return { type, data: bytes.subarray(offset + 8, end - 4), whole: bytes.subarray(offset, end), end };
}

/** @param {number} orientation */
function orientationChunk(orientation) {
  const body = concat("eXIf", orientationTiff(orientation));
  const whole = concat(new Uint8Array(4), body, new Uint8Array(4));
  viewOf(whole).setUint32(0, body.length - 4);
  viewOf(whole).setUint32(whole.length - 4, crc32(body));
  return whole;
}

/**
 * @param {Uint8Array} data
 * @returns {Header}
 */
function headerOf(data) {
  if (data.length !== 13) throw malformed("The header of this PNG file is malformed.");
  const view = viewOf(data);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth = 0, colour = 0, compression, filter, interlace = 0] = data.subarray(8);
  const sized = width >= 1 && width <= MAX_NUMBER && height >= 1 && height <= MAX_NUMBER;
  const known = DEPTHS.get(colour)?.includes(depth) && compression === 0 && filter === 0 && interlace <= 1;
  if (!sized || !known) throw malformed("The header of this PNG file is malformed.");
  return { width, height, colour };
}

/**
 * How many colours the palette has.
 * @param {Uint8Array} data
 * @param {Header} header
 */
function coloursIn(data, header) {
  const colours = data.length / 3;
  const allowed = header.colour !== GREY && header.colour !== 4;
  if (!allowed || !Number.isInteger(colours) || colours < 1 || colours > 256) {
    throw malformed("The palette of this PNG file is malformed.");
  }
  return colours;
}

/**
 * @param {Uint8Array} data
 * @param {Header} header
 * @param {number} colours in the palette so far
 */
function isTransparency(data, header, colours) {
  if (header.colour === PALETTE) return data.length >= 1 && data.length <= colours;
  return (
    (header.colour === GREY && data.length === 2) || (header.colour === TRUE_COLOUR && data.length === 6)
  );
}

/**
 * Whether decoders must know it: its first letter is a capital.
 * @param {string} type
 */
function isCritical(type) {
  return type < "a";
}

function outOfPlace() {
  return malformed("A part of this PNG file is out of place.");
}
