import { test } from "node:test";
import { checkFiles } from "../../src/tip/contents.js";
import { refuses, vectors } from "../../testing/vectors.js";

const { files, accepted, refused } = vectors("contents");

/** @param {{name: string, size_bytes: number, sha256: string}[]} found */
const read = (found) =>
  found.map(({ name, size_bytes, sha256 }) => ({ name, sizeBytes: size_bytes, sha256 }));

for (const { what, found } of accepted) {
  test(`files that a message names are taken: ${what}`, () => checkFiles(read(found), { files }));
}

for (const { what, found } of refused) {
  test(`files that a message does not name are refused: ${what}`, async () => {
    await refuses(() => checkFiles(read(found), { files }), "other-files");
  });
}
