/** The CRC-32 of ZIP and gzip (RFC 1952, section 8; the polynomial in reversed bits). */

const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000; // the polynomial 1, in reversed bits

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = timesX(value);
  return value;
});

/**
 * @param {Uint8Array} bytes
 * @param {number} [crc] of the bytes before
 * @returns {number} from 0 to 2^32 - 1
 */
export function crc32(bytes, crc = 0) {
  let value = ~crc;
  for (let index = 0; index < bytes.length; index += 1) {
    value =
      /** @type {number} */ (TABLE[(value ^ /** @type {number} */ (bytes[index])) & 0xff]) ^ (value >>> 8);
  }
  return ~value >>> 0;
}

/**
 * The CRC-32 of so many zero bytes, without going through them: each multiplies by x^8, modulo the polynomial.
 * @param {number} count 0 to 2^32 - 1
 */
export function crc32OfZeros(count) {
  let value = 0xffffffff;
  let power = ONE >>> 8; // x^8
  for (let left = count; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) value = times(value, power);
    power = times(power, power);
  }
  return ~value >>> 0;
}

/** @param {number} value */
function timesX(value) {
  return value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
}

/**
 * @param {number} one
 * @param {number} other
 */
function times(one, other) {
  let product = 0;
  let shifted = other;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if (one & bit) product ^= shifted;
    shifted = timesX(shifted);
  }
  return product;
}
