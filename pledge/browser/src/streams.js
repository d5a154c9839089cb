/**
 * Streams of bytes, in whichever form a browser has them.
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 * @typedef {Blob | ReadableStream<Bytes> | AsyncIterable<Bytes> | Iterable<Bytes>} Chunks
 */

const CHUNK_BYTES = 65_536;

/**
 * Give chunks one after the other, those of a stream cut to 64 KiB, since a browser may read a file in pieces that take
 * long to work on. Whoever stops early lets go of where they come from.
 * @param {Chunks} source
 * @returns {AsyncGenerator<Bytes, void, void>}
 */
export async function* chunksOf(source) {
  const stream = source instanceof Blob ? source.stream() : source;
  if (!(stream instanceof ReadableStream)) {
    yield* stream;
    return;
  }
  const reader = stream.getReader(); // not every browser can iterate over a stream
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield* cut(next.value);
  } finally {
    await reader.cancel();
  }
}

/**
 * @param {Bytes} chunk
 * @returns {Generator<Bytes, void, void>}
 */
function* cut(chunk) {
  for (let start = 0; start < chunk.length; start += CHUNK_BYTES)
    yield chunk.subarray(start, start + CHUNK_BYTES);
}

const LONG_MILLISECONDS = 16;

/**
 * Make a stream that asks for a chunk only when it is asked for one. It pauses now and then: streams hand on chunks
 * without ever leaving room for the page, which would stand still until the last one.
 * @param {AsyncGenerator<Bytes, void, void>} chunks
 * @returns {ReadableStream<Bytes>}
 */
export function streamOf(chunks) {
  let last = performance.now();
  /** @type {UnderlyingDefaultSource<Bytes>} */
  const source = {
    async pull(controller) {
      if (performance.now() - last > LONG_MILLISECONDS) {
        await pause();
        last = performance.now();
      }
      const next = await chunks.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await chunks.return();
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

/**
 * Let everything else that waits have its turn. Timers would do too, but are slow in a tab that is not looked at.
 * @returns {Promise<void>}
 */
export function pause() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/**
 * Give what a stream gives, and another error where it ends in one.
 * @param {ReadableStream<Bytes>} stream
 * @param {() => unknown} errorInstead
 * @returns {ReadableStream<Bytes>}
 */
export function withError(stream, errorInstead) {
  const reader = stream.getReader();
  /** @type {UnderlyingDefaultSource<Bytes>} */
  const source = {
    async pull(controller) {
      const next = await reader.read().catch(() => {
        throw errorInstead();
      });
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: (reason) => reader.cancel(reason),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

/** Takes bytes from chunks of any size, as many as are wanted. */
export class ByteSource {
  /** @type {AsyncGenerator<Bytes, void, void>} */
  #chunks;
  /** @type {Bytes} */
  #rest = new Uint8Array();

  /** @param {Chunks} chunks */
  constructor(chunks) {
    this.#chunks = chunksOf(chunks);
  }

  /**
   * @param {number} limit 1 or more
   * @returns {Promise<Bytes | null>} the next 1 to `limit` bytes; null at the end
   */
  async next(limit) {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return null;
      this.#rest = next.value;
    }
    const piece = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /** Let go of where the bytes come from. */
  async close() {
    await this.#chunks.return();
  }
}
