/**
 * The headers of a ZIP archive (APPNOTE 6.3.10, section 4.3), narrowed to the one way of writing them that
 * `archive.js` has: entries stored, sizes in descriptors, no times, no attributes, no comments.
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 * @typedef {{name: string, sizeBytes: number, crc32: number}} Entry as the directory has it: its name, and its
 *   data's size and CRC-32
 */

import { concat, text, utf8 } from "./bytes.js";
import { malformed } from "./errors.js";

// How many bytes each field takes.
const LOCAL = [4, 2, 2, 2, 2, 2, 4, 4, 4, 2, 2];
const DESCRIPTOR = [4, 4, 4, 4];
const CENTRAL = [4, 2, 2, 2, 2, 2, 2, 4, 4, 4, 2, 2, 2, 2, 2, 4, 4];
const END = [4, 2, 2, 2, 2, 4, 4, 2];

const LOCAL_BYTES = size(LOCAL);
const DESCRIPTOR_BYTES = size(DESCRIPTOR);
const CENTRAL_BYTES = size(CENTRAL);
export const END_BYTES = size(END);

const VERSION = 20; // the first that knows descriptors
const MADE_BY = (3 << 8) | VERSION; // Unix, so that unzip takes names as UTF-8
const MODE = 0o100600 * 2 ** 16; // a file for its owner alone
const FLAGS = 0x0808; // sizes in a descriptor; names in UTF-8
const DATE = 0x0021; // 1980-01-01, the first day there is; the time is midnight

/** @param {string} name */
export function localHeader(name) {
  const encoded = utf8(name);
  return concat(pack(LOCAL, 0x04034b50, VERSION, FLAGS, 0, 0, DATE, 0, 0, 0, encoded.length, 0), encoded);
}

/** @param {Entry} entry */
export function descriptor({ sizeBytes, crc32 }) {
  return pack(DESCRIPTOR, 0x08074b50, crc32, sizeBytes, sizeBytes);
}

/**
 * The central headers and the end.
 * @param {readonly Entry[]} entries
 */
export function directory(entries) {
  let start = 0;
  const headers = entries.map((entry) => {
    const name = utf8(entry.name);
    const { crc32, sizeBytes } = entry;
    const about = [0x02014b50, MADE_BY, VERSION, FLAGS, 0, 0, DATE];
    const header = pack(CENTRAL, ...about, crc32, sizeBytes, sizeBytes, name.length, 0, 0, 0, 0, MODE, start);
    start += writtenBytes(entry);
    return concat(header, name);
  });
  const joined = concat(...headers);
  const { length } = entries;
  return concat(joined, pack(END, 0x06054b50, 0, 0, length, length, joined.length, start, 0));
}

/**
 * Take names, sizes and checksums out of an archive's end; that it is of the one form is checked by writing it.
 * @param {Uint8Array} tail
 * @returns {{entries: Entry[], start: number, bytes: Uint8Array}} where the directory starts, and the directory
 *   with its end
 */
export function parseDirectory(tail) {
  const end = tail.length - END_BYTES;
  const [sizeBytes, start] = /** @type {[number, number]} */ (unpack(END, tail, end).slice(5));
  if (sizeBytes > end) throw cutOff();
  const entries = [];
  let place = end - sizeBytes;
  while (place < end) {
    const fields = unpack(CENTRAL, tail.subarray(0, end), place);
    const [crc32, , entryBytes, nameBytes] = /** @type {[number, number, number, number]} */ (
      fields.slice(7)
    );
    place += CENTRAL_BYTES + nameBytes;
    if (place > end) throw cutOff();
    entries.push({ name: text(tail.subarray(place - nameBytes, place)), sizeBytes: entryBytes, crc32 });
  }
  return { entries, start, bytes: tail.subarray(end - sizeBytes) };
}

/**
 * What an entry takes before the directory: header, name, data and descriptor.
 * @param {{name: string, sizeBytes: number}} entry
 */
export function writtenBytes({ name, sizeBytes }) {
  return LOCAL_BYTES + utf8(name).length + sizeBytes + DESCRIPTOR_BYTES;
}

/**
 * What an entry takes in the directory.
 * @param {{name: string}} entry
 */
export function centralBytes({ name }) {
  return CENTRAL_BYTES + utf8(name).length;
}

/** @param {number[]} widths */
function size(widths) {
  return widths.reduce((sum, width) => sum + width, 0);
}

/**
 * @param {number[]} widths
 * @param {...number} values
 */
function pack(widths, ...values) {
  const bytes = new Uint8Array(size(widths));
  const view = new DataView(bytes.buffer);
  let place = 0;
  for (const [index, width] of widths.entries()) {
    const value = /** @type {number} */ (values[index]);
    if (width === 4) view.setUint32(place, value, true);
    else view.setUint16(place, value, true);
    place += width;
  }
  return bytes;
}

/**
 * @param {number[]} widths
 * @param {Uint8Array} bytes
 * @param {number} start
 */
function unpack(widths, bytes, start) {
  if (start < 0 || start + size(widths) > bytes.length) throw cutOff();
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  let place = 0;
  return widths.map((width) => {
    place += width;
    return width === 4 ? view.getUint32(place - 4, true) : view.getUint16(place - 2, true);
  });
}

function cutOff() {
  return malformed("This archive has no directory of the form that is read here.");
}
