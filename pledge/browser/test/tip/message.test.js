import assert from "node:assert/strict";
import { test } from "node:test";
import { base64, text, utf8 } from "../../src/bytes.js";
import { formatKey } from "../../src/ed25519.js";
import { sign } from "../../src/keys.js";
import {
  checkMessage,
  credentialMessage,
  formatManifest,
  MAX_FILES_BYTES,
  MAX_MANIFEST_BYTES,
  parseManifest,
  signMessage,
  verifyManifest,
  verifyProof,
} from "../../src/tip/message.js";
import { follow, keyOf, SOURCE, STEWARD, TIP } from "../../testing/thread.js";
import { refuses, vectors } from "../../testing/vectors.js";

const { manifests } = vectors("tip");
const FILE = { name: "a.pdf", size_bytes: 1, sha256: "0".repeat(64) };

for (const { what, manifest, error } of manifests) {
  test(`a manifest is ${error ?? "read"}: ${what}`, async () => {
    if (error) return refuses(() => verifyManifest(parseManifest(utf8(manifest))), error);
    const parsed = parseManifest(utf8(manifest));
    await verifyManifest(parsed);
    assert.equal(text(formatManifest(parsed)), manifest);
    if (parsed.message.credential !== null) await verifyProof(parsed.message);
  });
}

test("a message is signed here as in core", async () => {
  for (const { manifest, error } of manifests) {
    if (error) continue;
    const { message } = parseManifest(utf8(manifest));
    const key = message.type === "answer/v1" ? STEWARD : SOURCE;
    assert.equal(text(formatManifest(await signMessage(message, key))), manifest);
  }
});

test("any byte changed is noticed", async () => {
  const bytes = formatManifest(await signMessage(TIP, SOURCE));
  const places = Array.from(bytes.keys()).filter((place) => bytes[place] !== 0x71); // the q of the recipient
  for (const place of places) {
    const changed = bytes.slice();
    changed[place] = /** @type {number} */ (changed[place]) ^ 1;
    await refuses(() => verifyManifest(parseManifest(changed)));
  }
});

for (const changes of [
  { type: "follow-up/v1" },
  { type: "tip/v2" },
  { number: 2 },
  { number: 1.5 },
  { previous: "0".repeat(64) },
  { recipient: null },
  { recipient: `age1${"q".repeat(58)}` },
  { text: "" },
  { text: "x".repeat(100_001) },
  { text: "e\u0301" },
  { mailbox: "0".repeat(31) },
  { nonce: base64(new Uint8Array(31)) },
  { day: "2026-02-30" },
  { clauses: ["a", "a"] },
  { files: [{ ...FILE, name: "../x" }] },
  { files: [{ ...FILE, name: "" }] },
  { files: [{ ...FILE, size_bytes: MAX_FILES_BYTES }, FILE] },
  { files: Array(101).fill(FILE) },
  { way: "sealed-somehow" },
  { credential: {} },
  { signature: null },
]) {
  test(`what does not belong together is no tip: ${JSON.stringify(changes).slice(0, 60)}`, async () => {
    const message = /** @type {any} */ ({ ...TIP, ...changes });
    await refuses(async () => formatManifest(await signMessage(message, SOURCE)), "malformed");
  });
}

for (const changes of /** @type {Partial<import("../../src/tip/message.js").Message>[]} */ ([
  { number: 1 },
  { number: 10_000 },
  { previous: null },
  { lab: "mistral" },
  { clauses: ["a"] },
  { recipient: TIP.recipient },
  { type: "tip/v1" },
  { type: "answer/v1", way: "sealed-by-server" },
])) {
  test(`what does not belong together is no later message: ${Object.keys(changes)}`, async () => {
    await refuses(() => checkMessage(follow(2, "0".repeat(64), changes)), "malformed");
  });
}

test("a message may be files alone, of one name", async () => {
  const manifest = await signMessage({ ...TIP, text: "", files: [FILE, FILE] }, SOURCE);
  assert.deepEqual(parseManifest(formatManifest(manifest)), manifest);
});

test("other bytes are no manifest", async () => {
  for (const other of ["", "[]", "{}", '{"signature":{}}', "null", "{".repeat(MAX_MANIFEST_BYTES + 1)]) {
    await refuses(() => parseManifest(utf8(other)), "malformed");
  }
});

test("a signature of another key does not pass, nor is one of another length written", async () => {
  const manifest = await signMessage(TIP, SOURCE);
  await refuses(() => verifyManifest({ ...manifest, key: formatKey(STEWARD.publicKey) }), "not-verified");
  await refuses(() => formatManifest({ ...manifest, signature: new Uint8Array(65) }), "malformed");
});

test("a credential goes with one message only", async () => {
  const anonymous = await keyOf(9);
  const proof = base64(await sign(anonymous, credentialMessage(TIP)));
  const credential = {
    issuer: "0".repeat(8),
    epoch: "2026-Q4",
    purpose: "tip-1",
    key: formatKey(anonymous.publicKey),
    prefix: base64(new Uint8Array(32)),
    signature: base64(new Uint8Array(256)),
  };
  const tip = { ...TIP, credential: { credential, proof } };
  await verifyProof(checkMessage(tip));
  for (const changes of [{ text: "Something else." }, { mailbox: "0".repeat(32) }]) {
    await refuses(() => verifyProof({ ...tip, ...changes }), "not-verified");
  }
  await refuses(() => verifyProof(TIP), "no-credential");
});
