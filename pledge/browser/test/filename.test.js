import assert from "node:assert/strict";
import { test } from "node:test";
import { fitName } from "../src/filename.js";
import { cases } from "../testing/vectors.js";

for (const { what, name, fit } of cases("filename")) {
  test(`a name is made fit, and stays so: ${what}`, () => {
    assert.equal(fitName(name), fit);
    assert.equal(fitName(fit), fit);
  });
}
