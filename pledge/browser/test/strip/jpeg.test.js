import assert from "node:assert/strict";
import { test } from "node:test";
import { concat } from "../../src/bytes.js";
import { PledgeError } from "../../src/errors.js";
import { stripJpeg } from "../../src/strip/jpeg.js";
import { orientationIn } from "../../src/strip/orientation.js";
import { mutations } from "../../testing/mutations.js";
import {
  DRAWN_JPEG,
  exif,
  JFIF_ALONE,
  PROGRESSIVE_PARTS,
  photo,
  progressive,
  SECRET,
  segment,
} from "../../testing/pictures.js";

const MALFORMED = { name: "PledgeError", code: "malformed" };
const SOI = Uint8Array.of(0xff, 0xd8);
const EOI = Uint8Array.of(0xff, 0xd9);
/** After SOI, JFIF and the colour profile. */
const DRAWN_REST = DRAWN_JPEG.subarray(20 + 0x1d8 + 2);
const FRAME = segment(0xc0, Uint8Array.of(8, 0, 8, 0, 8, 1, 1, 0x11, 0));
const SCAN = concat(segment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)), Uint8Array.of(1));

/** @param {Uint8Array} bytes */
const latin1 = (bytes) => Buffer.from(bytes).toString("latin1");

/** Strip what may be damaged: nothing but "malformed" is thrown, and what comes out is stable. @param {Uint8Array} bytes */
function parses(bytes) {
  let out;
  try {
    out = stripJpeg(bytes);
  } catch (error) {
    assert.ok(error instanceof PledgeError && error.code === "malformed", String(error));
    return false;
  }
  assert.deepEqual(stripJpeg(out), out);
  return true;
}

test("a photo keeps its picture and its orientation, and nothing else", () => {
  assert.ok(latin1(photo()).includes(SECRET));
  const out = stripJpeg(photo());
  const orientation = out.slice(20, 56);
  assert.deepEqual(out, concat(SOI, JFIF_ALONE, orientation, DRAWN_REST));
  assert.equal(orientationIn(orientation.subarray(4)), 6);
  assert.ok(!latin1(out).includes(SECRET));
  assert.deepEqual(stripJpeg(out), out);
});

test("each orientation stays, in either byte order; none is written for an upright picture", () => {
  for (const little of [true, false]) {
    for (let value = 0; value <= 9; value += 1) {
      const out = stripJpeg(concat(SOI, segment(0xe1, exif(value, little)), FRAME, SCAN, EOI));
      const turned = value >= 2 && value <= 8;
      assert.equal(out.length, 2 + (turned ? 36 : 0) + FRAME.length + SCAN.length + 2);
      assert.equal(orientationIn(out.subarray(6)), turned ? value : null);
    }
  }
});

test("EXIF data that cannot be read goes", () => {
  for (let length = 0; length < 40; length += 1) {
    const out = stripJpeg(concat(SOI, segment(0xe1, exif(6).subarray(0, length)), FRAME, SCAN, EOI));
    assert.ok(
      out.length === 36 + 4 + FRAME.length + SCAN.length || out.length === 4 + FRAME.length + SCAN.length,
    );
  }
});

test("a progressive file keeps every table and scan byte for byte", () => {
  const out = stripJpeg(progressive());
  assert.deepEqual(out, concat(SOI, ...PROGRESSIVE_PARTS, EOI));
  assert.deepEqual(stripJpeg(out), out);
});

test("a longer Adobe segment is cut", () => {
  const payload = Uint8Array.of(0, 100, 0, 0, 0, 0, 1);
  const out = stripJpeg(concat(SOI, segment(0xee, "Adobe", payload, SECRET), FRAME, SCAN, EOI));
  assert.deepEqual(out, concat(SOI, segment(0xee, "Adobe", payload), FRAME, SCAN, EOI));
});

/** @type {[string, ...Uint8Array[]][]} */
const BROKEN = [
  ["nothing in it", EOI],
  ["a scan before its frame", SCAN, FRAME, EOI],
  ["no scan", FRAME, EOI],
  ["two frames", FRAME, FRAME, SCAN, EOI],
  ["a second start", SOI, FRAME, SCAN, EOI],
  ["an unknown marker", segment(0xf7, SECRET), FRAME, SCAN, EOI],
  ["bytes between segments", FRAME, Uint8Array.of(0), SCAN, EOI],
  ["a scan of another component", FRAME, segment(0xda, Uint8Array.of(1, 2, 0, 0, 63, 0)), SCAN, EOI],
  ["a table with more in it", segment(0xdb, new Uint8Array(65), SECRET), FRAME, SCAN, EOI],
  ["codes with more in it", segment(0xc4, new Uint8Array(17), SECRET), FRAME, SCAN, EOI],
  ["a restart interval with more in it", segment(0xdd, SECRET), FRAME, SCAN, EOI],
  ["a number of lines before the first scan", segment(0xdc, Uint8Array.of(0, 1)), FRAME, SCAN, EOI],
  ["a short JFIF segment", segment(0xe0, "JFIF\0"), FRAME, SCAN, EOI],
  ["no end", FRAME, SCAN],
  ["too many segments", ...new Array(5000).fill(segment(0xfe)), FRAME, SCAN, EOI],
];
for (const [what, ...parts] of BROKEN) {
  test(`a file is refused with ${what}`, () => {
    assert.throws(() => stripJpeg(concat(SOI, ...parts)), MALFORMED);
  });
}

test("a file that is cut off is refused wherever the cut is", () => {
  for (const whole of [stripJpeg(photo()), concat(SOI, ...PROGRESSIVE_PARTS, EOI)]) {
    for (let length = 0; length < whole.length; length += 1) {
      assert.throws(() => stripJpeg(whole.subarray(0, length)), MALFORMED);
    }
  }
  for (let length = 0; length < photo().length; length += 1) parses(photo().subarray(0, length));
});

test("a damaged file is refused or gives one that parses", () => {
  const parsed = [photo(), progressive()].flatMap((file) => Array.from(mutations(file, 3000), parses));
  assert.ok(parsed.includes(true) && parsed.includes(false));
});

test("a large file does not take long", () => {
  const data = new Uint8Array(16 * 1024 * 1024);
  for (let index = 0; index < data.length; index += 2) data[index] = 0xff;
  const file = concat(SOI, FRAME, SCAN, data, EOI);
  assert.equal(stripJpeg(file).length, file.length);
});
