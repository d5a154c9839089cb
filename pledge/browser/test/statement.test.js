import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBase64, fromHex, hex, sha256, text, utf8 } from "../src/bytes.js";
import { formatJson, parseJson } from "../src/canonical.js";
import { commit, verifyOpening } from "../src/commitment.js";
import { formatEnvelope, kindOf, pae, parseEnvelope } from "../src/dsse.js";
import { parseStatement } from "../src/statement.js";
import { refuses, vectors } from "../testing/vectors.js";

/** The kinds that a browser signs or meets in a receipt or in the tip line. */
const KNOWN = ["signing", "renewal", "withdrawal", "genesis", "key", "key-revocation", "tip-digest"];

const canonical = vectors("canonical");
const dsse = vectors("dsse");
const commitments = vectors("commitments");
const statements = vectors("statements");

for (const { hex: encoded, verdict, why, text: shown } of canonical.cases) {
  test(`JSON is ${verdict}: ${why || shown}`, async () => {
    const bytes = fromHex(encoded, encoded.length / 2);
    if (verdict === "accepted") assert.deepEqual(formatJson(parseJson(bytes)), bytes);
    else await refuses(() => parseJson(bytes), "malformed");
  });
}

test("values are written as RFC 8785 writes them", () => {
  for (const { value, canonical: written } of canonical.formatted)
    assert.equal(text(formatJson(value)), written);
});

test("what JSON cannot hold is not written", async () => {
  for (const value of [0.5, Number.NaN, -(2 ** 53), undefined, 1n, () => 0, "\ud800", "e\u0301"]) {
    await refuses(() => formatJson(value), "malformed");
  }
});

test("the PAE is that of DSSE, its lengths in bytes", () => {
  for (const { payloadType, payload, pae: encoded } of dsse.cases) {
    assert.equal(text(pae(payloadType, utf8(payload))), encoded);
  }
});

for (const { text: written, verdict, why } of dsse.envelopes) {
  test(`an envelope is ${verdict}: ${why || "whole"}`, async () => {
    const bytes = utf8(written);
    if (verdict === "accepted") assert.deepEqual(formatEnvelope(parseEnvelope(bytes)), bytes);
    else await refuses(() => parseEnvelope(bytes), "malformed");
  });
}

test("commitments open to their values only", async () => {
  for (const { field, salt, value, commitment } of commitments.cases) {
    const opening = { field, salt: fromBase64(salt), value };
    assert.equal(commit(opening), commitment);
    verifyOpening(commitment, opening);
    const other = { ...opening, value: value === "x" ? "y" : "x" };
    await refuses(() => verifyOpening(commitment, other), "not-verified");
  }
});

for (const { field, salt, value, why } of commitments.refused) {
  test(`an opening is refused: ${why}`, async () => {
    await refuses(() => commit({ field, salt: fromBase64(salt), value }), "malformed");
  });
}

for (const [index, { kind, payloadType, payload, ...expected }] of statements.cases.entries()) {
  const isKnown = KNOWN.includes(kind);
  test(`a statement is ${isKnown ? "read" : "not understood here"}: ${kind}, case ${index}`, async () => {
    const bytes = utf8(payload);
    assert.equal(kindOf(payloadType), kind);
    assert.equal(hex(sha256(bytes)), expected.sha256);
    assert.equal(hex(sha256(pae(payloadType, bytes))), expected.pae_sha256);
    if (!isKnown) return refuses(() => parseStatement(payloadType, bytes), "not-understood");
    assert.equal(text(formatJson(parseStatement(payloadType, bytes))), payload);
  });
}

for (const { kind, payloadType, payload, verdict, why } of statements.refused) {
  if (!KNOWN.includes(kindOf(payloadType)) && verdict === "malformed") continue; // core tells, browsers do not read them
  test(`a statement is ${verdict}: ${kind}, ${why}`, async () => {
    await refuses(() => parseStatement(payloadType, utf8(payload)), verdict);
  });
}
