import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { unzipSync } from "fflate";
import {
  fileEntryName,
  MANIFEST,
  readDirectory,
  readEntries,
  SIZE_CLASSES,
  sizeClass,
  TAIL_BYTES,
  writeArchive,
} from "../src/archive.js";
import { concat, text, utf8 } from "../src/bytes.js";
import { crc32, crc32OfZeros } from "../src/crc32.js";
import { chunksOf, streamOf } from "../src/streams.js";
import { join, pieces } from "../testing/bytes.js";
import { refuses, vectors } from "../testing/vectors.js";

/** @typedef {import("../src/bytes.js").Bytes} Bytes */

const { cases, refused } = vectors("archive");

/** @type {(encoded: string) => Bytes} */
const inflate = (encoded) => new Uint8Array(inflateSync(Buffer.from(encoded, "base64")));

/**
 * @param {[string, Bytes][]} files
 * @param {Bytes} [manifest]
 */
function pack(files, manifest = utf8("{}")) {
  const entries = files.map(([name, data], index) => [fileEntryName(index + 1, name), [data]]);
  return join(writeArchive(/** @type {[string, Bytes[]][]} */ ([...entries, [MANIFEST, [manifest]]])));
}

/**
 * @param {Bytes} archive
 * @param {number} [chunk]
 */
async function unpack(archive, chunk = 1_000) {
  const content = readDirectory(archive.slice(-TAIL_BYTES), archive.length);
  /** @type {{[name: string]: Uint8Array}} */
  const unpacked = {};
  for await (const [{ name }, data] of readEntries(pieces(archive, chunk), content)) {
    unpacked[name] = await join(data);
  }
  return unpacked;
}

for (const { what, files, manifest, archive } of cases) {
  test(`an archive is written, read, and read by others: ${what}`, async () => {
    /** @type {[string, Bytes][]} */
    const given = files.map((/** @type {{name: string, data: string}} */ { name, data }) => [
      name,
      inflate(data),
    ]);
    const expected = Object.fromEntries(given.map(([name, data], n) => [fileEntryName(n + 1, name), data]));
    expected[MANIFEST] = inflate(manifest);
    const written = await pack(given, inflate(manifest));
    assert.deepEqual(written, inflate(archive));
    for (const chunk of [7, 4_096, 1 << 20]) assert.deepEqual(await unpack(written, chunk), expected);
    const sizes = Object.entries(expected).map(([name, { length }]) => ({ name, sizeBytes: length }));
    assert.equal(sizeClass(sizes), written.length);
    const { padding, ...others } = unzipSync(written);
    assert.deepEqual(others, expected);
    assert.ok(padding?.every((byte) => byte === 0));
  });
}

for (const { what, at, archive } of refused) {
  test(`an archive is refused: ${what}`, async () => {
    const bytes = inflate(archive);
    if (at === "entries") readDirectory(bytes.slice(-TAIL_BYTES), bytes.length);
    await refuses(() => unpack(bytes), "malformed");
  });
}

test("any byte changed is noticed", async () => {
  const archive = await pack([["a.txt", utf8("some content")]], utf8('{"type":"tip/v1"}'));
  const places = Array.from(archive.keys());
  for (const place of [...places.slice(0, 300), ...places.slice(-300)]) {
    const changed = archive.slice();
    changed[place] = /** @type {number} */ (changed[place]) ^ 1;
    await refuses(() => unpack(changed, 4_096), "malformed");
  }
});

test("any byte missing or added behind a directory is noticed", async () => {
  const archive = await pack([["a.txt", utf8("some content")]]);
  const content = readDirectory(archive, archive.length);
  const changed = [
    archive.slice(0, -1),
    archive.slice(0, 100),
    new Uint8Array(),
    concat(archive, "\0"),
    archive.slice(1),
  ];
  for (const chunk of changed) {
    await refuses(async () => {
      for await (const [, data] of readEntries([chunk], content)) await join(data);
    }, "malformed");
  }
});

test("files come as blobs, streams and iterables, and chunks may be empty", async () => {
  const halves = [utf8("some "), new Uint8Array(), utf8("content")];
  const stream = streamOf(chunksOf(halves));
  const archives = [new Blob(halves), stream, halves, chunksOf(halves)].map((data) =>
    join(
      writeArchive([
        ["files/1-a", data],
        [MANIFEST, [utf8("{}")]],
      ]),
    ),
  );
  const expected = await pack([["a", utf8("some content")]]);
  for (const archive of archives) assert.deepEqual(await archive, expected);
  assert.equal(text(/** @type {Bytes} */ ((await unpack(expected))["files/1-a"])), "some content");
});

test("a manifest can tell of the files before it, and an archive is written only as it is read", async () => {
  /** @type {string[]} */
  const taken = [];
  async function* file() {
    taken.push("file");
    yield utf8("content");
  }
  /** @returns {AsyncGenerator<[string, import("../src/streams.js").Chunks]>} */
  async function* entries() {
    yield ["files/1-a", file()];
    yield [MANIFEST, [utf8(taken.join())]];
  }
  const stream = streamOf(writeArchive(entries()));
  assert.deepEqual(taken, []);
  const unpacked = await unpack(await join(stream));
  assert.equal(text(/** @type {Bytes} */ (unpacked[MANIFEST])), "file");
});

test("what is not taken of an archive is checked all the same, and its source let go of", async () => {
  const archive = await pack([
    ["a.txt", utf8("some content")],
    ["b.txt", utf8("other")],
  ]);
  const content = readDirectory(archive, archive.length);
  const names = [];
  for await (const [{ name }, data] of readEntries(pieces(archive, 1), content)) {
    names.push(name);
    for await (const _ of data) break;
  }
  assert.deepEqual(names, ["files/1-a.txt", "files/2-b.txt", MANIFEST]);
  const changed = archive.slice();
  changed.set(utf8("same"), Buffer.from(archive).indexOf("some"));
  await refuses(async () => {
    for await (const _ of readEntries([changed], content));
  }, "malformed");
  let isCancelled = false;
  const source = new ReadableStream({
    pull: (controller) => controller.enqueue(archive),
    cancel: () => {
      isCancelled = true;
    },
  });
  for await (const _ of readEntries(source, content)) break;
  assert.ok(isCancelled);
});

test("other entries make no archive", async () => {
  /** @type {string[][]} */
  const others = [
    [],
    ["files/1-a"],
    [MANIFEST, "files/1-a"],
    [MANIFEST, MANIFEST],
    ["files/2-a", MANIFEST],
    ["files/1-a/b", MANIFEST],
    ["/etc/passwd", MANIFEST],
    ["padding", MANIFEST],
    [...Array.from({ length: 101 }, (_, n) => `files/${n + 1}-a`), MANIFEST],
  ];
  for (const names of others) {
    /** @type {[string, Bytes[]][]} */
    const entries = names.map((name) => [name, []]);
    await refuses(() => join(writeArchive(entries)), "malformed");
  }
});

test("more than fits is refused as it comes", async () => {
  assert.equal(SIZE_CLASSES.at(-1), 512 << 20);
  const large = new Uint8Array((512 << 20) + 1);
  await refuses(async () => {
    for await (const _ of writeArchive([["files/1-a", [large]]]));
  }, "too-large");
  const name = "files/1-a";
  assert.equal(sizeClass([{ name, sizeBytes: 500 << 20 }]), 512 << 20);
  await refuses(() => sizeClass([{ name, sizeBytes: 512 << 20 }]), "too-large");
});

test("checksums are those of ZIP, and zeros need not be gone through", () => {
  assert.equal(crc32(utf8("123456789")), 0xcbf43926);
  assert.equal(crc32(utf8("6789"), crc32(utf8("12345"))), 0xcbf43926);
  for (const count of [0, 1, 2, 3, 255, 65_536, 1_000_003]) {
    assert.equal(crc32OfZeros(count), crc32(new Uint8Array(count)), `${count} zeros`);
  }
});
