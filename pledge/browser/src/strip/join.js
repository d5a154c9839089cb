/** @typedef {import("../bytes.js").Bytes} Bytes */

/**
 * Join parts of a file; unlike concat, as many of them as there are.
 * @param {Uint8Array[]} parts
 * @returns {Bytes}
 */
export function joined(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/**
 * Whether the bytes at this place are these.
 * @param {Uint8Array} bytes
 * @param {string} latin1 one character for each byte
 */
export function has(bytes, latin1, offset = 0) {
  if (bytes.length < offset + latin1.length) return false;
  for (let index = 0; index < latin1.length; index += 1) {
    if (bytes[offset + index] !== latin1.charCodeAt(index)) return false;
  }
  return true;
}

/** @type {(bytes: Uint8Array) => DataView} */
export const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
