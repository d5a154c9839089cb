import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, hex, text, utf8 } from "../src/bytes.js";
import { verifyCosignature, verifyNote } from "../src/cosignature.js";
import { formatNote, formatVkey, ML_DSA_44, parseCheckpoint, parseNote, parseVkey } from "../src/note.js";
import { cases, refuses } from "../testing/vectors.js";

/** @type {(encoded: string) => import("../src/bytes.js").Bytes} */
const bytes = (encoded) => fromHex(encoded, encoded.length / 2);

for (const vector of cases("note-vkeys")) {
  test(`a vkey: ${vector.name ?? vector.vkey}`, async () => {
    if (vector.malformed) return refuses(() => parseVkey(vector.vkey), "malformed");
    if (vector.not_understood) return refuses(() => parseVkey(vector.vkey), "not-understood");
    const key = parseVkey(vector.vkey);
    assert.equal(formatVkey(key), vector.vkey);
    assert.equal(key.name, vector.name);
    assert.equal(key.kind, vector.kind);
    assert.equal(hex(key.keyId), vector.key_id);
    assert.equal(hex(key.publicKey), vector.public);
  });
}

for (const vector of cases("note")) {
  test(`a note: ${vector.name}`, async () => {
    if (vector.malformed) return refuses(() => parseNote(utf8(vector.note)), "malformed");
    const note = parseNote(utf8(vector.note));
    assert.equal(text(formatNote(note)), vector.note);
    const keys = vector.keys.map(parseVkey);
    if (vector.verified === null) return refuses(() => verifyNote(note, keys), "not-verified");
    const { verified, unchecked } = await verifyNote(note, keys);
    assert.deepEqual(
      [...verified.map(({ key }) => key.name), ...unchecked.map(({ name }) => name)],
      vector.verified,
    );
  });
}

for (const vector of cases("tlog-checkpoint")) {
  test(`a checkpoint: ${vector.name ?? vector.size}`, async () => {
    if (vector.malformed) return refuses(() => parseCheckpoint(vector.text), "malformed");
    const { origin, size, root } = parseCheckpoint(vector.text);
    assert.deepEqual([origin, String(size), hex(root)], [vector.origin, vector.size, vector.root]);
  });
}

for (const vector of cases("cosignature")) {
  const key = parseVkey(vector.vkey);
  if (key.kind === ML_DSA_44) continue; // browsers cannot check these yet: see the test below
  test(`a cosignature: ${vector.name}`, async () => {
    const signature = bytes(vector.signature);
    assert.equal(await verifyCosignature(key, vector.text, signature), BigInt(vector.seconds));
    for (const [index, byte] of signature.entries()) {
      const changed = signature.slice();
      changed[index] = byte ^ 1;
      await refuses(() => verifyCosignature(key, vector.text, changed), "not-verified");
    }
  });
}

test("a note that only ML-DSA-44 keys have signed is said to be beyond browsers", async () => {
  for (const vector of cases("cosignature")) {
    const key = parseVkey(vector.vkey);
    if (key.kind !== ML_DSA_44) continue;
    const line = { name: key.name, keyId: key.keyId, signature: bytes(vector.signature) };
    await refuses(() => verifyNote({ text: vector.text, signatures: [line] }, [key]), "unsupported");
  }
});
