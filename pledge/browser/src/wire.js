/** The SSH wire encoding (RFC 4251, section 5): what SSH keys and signatures are made of. */

import { concat, utf8 } from "./bytes.js";
import { malformed } from "./errors.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */

const MAX_NAME_BYTES = 64;

/** Reads bytes from front to back; every method refuses to read past the end. */
export class WireReader {
  /** @type {Bytes} */
  #bytes;
  #offset = 0;

  /** @param {Bytes} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
  }

  /**
   * @param {number} length
   * @returns {Bytes}
   */
  take(length) {
    if (length > this.#bytes.length - this.#offset)
      throw malformed("An SSH key or signature ends too early.");
    this.#offset += length;
    return this.#bytes.slice(this.#offset - length, this.#offset);
  }

  /** uint32, big-endian. */
  uint32() {
    const bytes = this.take(4);
    return new DataView(bytes.buffer).getUint32(0);
  }

  /** string: a length and that many bytes. */
  string() {
    return this.take(this.uint32());
  }

  /** A string that names something: 1–64 printable ASCII characters without a space (RFC 4251, section 6). */
  name() {
    const name = String.fromCharCode(...this.string().subarray(0, MAX_NAME_BYTES + 1));
    if (!/^[!-~]{1,64}$/.test(name)) throw malformed("A name in an SSH key or signature is not one.");
    return name;
  }

  /**
   * mpint, positive, in its shortest form.
   * @returns {Bytes} big-endian, without a leading zero
   */
  positive() {
    const bytes = this.string();
    const [first, second] = bytes;
    if (first === undefined || first > 0x7f || (first === 0 && (second === undefined || second < 0x80))) {
      throw malformed("A number in an SSH key or signature is not positive, or not in its shortest form.");
    }
    return first === 0 ? bytes.slice(1) : bytes;
  }

  /** Nothing may be left. */
  end() {
    if (this.#offset !== this.#bytes.length)
      throw malformed("An SSH key or signature is longer than it should be.");
  }
}

/**
 * Write a string: its length and its bytes.
 * @param {Uint8Array | string} value
 * @returns {Bytes}
 */
export function wireString(value) {
  const bytes = typeof value === "string" ? utf8(value) : value;
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concat(length, bytes);
}
