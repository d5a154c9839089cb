import assert from "node:assert/strict";
import { test } from "node:test";
import { concat } from "../../src/bytes.js";
import { stripJpeg } from "../../src/strip/jpeg.js";
import { WARNINGS } from "../../src/strip/kinds.js";
import { stripPng } from "../../src/strip/png.js";
import { MAX_PICTURE_SIZE, stripped } from "../../src/strip/strip.js";
import { photo, screenshot } from "../../testing/pictures.js";

/** @param {Blob} blob */
const bytesOf = async (blob) => new Uint8Array(await blob.arrayBuffer());

test("pictures are known by their bytes, whatever their names", async () => {
  for (const { kind, file, strip } of [
    { kind: "jpeg", file: photo(), strip: stripJpeg },
    { kind: "png", file: screenshot(), strip: stripPng },
  ]) {
    const out = await stripped(new File([file], "letter.docx"));
    assert.deepEqual(await bytesOf(out.data), strip(file));
    assert.equal(out.data.type, `image/${kind}`);
    assert.deepEqual([out.kind, out.warning], [kind, null]);
    assert.equal(out.removedBytes, file.length - out.data.size);
  }
});

test("a picture that is damaged or too large stays as it is, with a warning", async () => {
  const start = photo().slice(0, 300);
  for (const parts of [[start], [start, new Uint8Array(MAX_PICTURE_SIZE)]]) {
    const file = new File(parts, "a.jpg");
    const out = await stripped(file);
    assert.equal(out.data, file);
    assert.deepEqual([out.kind, out.removedBytes], [null, 0]);
    assert.match(String(out.warning), /may say who made it/);
  }
});

/** @type {[string, string, keyof typeof WARNINGS | null][]} */
const OTHERS = [
  ["PK\x03\x04", "letter.docx", "office"],
  ["PK\x03\x04", "letter", "archive"],
  ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "letter", "office"],
  ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "letter.msg", "mail"],
  ["%PDF-1.7", "letter.txt", "pdf"],
  ["\0\0\0\x18ftypheic", "a.jpg", "picture"],
  ["\0\0\0\x18ftypisom", "a", "video"],
  ["\0\0\0\x18ftypM4A ", "a", "audio"],
  ["RIFF\0\0\0\0WEBP", "a", "picture"],
  ["RIFF\0\0\0\0WAVE", "a", "audio"],
  ["\x1aE\xdf\xa3", "a", "video"],
  ["7z\xbc\xaf\x27\x1c", "a", "archive"],
  [`${"\0".repeat(257)}ustar`, "a", "archive"],
  ['<?xml version="1.0"?><svg >', "a", "picture"],
  ["GIF89a", "a", "picture"],
  ["what", "A.MP3", "audio"],
  ["", "a.jpg", "picture"],
  ["plain", "notes.txt", null],
  ["plain", "", null],
];
for (const [start, name, kind] of OTHERS) {
  test(`${JSON.stringify(start.slice(-12))} named "${name}" gets the warning for ${kind}`, async () => {
    const bytes = concat(Uint8Array.from(start, (character) => character.charCodeAt(0)));
    const file = new File([bytes], name);
    const out = await stripped(file);
    assert.equal(out.data, file);
    assert.deepEqual([out.kind, out.removedBytes, out.warning], [null, 0, kind && WARNINGS[kind]]);
  });
}

test("a file without a name is gone through too", async () => {
  assert.equal((await stripped(new Blob([screenshot()]))).kind, "png");
});
