/** Pictures as cameras and programs write them, with all that they tell. */

import { concat, fromBase64, utf8 } from "../src/bytes.js";
import { crc32 } from "../src/crc32.js";

/** In everything that must go. */
export const SECRET = "SERIAL-4711";

/** Drawn by Chromium: 20 by 12 pixels, with a colour profile. */
export const DRAWN_JPEG = fromBase64(
  "/9j/4AAQSkZJRgABAQAAAQABAAD/4gHYSUNDX1BST0ZJTEUAAQEAAAHIAAAAAAQwAABtbnRyUkdCIFhZWiAH4AABAAEAAAAAAABhY3NwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAA9tYAAQAAAADTLQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAlkZXNjAAAA8AAAACRyWFlaAAABFAAAABRnWFlaAAABKAAAABRiWFlaAAABPAAAABR3dHB0AAABUAAAABRyVFJDAAABZAAAAChnVFJDAAABZAAAAChiVFJDAAABZAAAAChjcHJ0AAABjAAAADxtbHVjAAAAAAAAAAEAAAAMZW5VUwAAAAgAAAAcAHMAUgBHAEJYWVogAAAAAAAAb6IAADj1AAADkFhZWiAAAAAAAABimQAAt4UAABjaWFlaIAAAAAAAACSgAAAPhAAAts9YWVogAAAAAAAA9tYAAQAAAADTLXBhcmEAAAAAAAQAAAACZmYAAPKnAAANWQAAE9AAAApbAAAAAAAAAABtbHVjAAAAAAAAAAEAAAAMZW5VUwAAACAAAAAcAEcAbwBvAGcAbABlACAASQBuAGMALgAgADIAMAAxADb/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAAMABQDASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAABAAD/8QAHhAAAQUAAwEBAAAAAAAAAAAAAQACAwQREyFRBRL/xAAWAQEBAQAAAAAAAAAAAAAAAAAEAwX/xAAeEQABAwQDAAAAAAAAAAAAAAABAAIRAxITURQh8P/aAAwDAQACEQMRAD8AAt6UsMNtkk8fJGN1uA714UdSk6qx1LHb3tbHHflvLzGvFL+lPXsWGvqxcTA3CPyG96fFIikdogQlgQIX/9k=",
);

/** The same in PNG. */
export const DRAWN_PNG = fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAABQAAAAMCAYAAABiDJ37AAAAXUlEQVR4AcyPWwkAIAxFLzYwy7pYwUxWMItmMYKyPyeiMvyYcED2ONy5QtR/4qB8lD1WWCWEkRJu8NIJITwNvvbsCGtoWOEr7CTkNDtEwlQjbuwkc00I54b2b184AAAA//8WxccMAAAABklEQVQDAHP4Ve1tSHGgAAAAAElFTkSuQmCC",
);

/**
 * A JPEG segment.
 * @param {number} code
 * @param {...(Uint8Array | string)} parts
 */
export function segment(code, ...parts) {
  const payload = concat(...parts);
  const length = payload.length + 2;
  return concat(Uint8Array.of(0xff, code, length >> 8, length & 0xff), payload);
}

/**
 * EXIF data with camera, orientation, place and thumbnail.
 * @param {number} orientation
 * @param {boolean} [little] the byte order
 */
export function exif(orientation, little = true) {
  const bytes = new Uint8Array(140);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  /** @type {(at: number, entries: [number, number, number, number][], next: number) => void} */
  const directory = (at, entries, next) => {
    view.setUint16(at, entries.length, little);
    for (const [index, [tag, type, count, value]] of entries.entries()) {
      const entry = at + 2 + 12 * index;
      view.setUint16(entry, tag, little);
      view.setUint16(entry + 2, type, little);
      view.setUint32(entry + 4, count, little);
      if (type === 3) view.setUint16(entry + 8, value, little);
      else view.setUint32(entry + 8, value, little);
    }
    view.setUint32(at + 2 + 12 * entries.length, next, little);
  };
  const make = /** @type {[number, number, number, number]} */ ([0x010f, 2, SECRET.length, 110]);
  directory(8, [make, [0x0112, 3, 1, orientation], [0x8825, 4, 1, 50]], 68);
  directory(50, [[2, 5, 1, 122]], 0); // GPSLatitude
  directory(68, [[0x0201, 4, 1, 86]], 0); // the thumbnail
  bytes.set(utf8(SECRET), 110);
  bytes.set(utf8(SECRET), 124);
  return concat("Exif\0\0", bytes);
}

/** What cameras and programs add to a JPEG file. @param {number} orientation */
export function told(orientation) {
  return [
    segment(0xe1, exif(orientation)),
    segment(0xe1, "http://ns.adobe.com/xap/1.0/\0", `<x:xmpmeta>${SECRET}</x:xmpmeta>`),
    segment(0xe2, "MPF\0", SECRET),
    segment(0xed, "Photoshop 3.0\0", SECRET),
    segment(0xe0, "JFXX\0", Uint8Array.of(0x10), SECRET),
    segment(0xef, SECRET),
    segment(0xfe, SECRET),
  ];
}

const JFIF_START = Uint8Array.of(1, 2, 1, 0, 72, 0, 72);

/** With the thumbnail of two by two pixels. */
export const JFIF_WITH_THUMBNAIL = segment(0xe0, "JFIF\0", JFIF_START, Uint8Array.of(2, 2), `${SECRET}x`);
export const JFIF_ALONE = segment(0xe0, "JFIF\0", JFIF_START, Uint8Array.of(0, 0));

/**
 * The drawn picture as a camera would write it, with a second picture after it.
 * @param {number} [orientation]
 */
export function photo(orientation = 6) {
  return concat(
    DRAWN_JPEG.subarray(0, 2),
    JFIF_WITH_THUMBNAIL,
    ...told(orientation),
    DRAWN_JPEG.subarray(20), // after SOI and JFIF
    DRAWN_JPEG,
    SECRET,
  );
}

/** Of a progressive file: all segments that must stay, in order. Its scans are of no picture. */
export const PROGRESSIVE_PARTS = [
  segment(0xee, "Adobe", Uint8Array.of(0, 100, 0, 0, 0, 0, 1)),
  segment(
    0xdb,
    Uint8Array.of(0),
    new Uint8Array(64).fill(9),
    Uint8Array.of(0x11),
    new Uint8Array(128).fill(1),
  ),
  segment(0xc2, Uint8Array.of(8, 0, 0, 0, 16, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1)),
  segment(0xc4, Uint8Array.of(0), Uint8Array.of(0, 1, ...new Array(14).fill(0)), Uint8Array.of(7)),
  segment(0xdd, Uint8Array.of(0, 2)),
  segment(0xda, Uint8Array.of(3, 1, 0, 2, 0x10, 3, 0x10, 0, 0, 1)),
  Uint8Array.of(1, 0xff, 0, 0xff, 0xd0, 2, 0xff, 0xff, 0xd1, 0xff, 0, 0xff, 0),
  segment(0xdc, Uint8Array.of(0, 16)),
  segment(0xc4, Uint8Array.of(0x10), Uint8Array.of(0, 1, ...new Array(14).fill(0)), Uint8Array.of(1)),
  segment(0xda, Uint8Array.of(1, 1, 0, 1, 63, 2)),
  Uint8Array.of(0xff, 0, 5, 0xff, 0xd7, 8),
  segment(0xcc, Uint8Array.of(0x10, 5)),
  segment(0xda, Uint8Array.of(1, 2, 0, 1, 63, 0x21)),
  Uint8Array.of(0),
];

/** A progressive file with something told, and fill bytes, before each part that is not scan data. */
export function progressive() {
  const full = PROGRESSIVE_PARTS.flatMap((part) =>
    part[0] === 0xff && part[1] !== 0 ? [...told(1), Uint8Array.of(0xff, 0xff), part] : [part],
  );
  return concat(Uint8Array.of(0xff, 0xd8), ...full, Uint8Array.of(0xff, 0xd9), SECRET);
}

/**
 * A PNG chunk.
 * @param {string} type
 * @param {...(Uint8Array | string)} parts
 */
export function chunk(type, ...parts) {
  const body = concat(type, ...parts);
  return concat(number(body.length - 4), body, number(crc32(body)));
}

/** Four bytes, the highest first. @param {number} value */
export function number(value) {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

/** @param {Uint8Array} png */
export function chunksOf(png) {
  const chunks = [];
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at = 8; at < png.length; at += 12 + view.getUint32(at)) {
    chunks.push(png.slice(at, at + 12 + view.getUint32(at)));
  }
  return chunks;
}

/** Plain numbers that stay in a PNG file. */
export const PLAIN_CHUNKS = [
  chunk("gAMA", number(45_455)),
  chunk("cHRM", new Uint8Array(32).fill(1)),
  chunk("sRGB", Uint8Array.of(0)),
  chunk("sBIT", Uint8Array.of(8, 8, 8, 8)),
  chunk("pHYs", number(2835), number(2835), Uint8Array.of(1)),
];

/** What programs add to a PNG file. */
export function toldChunks(orientation = 6) {
  return [
    chunk("tEXt", `Author\0${SECRET}`),
    chunk("zTXt", `Comment\0\0${SECRET}`),
    chunk("iTXt", `XML:com.adobe.xmp\0\0\0\0\0${SECRET}`),
    chunk("eXIf", exif(orientation).subarray(6)),
    chunk("iCCP", `${SECRET}\0\0`),
    chunk("tIME", Uint8Array.of(7, 0xea, 1, 2, 3, 4, 5)),
    chunk("caBX", SECRET),
    chunk("pHYs", SECRET),
  ];
}

/** The drawn picture as a program would write it. */
export function screenshot(orientation = 6) {
  const [header, ...rest] = chunksOf(DRAWN_PNG);
  const end = /** @type {Uint8Array} */ (rest.pop());
  return concat(
    DRAWN_PNG.subarray(0, 8),
    /** @type {Uint8Array} */ (header),
    ...PLAIN_CHUNKS,
    ...toldChunks(orientation),
    ...rest,
    ...toldChunks(orientation),
    end,
    SECRET,
  );
}
