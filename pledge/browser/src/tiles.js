/**
 * A consistency proof, made from a log's tiles (C2SP tlog-tiles). Nothing here trusts them: a proof that was made from
 * wrong tiles does not verify.
 *
 *     tile at level L = the roots of up to 256 complete subtrees of 256^L entries each; bytes: hash[32] × width
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 * @typedef {(path: string) => Promise<Bytes>} GetTile gives a tile by its path under the log's prefix
 */

import { malformed } from "./errors.js";
import { HASH_BYTES, nodeHash, rootHash } from "./tlog.js";

const HEIGHT = 8;
const WIDTH = 256n;

/**
 * Prove that a tree of a size only grew from another, not empty one: PROOF(old, D[size]) (RFC 9162, section 2.1.4.1).
 *
 * Asks for at most two tiles a level; which ones tells the server between which 256 entries the old tree ended.
 * @param {bigint} old 1 to size
 * @param {bigint} size
 * @param {GetTile} getTile
 * @returns {Promise<Bytes[]>} at most 63 hashes
 */
export async function consistencyProof(old, size, getTile) {
  /** @type {Map<string, Promise<Bytes>>} */
  const asked = new Map();
  const tree = new Tree(size, (path) => {
    const tile = asked.get(path) ?? getTile(path);
    asked.set(path, tile);
    return tile;
  });
  const proof = [];
  let [start, end] = [0n, size];
  while (old !== end) {
    const split = start + (1n << BigInt(heightOf(end - start - 1n)));
    if (old <= split) {
      proof.push(await tree.subtree(split, end));
      end = split;
    } else {
      proof.push(await tree.subtree(start, split));
      start = split;
    }
  }
  // The old tree's own last subtree, unless it is the whole old tree, which the verifier knows.
  if (start > 0n) proof.push(await tree.subtree(start, end));
  return proof.reverse();
}

/**
 * Write the path of a tile: `tile/<L>/<N>[.p/<W>]`, N in groups of three digits, all but the last with an x before them.
 * @param {number} level
 * @param {bigint} index
 * @param {bigint} width 1 to 256
 */
export function tilePath(level, index, width) {
  const digits = index.toString();
  const padded = digits.padStart(3 * Math.ceil(digits.length / 3), "0");
  const groups = padded.replace(/\d{3}(?=\d)/g, "x$&/");
  return `tile/${level}/${groups}${width === WIDTH ? "" : `.p/${width}`}`;
}

/** The subtrees of one tree. */
class Tree {
  /**
   * @param {bigint} size
   * @param {GetTile} getTile
   */
  constructor(size, getTile) {
    this.size = size;
    this.getTile = getTile;
  }

  /**
   * Give the root over the entries from start to end; start is a multiple of a power of two not below their number.
   * @param {bigint} start
   * @param {bigint} end
   */
  async subtree(start, end) {
    const nodes = [];
    for (let from = start; from < end; ) {
      const height = heightOf(end - from);
      nodes.push(await this.#node(height, from >> BigInt(height)));
      from += 1n << BigInt(height);
    }
    return nodes.reduceRight((root, node) => nodeHash(node, root));
  }

  /**
   * @param {number} height
   * @param {bigint} index of the complete subtree of that height
   */
  async #node(height, index) {
    const [level, inner] = [Math.floor(height / HEIGHT), BigInt(height % HEIGHT)];
    const first = index << inner;
    const tile = first / WIDTH;
    const there = (this.size >> BigInt(HEIGHT * level)) - tile * WIDTH;
    const width = there < WIDTH ? there : WIDTH;
    const bytes = await this.getTile(tilePath(level, tile, width));
    if (bytes.length !== Number(width) * HASH_BYTES) throw malformed("A tile of the log is cut short.");
    const at = Number(first % WIDTH);
    const hashes = Array.from({ length: 1 << Number(inner) }, (_, place) =>
      bytes.slice((at + place) * HASH_BYTES, (at + place + 1) * HASH_BYTES),
    );
    return rootHash(hashes);
  }
}

/**
 * The height of the largest complete subtree that fits into so many entries.
 * @param {bigint} entries at least 1
 */
function heightOf(entries) {
  return entries.toString(2).length - 1;
}
