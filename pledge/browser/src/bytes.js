/**
 * Bytes and the texts that carry them. Every decoder is strict: what it reads, the encoder writes again.
 *
 * @typedef {Uint8Array<ArrayBuffer>} Bytes
 */

import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { malformed } from "./errors.js";

const MAX_NUMBER = 2n ** 63n - 1n;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @type {(text: string) => Bytes} */
export const utf8 = (text) => encoder.encode(text);

/**
 * Decode UTF-8; invalid sequences are refused and a byte order mark is kept.
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function text(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    throw malformed("This is not UTF-8 text.");
  }
}

/**
 * @param {...(Uint8Array | string)} parts strings stand for their UTF-8
 * @returns {Bytes}
 */
export function concat(...parts) {
  const arrays = parts.map((part) => (typeof part === "string" ? utf8(part) : part));
  const joined = new Uint8Array(arrays.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of arrays) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/**
 * Compare public bytes; not in constant time.
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
export function equal(a, b) {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) {
    if (a[index] !== b[index]) return false; // every() takes four times as long
  }
  return true;
}

/**
 * SHA-256 of the parts, joined (FIPS 180-4).
 * @param {...(Uint8Array | string)} parts
 * @returns {Bytes} 32 bytes
 */
export function sha256(...parts) {
  return new Uint8Array(nobleSha256(concat(...parts)));
}

/** @type {(bytes: Uint8Array) => string} */
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Read an unsigned number, its lowest byte first. @type {(bytes: Uint8Array) => bigint} */
export const littleEndian = (bytes) => BigInt(`0x${hex(bytes.slice().reverse())}`);

/**
 * Read lower-case hex.
 * @param {string} encoded
 * @param {number} length in bytes
 * @returns {Bytes}
 */
export function fromHex(encoded, length) {
  if (encoded.length !== 2 * length || !/^[0-9a-f]*$/.test(encoded)) {
    throw malformed("This is not %(bytes)s bytes in lower-case hex.", { bytes: length });
  }
  return Uint8Array.from({ length }, (_, index) =>
    Number.parseInt(encoded.slice(2 * index, 2 * index + 2), 16),
  );
}

/** Standard base64 with padding (RFC 4648, section 4). @type {(bytes: Uint8Array) => string} */
export function base64(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/**
 * Read standard base64 with padding: no white space, no missing padding, unused bits zero.
 * @param {string} encoded
 * @returns {Bytes}
 */
export function fromBase64(encoded) {
  let binary;
  try {
    binary = atob(encoded);
  } catch {
    throw malformed("This is not base64.");
  }
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  if (base64(bytes) !== encoded) throw malformed("This is not base64 in its one canonical form.");
  return bytes;
}

/** base64url without padding (RFC 4648, section 5). @type {(bytes: Uint8Array) => string} */
export const base64url = (bytes) =>
  base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/**
 * Read base64url without padding, canonical.
 * @param {string} encoded
 * @returns {Bytes}
 */
export function fromBase64url(encoded) {
  const padding = "=".repeat((4 - (encoded.length % 4)) % 4);
  const bytes = fromBase64(encoded.replaceAll("-", "+").replaceAll("_", "/") + padding);
  if (base64url(bytes) !== encoded) throw malformed("This is not base64url without padding.");
  return bytes;
}

/**
 * Read a whole number from 0 to 2^63 - 1 in decimal, without sign or leading zero: what the formats of C2SP hold.
 * @param {string} decimal
 */
export function fromDecimal(decimal) {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(decimal) || BigInt(decimal) > MAX_NUMBER) {
    throw malformed("This is not a decimal from 0 to 2^63 - 1.");
  }
  return BigInt(decimal);
}
