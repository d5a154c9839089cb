/**
 * The inside of an envelope: a ZIP archive of stored entries, padded to one of a few sizes, written as a stream.
 *
 * A size so tells a size class and nothing else, every language pads alike, and whoever has a current `age` and
 * `unzip` can open a tip with these alone. ZIP as in APPNOTE 6.3.10, section 4.3, narrowed to one way of writing it:
 *
 *     ┌──────────────────────────┬──────┬────────────────┐
 *     │ local header[30] ‖ name  │ data │ descriptor[16] │  × entries, the last of them `padding`
 *     ├──────────────────────────┴──────┴────────────────┤
 *     │ central header[46] ‖ name                        │  × entries: the directory
 *     ├──────────────────────────────────────────────────┤
 *     │ end[22]                                          │
 *     └──────────────────────────────────────────────────┘
 *
 * `padding` holds as many zero bytes as bring the whole to a size class exactly. The directory stands at the end, and
 * a reader needs it first: `readDirectory` takes the tail and checks names and sizes before anything is written;
 * `readEntries` then takes the whole, as a stream. What core writes of the same entries is the same bytes.
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 * @typedef {import("./streams.js").Chunks} Chunks
 * @typedef {import("./zip.js").Entry} Entry
 * @typedef {Iterable<[string, Chunks]> | AsyncIterable<[string, Chunks]>} Content entries by name
 */

import { equal } from "./bytes.js";
import { crc32, crc32OfZeros } from "./crc32.js";
import { malformed } from "./errors.js";
import { fitName } from "./filename.js";
import { ByteSource, chunksOf } from "./streams.js";
import {
  centralBytes,
  descriptor,
  directory,
  END_BYTES,
  localHeader,
  parseDirectory,
  writtenBytes,
} from "./zip.js";

/** 4, 16, 64, 256 KiB and 1, 2, 4, … 512 MiB: all sizes in bytes that an archive may have. */
export const SIZE_CLASSES = [2, 4, 6, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19].map((n) => 1024 << n);
export const MANIFEST = "manifest.json";
export const PADDING = "padding";
export const MAX_FILES = 100;
/** So much of an archive's end always holds the whole directory. */
export const TAIL_BYTES = 65_536;

const LARGEST = 512 << 20;
const ZEROS_BYTES = 65_536;
const FILE = /^files\/[1-9][0-9]{0,2}-(.+)$/su;

/**
 * Name the entry of a file, `files/<number>-<name>`.
 * @param {number} number from 1
 * @param {string} name made fit here
 */
export function fileEntryName(number, name) {
  return `files/${number}-${fitName(name)}`;
}

/**
 * Write files, a manifest, the padding and the directory, in chunks that are one archive together.
 *
 * The next entry is asked for only once the one before is written, so that a manifest can tell of the files.
 * @param {Content} entries files in the order of their numbers (`fileEntryName`), then the manifest
 * @returns {AsyncGenerator<Bytes, void, void>}
 */
export async function* writeArchive(entries) {
  /** @type {Entry[]} */
  const written = [];
  let room = LARGEST;
  for await (const [name, chunks] of entries) {
    checkName(name, written.length);
    yield localHeader(name);
    const entry = { name, sizeBytes: 0, crc32: 0 };
    for await (const chunk of chunksOf(chunks)) {
      entry.sizeBytes += chunk.length;
      if (entry.sizeBytes > room) throw tooLarge();
      entry.crc32 = crc32(chunk, entry.crc32);
      yield chunk;
    }
    yield descriptor(entry);
    room -= entry.sizeBytes;
    written.push(entry);
  }
  checkOrder(written);
  yield* finish(written);
}

/**
 * Give the size in bytes to which an archive of entries is padded; refuse what no size is large enough for.
 * @param {readonly {name: string, sizeBytes: number}[]} content without the padding
 */
export function sizeClass(content) {
  const found = findSizeClass(content);
  if (found === undefined) throw tooLarge();
  return found;
}

/**
 * Read the directory, and check that it is of an archive of exactly this size and form: that `writeArchive` would
 * have written it.
 * @param {Uint8Array} tail the archive's end: `TAIL_BYTES` of it, or the whole
 * @param {number} totalBytes the archive's size
 * @returns {Entry[]} the files in order, then the manifest; without the padding
 */
export function readDirectory(tail, totalBytes) {
  const { entries, start, bytes } = parseDirectory(tail);
  const content = entries.slice(0, -1);
  if (start !== entries.reduce((sum, entry) => sum + writtenBytes(entry), 0)) {
    throw malformed("The sizes in this archive do not add up.");
  }
  content.forEach(({ name }, place) => {
    checkName(name, place);
  });
  checkOrder(content);
  const isPadded = findSizeClass(content) === totalBytes;
  if (!isPadded || !equal(bytes, directory([...content, paddingOf(content)]))) {
    throw malformed("This archive is not written or padded as it must be.");
  }
  return content;
}

/**
 * Read an archive as a stream, against its directory.
 *
 * The data of an entry are known to be right only once all have been taken: whoever writes them somewhere takes them
 * back where this throws. What is not taken is checked all the same.
 * @param {Chunks} chunks the whole archive
 * @param {readonly Entry[]} content what `readDirectory` gave
 * @returns {AsyncGenerator<[Entry, AsyncIterable<Bytes>], void, void>} each entry with its data
 */
export async function* readEntries(chunks, content) {
  const source = new ByteSource(chunks);
  try {
    for (const entry of content) {
      await expect(source, localHeader(entry.name));
      const data = checked(source, entry);
      // Without return(), so that a reader who stops early does not end what is checked below.
      yield [entry, { [Symbol.asyncIterator]: () => ({ next: () => data.next() }) }];
      while (!(await data.next()).done);
      await expect(source, descriptor(entry));
    }
    for (const rest of finish(content)) await expect(source, rest);
    if ((await source.next(1)) !== null) throw malformed("Something stands behind this archive.");
  } finally {
    await source.close();
  }
}

/**
 * @param {string} name
 * @param {number} place from 0
 */
function checkName(name, place) {
  const file = FILE.exec(name)?.[1];
  const isFile = file !== undefined && name === fileEntryName(place + 1, file) && place < MAX_FILES;
  if (!isFile && name !== MANIFEST) {
    throw malformed("A name in this archive is not fit for a file, or not in its place.");
  }
}

/** @param {readonly Entry[]} content */
function checkOrder(content) {
  if (content.length === 0 || content.findIndex(({ name }) => name === MANIFEST) !== content.length - 1) {
    throw malformed("An archive ends with its one manifest.");
  }
}

/** @param {readonly {name: string, sizeBytes: number}[]} content */
function findSizeClass(content) {
  const least = bytesOf([...content, { name: PADDING, sizeBytes: 0 }]);
  return SIZE_CLASSES.find((size) => size >= least);
}

/** @param {readonly {name: string, sizeBytes: number}[]} entries */
function bytesOf(entries) {
  return entries.reduce((sum, entry) => sum + writtenBytes(entry) + centralBytes(entry), END_BYTES);
}

/**
 * @param {readonly Entry[]} content
 * @returns {Entry}
 */
function paddingOf(content) {
  const sizeBytes = sizeClass(content) - bytesOf([...content, { name: PADDING, sizeBytes: 0 }]);
  return { name: PADDING, sizeBytes, crc32: crc32OfZeros(sizeBytes) };
}

/**
 * @param {readonly Entry[]} content
 * @returns {Generator<Bytes, void, void>}
 */
function* finish(content) {
  const padding = paddingOf(content);
  yield localHeader(PADDING);
  for (let left = padding.sizeBytes; left > 0; left -= ZEROS_BYTES) {
    yield new Uint8Array(Math.min(left, ZEROS_BYTES));
  }
  yield descriptor(padding);
  yield directory([...content, padding]);
}

/**
 * @param {ByteSource} source
 * @param {Entry} entry
 * @returns {AsyncGenerator<Bytes, void, void>}
 */
async function* checked(source, entry) {
  let crc = 0;
  for (let left = entry.sizeBytes; left > 0; ) {
    const piece = await take(source, left);
    left -= piece.length;
    crc = crc32(piece, crc);
    yield piece;
  }
  if (crc !== entry.crc32) throw malformed("A file in this archive is damaged.");
}

/**
 * Take what must come next.
 * @param {ByteSource} source
 * @param {Uint8Array} expected
 */
async function expect(source, expected) {
  for (let place = 0; place < expected.length; ) {
    const piece = await take(source, expected.length - place);
    if (!equal(piece, expected.subarray(place, place + piece.length))) {
      throw malformed("This archive is not the one that its directory describes.");
    }
    place += piece.length;
  }
}

/**
 * @param {ByteSource} source
 * @param {number} limit
 */
async function take(source, limit) {
  const piece = await source.next(limit);
  if (piece === null) throw malformed("This archive is cut off.");
  return piece;
}

function tooLarge() {
  return malformed("This is more than one tip can hold.", {}, "too-large");
}
