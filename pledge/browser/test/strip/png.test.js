import assert from "node:assert/strict";
import { test } from "node:test";
import { concat } from "../../src/bytes.js";
import { PledgeError } from "../../src/errors.js";
import { orientationTiff } from "../../src/strip/orientation.js";
import { stripPng } from "../../src/strip/png.js";
import { mutations } from "../../testing/mutations.js";
import {
  chunk,
  chunksOf,
  DRAWN_PNG,
  number,
  PLAIN_CHUNKS,
  SECRET,
  screenshot,
  toldChunks,
} from "../../testing/pictures.js";

const MALFORMED = { name: "PledgeError", code: "malformed" };
const SIGNATURE = DRAWN_PNG.subarray(0, 8);
const DRAWN = chunksOf(DRAWN_PNG);
const END = chunk("IEND");
const DATA = chunk("IDAT", Uint8Array.of(1));
const COLOURS = chunk("PLTE", Uint8Array.of(1, 2, 3, 4, 5, 6));

/** @param {number} colour */
const header = (colour, depth = 8) =>
  chunk("IHDR", number(20), number(12), Uint8Array.of(depth, colour, 0, 0, 0));

/** @type {(...chunks: Uint8Array[]) => Uint8Array} */
const png = (...chunks) => concat(SIGNATURE, ...chunks);

/** @param {number} sequence */
const frame = (sequence, width = 20) =>
  chunk("fcTL", number(sequence), number(width), number(12), new Uint8Array(14));

/** @param {number} sequence */
const moved = (sequence) => chunk("fdAT", number(sequence), Uint8Array.of(5));

/** @param {number} frames */
const moving = (frames) => chunk("acTL", number(frames), number(0));

/** @param {Uint8Array} bytes */
function parses(bytes) {
  let out;
  try {
    out = stripPng(bytes);
  } catch (error) {
    assert.ok(error instanceof PledgeError && error.code === "malformed", String(error));
    return false;
  }
  assert.deepEqual(stripPng(out), out);
  return true;
}

test("a screenshot keeps its picture, plain numbers and orientation, and nothing else", () => {
  const file = screenshot();
  assert.ok(Buffer.from(file).includes(SECRET));
  const out = stripPng(file);
  const [first, ...rest] = DRAWN;
  const turned = chunk("eXIf", orientationTiff(6));
  assert.deepEqual(out, png(/** @type {Uint8Array} */ (first), turned, ...PLAIN_CHUNKS, ...rest));
  assert.ok(!Buffer.from(out).includes(SECRET));
  assert.deepEqual(stripPng(out), out);
});

/** @type {[string, ...Uint8Array[]][]} */
const WHOLE = [
  ["a palette with transparency", header(3), COLOURS, chunk("tRNS", Uint8Array.of(0)), DATA, DATA, END],
  ["one transparent grey", header(0, 1), chunk("tRNS", Uint8Array.of(0, 1)), DATA, END],
  ["an animation", header(6), moving(2), frame(0), DATA, DATA, frame(1, 5), moved(2), moved(3), END],
  ["an animation apart from its picture", header(6), moving(1), DATA, frame(0, 5), moved(1), END],
];
for (const [what, ...chunks] of WHOLE) {
  test(`${what} stays as it is`, () => assert.deepEqual(stripPng(png(...chunks)), png(...chunks)));
}

/** @type {[string, ...Uint8Array[]][]} */
const BROKEN = [
  ["no header", DATA, END],
  ["a header of no known type", header(5), DATA, END],
  ["no picture", header(6), END],
  ["no palette", header(3), DATA, END],
  ["a palette for greys", header(0), COLOURS, DATA, END],
  ["transparency of another length", header(0), chunk("tRNS", SECRET), DATA, END],
  ["picture data in two places", header(6), DATA, ...toldChunks(), DATA, END],
  ["an unknown critical chunk", header(6), chunk("SECR"), DATA, END],
  ["a second header", header(6), header(6), DATA, END],
  ["something in its end", header(6), DATA, chunk("IEND", SECRET)],
  ["no end", header(6), DATA],
  ["a frame and no animation", header(6), DATA, frame(0), moved(1), END],
  ["a frame too few", header(6), moving(2), frame(0), DATA, END],
  ["a frame out of sequence", header(6), moving(2), frame(0), DATA, frame(2), moved(1), END],
  ["a frame without data", header(6), moving(2), frame(0), DATA, frame(1), END],
  ["a frame with data of both kinds", header(6), moving(1), frame(0), DATA, moved(1), END],
  ["a frame beyond the canvas", header(6), moving(1), DATA, frame(0, 21), moved(1), END],
];
for (const [what, ...chunks] of BROKEN) {
  test(`a file is refused with ${what}`, () => assert.throws(() => stripPng(png(...chunks)), MALFORMED));
}

test("a file with a wrong checksum is refused, even of a text", () => {
  const text = chunk("tEXt", "a\0b");
  text[text.length - 1] = (text[text.length - 1] ?? 0) ^ 1;
  assert.throws(() => stripPng(png(header(6), text, DATA, END)), MALFORMED);
});

test("a file that is cut off is refused wherever the cut is", () => {
  const file = screenshot();
  for (let length = 0; length < file.length - SECRET.length; length += 1) {
    assert.throws(() => stripPng(file.subarray(0, length)), MALFORMED);
  }
});

test("a damaged file is refused or gives one that parses", () => {
  const parsed = Array.from(mutations(screenshot(), 4000), parses);
  assert.ok(parsed.includes(true) && parsed.includes(false));
});

test("chunks in any order are refused or give a file that parses", () => {
  const chunks = [header(6), ...PLAIN_CHUNKS, moving(2), frame(0), DATA, frame(1), moved(2), END];
  for (const order of mutations(Uint8Array.from(chunks.keys()), 2000)) {
    parses(png(...Array.from(order, (index) => chunks[index % chunks.length] ?? END)));
  }
});

test("as many chunks as small ones make are joined", () => {
  const file = png(header(6), ...new Array(60_000).fill(DATA), END);
  assert.equal(stripPng(file).length, file.length);
});
