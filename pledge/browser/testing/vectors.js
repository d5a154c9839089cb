/** The vectors that pytest reads too. A file that is missing fails. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { PledgeError } from "../src/errors.js";

/**
 * @param {string} topic
 * @returns {any} a file of vectors, with at least one of each sort
 */
export function vectors(topic) {
  const file = new URL(`../../../tests/vectors/${topic}.json`, import.meta.url);
  const read = JSON.parse(readFileSync(file, "utf8"));
  assert.ok(read.source, `${topic}.json names its source`);
  const lists = Object.values(read).filter(Array.isArray);
  assert.ok(lists.length > 0 && lists.every(({ length }) => length > 0), `${topic}.json has cases`);
  return read;
}

/**
 * @param {string} topic
 * @returns {any[]}
 */
export function cases(topic) {
  return vectors(topic).cases;
}

/**
 * Expect an error of this project.
 * @param {() => unknown} act
 * @param {string} [code]
 */
export async function refuses(act, code) {
  await assert.rejects(
    async () => act(),
    (error) => {
      assert.ok(error instanceof PledgeError, `not an error of this project: ${error}`);
      if (code !== undefined) assert.equal(error.code, code);
      return true;
    },
  );
}
