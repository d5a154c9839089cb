import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../src/bytes.js";
import { ByteSource, chunksOf, streamOf, withError } from "../src/streams.js";
import { join } from "../testing/bytes.js";

async function* busy() {
  for (let chunk = 0; chunk < 20; chunk += 1) {
    const until = performance.now() + 10;
    while (performance.now() < until);
    yield new Uint8Array(1);
  }
}

test("others have their turn while a long stream is read", async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  assert.equal((await join(streamOf(busy()))).length, 20);
  clearInterval(timer);
  assert.ok(turns >= 5, `${turns}`);
});

test("bytes are taken in any sizes, and the source is let go of", async () => {
  let isLetGo = false;
  async function* chunks() {
    try {
      for (const chunk of ["ab", "", "cde"]) yield utf8(chunk);
    } finally {
      isLetGo = true;
    }
  }
  const source = new ByteSource(chunks());
  const taken = [];
  for (const limit of [1, 5, 3]) taken.push((await source.next(limit))?.length);
  assert.deepEqual(taken, [1, 1, 3]);
  assert.equal(isLetGo, false);
  await source.close();
  assert.equal(isLetGo, true);
  assert.equal(await source.next(1), null);
});

test("what a stream gives is cut, and stays the same", async () => {
  const bytes = new Uint8Array(200_000).map((_, index) => index);
  const lengths = [];
  for await (const { length } of chunksOf(new Blob([bytes]))) lengths.push(length);
  assert.ok(lengths.every((length) => length <= 65_536));
  assert.deepEqual(await join(new Blob([bytes])), bytes);
});

test("an error is told as another, and what is not wanted is cancelled", async () => {
  const failing = new ReadableStream({ pull: (controller) => controller.error(new Error("one")) });
  await assert.rejects(join(withError(failing, () => new Error("other"))), /^Error: other$/);
  /** @type {unknown[]} */
  const reasons = [];
  const open = new ReadableStream({ cancel: (reason) => void reasons.push(reason) });
  await withError(open, () => null).cancel("enough");
  for await (const _ of chunksOf([utf8("x")])) break;
  assert.deepEqual(reasons, ["enough"]);
});
