/** Streams of bytes, made and read at once, for tests. */

import { concat } from "../src/bytes.js";
import { chunksOf, streamOf } from "../src/streams.js";

/** @typedef {import("../src/bytes.js").Bytes} Bytes */

/** @param {import("../src/streams.js").Chunks} chunks */
export async function join(chunks) {
  const joined = [];
  for await (const chunk of chunksOf(chunks)) joined.push(chunk);
  return concat(...joined);
}

/**
 * @param {Bytes} bytes
 * @param {number} size
 */
export function* pieces(bytes, size) {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

/**
 * @param {Bytes} bytes
 * @param {number} [size] of a chunk
 */
export function stream(bytes, size = 10_000) {
  return streamOf(chunksOf(pieces(bytes, size)));
}
