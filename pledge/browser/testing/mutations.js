/** Damage to a file, the same on every run. */

/**
 * @param {Uint8Array} bytes
 * @param {number} count
 * @returns {Generator<Uint8Array<ArrayBuffer>>}
 */
export function* mutations(bytes, count) {
  let state = 0x2545f491;
  /** @param {number} limit */
  const random = (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  for (let index = 0; index < count; index += 1) {
    const mutated = Array.from(bytes);
    for (let changes = random(3); changes >= 0; changes -= 1) {
      const at = random(mutated.length);
      const kind = random(4);
      if (kind === 0) mutated[at] = random(256);
      else if (kind === 1) mutated[at] = 0xff;
      else if (kind === 2) mutated.splice(at, 1 + random(20));
      else mutated.splice(at, 0, ...mutated.slice(random(mutated.length)).slice(0, random(40)));
    }
    yield Uint8Array.from(mutated);
  }
}
