/** Orders drawn uniformly from all (Fisher and Yates). */

/** @type {() => number} */
const drawByte = () =>
  /** @type {[number]} */ (/** @type {unknown} */ (crypto.getRandomValues(new Uint8Array(1))))[0];

/**
 * @template T
 * @param {readonly T[]} items at most 256
 * @param {() => number} [byte] a random byte
 * @returns {T[]}
 */
export function shuffled(items, byte = drawByte) {
  const left = [...items];
  return items.flatMap(() => left.splice(drawBelow(left.length, byte), 1));
}

/**
 * Draw a number from 0 to `bound` - 1, each as likely; a byte that would favour some is drawn again.
 * @param {number} bound 1 to 256
 * @param {() => number} [byte] a random byte
 */
export function drawBelow(bound, byte = drawByte) {
  const fair = 256 - (256 % bound);
  let drawn = byte();
  while (drawn >= fair) drawn = byte();
  return drawn % bound;
}
