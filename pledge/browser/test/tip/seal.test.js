import assert from "node:assert/strict";
import { test } from "node:test";
import { MANIFEST, readDirectory, readEntries } from "../../src/archive.js";
import { base64, hex, sha256 } from "../../src/bytes.js";
import { formatKey } from "../../src/ed25519.js";
import { checkEnvelope, openEnvelope } from "../../src/tip/envelope.js";
import { parseManifest, verifyManifest, verifyProof } from "../../src/tip/message.js";
import { sealMessage } from "../../src/tip/seal.js";
import { join } from "../../testing/bytes.js";
import { IDENTITIES, RECIPIENTS } from "../../testing/stewards.js";
import { keyOf, SOURCE, TIP } from "../../testing/thread.js";
import { refuses } from "../../testing/vectors.js";

/** @typedef {import("../../src/bytes.js").Bytes} Bytes */

const { files: _files, credential: _credential, ...FIELDS } = TIP;
const RECIPIENT = RECIPIENTS.slice(0, 1);
const LARGE = new Uint8Array(200_000).map((_, index) => index % 251);
const FILES = [
  { name: "手紙.txt", data: new Blob(["他们没有评估计划。"]) },
  { name: "../../x", data: new Blob([LARGE]) },
  { name: "", data: new Blob([]) },
];

/** @param {Partial<import("../../src/tip/seal.js").Unsealed>} [changes] */
const seal = (changes) =>
  sealMessage({ fields: FIELDS, files: FILES, key: SOURCE, recipients: RECIPIENTS.slice(0, 3), ...changes });

/**
 * Open as a steward does.
 * @param {Bytes} envelope
 */
async function open(envelope) {
  const archive = await join(await openEnvelope(/** @type {string} */ (IDENTITIES[0]), [envelope]));
  /** @type {{[name: string]: Bytes}} */
  const entries = {};
  for await (const [{ name }, data] of readEntries([archive], readDirectory(archive, archive.length))) {
    entries[name] = await join(data);
  }
  const manifest = parseManifest(/** @type {Bytes} */ (entries[MANIFEST]));
  await verifyManifest(manifest);
  return { archiveBytes: archive.length, entries, manifest };
}

test("what is sealed is opened: text, files, their hashes, one signature", async () => {
  const { stream, sizeBytes, sha256: digest } = await seal();
  const envelope = await join(stream);
  assert.equal(envelope.length, sizeBytes);
  assert.equal(digest(), hex(sha256(envelope)));
  assert.deepEqual(checkEnvelope(envelope, sizeBytes), { stanzas: 8, plaintextBytes: 262_144 });
  const { entries, manifest } = await open(envelope);
  assert.equal(manifest.key, formatKey(SOURCE.publicKey));
  const { files, ...rest } = manifest.message;
  assert.deepEqual(rest, { ...FIELDS, credential: null });
  assert.deepEqual(
    files.map(({ name, size_bytes }) => [name, size_bytes]),
    [
      ["手紙.txt", 27],
      ["....x", 200_000],
      ["file", 0],
    ],
  );
  assert.deepEqual(entries["files/2-....x"], LARGE);
  files.forEach(({ name, sha256: expected }, index) => {
    assert.equal(hex(sha256(/** @type {Bytes} */ (entries[`files/${index + 1}-${name}`]))), expected);
  });
});

test("sizes tell a class and nothing else", async () => {
  const sizes = [];
  for (const [said, recipients] of /** @type {const} */ ([
    ["x", 1],
    ["他".repeat(200), 8],
  ])) {
    const fields = { ...FIELDS, text: said };
    sizes.push((await seal({ fields, files: [], recipients: RECIPIENTS.slice(0, recipients) })).sizeBytes);
  }
  assert.equal(sizes[0], sizes[1]);
});

test("a credential is shown with a proof over the message as it became", async () => {
  const key = await keyOf(9);
  const credential = {
    issuer: "0".repeat(8),
    epoch: "2026-Q4",
    purpose: "tip-1",
    key: formatKey(key.publicKey),
    prefix: base64(new Uint8Array(32)),
    signature: base64(new Uint8Array(256)),
  };
  const { stream, sizeBytes } = await seal({ credential: { credential, key } });
  const envelope = await join(stream);
  assert.equal(envelope.length, sizeBytes);
  const { manifest } = await open(envelope);
  assert.deepEqual(manifest.message.credential?.credential, credential);
  await verifyProof(manifest.message);
});

test("files are read once", async () => {
  let reads = 0;
  class Counting extends Blob {
    /** @override */
    stream() {
      reads += 1;
      return super.stream();
    }
  }
  const { stream } = await seal({ files: [{ name: "a", data: new Counting([LARGE]) }] });
  await join(stream);
  assert.equal(reads, 1);
});

test("a file that changes meanwhile is not sealed", async () => {
  for (const change of [-1, 1]) {
    const data = new Blob([LARGE]);
    Object.defineProperty(data, "size", { value: LARGE.length + change });
    const { stream } = await seal({ files: [{ name: "a", data }] });
    await refuses(() => join(stream), "malformed");
  }
});

test("what is wrong is found before anything is read", async () => {
  const large = new Blob([]);
  Object.defineProperty(large, "size", { value: (500 << 20) + 1 });
  await refuses(() => seal({ files: [{ name: "a", data: large }] }), "malformed");
  await refuses(() => seal({ files: [], fields: { ...FIELDS, text: "" } }), "malformed");
  await refuses(() => seal({ fields: { ...FIELDS, number: 2 } }), "malformed");
  await refuses(() => seal({ files: Array(101).fill(FILES[0]) }), "malformed");
  await refuses(() => seal({ recipients: [] }), "age-recipients");
  await refuses(() => seal({ recipients: ["age1qqq"] }), "age-mixed");
});

test("a hash is given only once there is one", async () => {
  const { sha256: digest, stream } = await seal({ files: [], recipients: RECIPIENT });
  assert.throws(digest);
  await join(stream);
  assert.equal(digest().length, 64);
});

test("no byte of what is sealed shows", async () => {
  const marker = "MARKER-WORD";
  const data = new Blob([marker]);
  const { stream } = await seal({
    fields: { ...FIELDS, text: marker },
    files: [{ name: `${marker}.txt`, data }],
  });
  assert.ok(
    !Buffer.from(await join(stream))
      .toString("latin1")
      .includes(marker),
  );
});
