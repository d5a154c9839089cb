import assert from "node:assert/strict";
import { test } from "node:test";
import { fileEntryName, MANIFEST, writeArchive } from "../../src/archive.js";
import { hex, sha256, text, utf8 } from "../../src/bytes.js";
import { openContents, readFile } from "../../src/steward/open.js";
import { streamOf } from "../../src/streams.js";
import { sealEnvelope } from "../../src/tip/envelope.js";
import { formatManifest, signMessage } from "../../src/tip/message.js";
import { join } from "../../testing/bytes.js";
import { SealedThread, STEWARD_IDENTITIES, STEWARD_RECIPIENTS } from "../../testing/inbox.js";
import { IDENTITIES, STRANGER } from "../../testing/stewards.js";
import { SOURCE, TIP } from "../../testing/thread.js";
import { refuses } from "../../testing/vectors.js";

/** @typedef {import("../../src/bytes.js").Bytes} Bytes */

const LARGE = new Uint8Array(300_000).map((_, index) => index % 251);
const FILES = [
  { name: "手紙.txt", data: new Blob(["他们没有评估计划。"]) },
  { name: "large.bin", data: new Blob([LARGE]) },
  { name: "empty", data: new Blob([]) },
];

/** @param {import("../../testing/inbox.js").Wish} [wish] */
async function sealed(wish) {
  const thread = await new SealedThread().add("tip", { files: FILES, ...wish });
  return /** @type {Blob} */ (await thread.fetch(/** @type {any} */ (thread.messages[0])));
}

/**
 * Seal an archive that no honest client makes: a manifest that says other files than there are.
 * @param {[string, Bytes][]} files
 * @param {import("../../src/tip/message.js").Attachment[]} said
 */
async function lying(files, said) {
  const manifest = formatManifest(await signMessage({ ...TIP, files: said }, SOURCE));
  /** @type {[string, Bytes[]][]} */
  const entries = files.map(([name, data], index) => [fileEntryName(index + 1, name), [data]]);
  return envelopeOf(streamOf(writeArchive([...entries, [MANIFEST, [manifest]]])));
}

/** @param {ReadableStream<Uint8Array>} archive */
async function envelopeOf(archive) {
  const sealed = await sealEnvelope(STEWARD_RECIPIENTS, /** @type {ReadableStream<Bytes>} */ (archive));
  return new Blob([await join(/** @type {ReadableStream<Bytes>} */ (sealed))]);
}

/** @param {string} name @param {Bytes} data */
const said = (name, data) => ({ name, size_bytes: data.length, sha256: hex(sha256(data)) });

test("an envelope opens with any identity of a bundle, whichever comes first", async () => {
  const envelope = await sealed();
  for (const identity of STEWARD_IDENTITIES) {
    const contents = await openContents([STRANGER, identity], envelope);
    assert.equal(contents.identity, identity);
    assert.equal(contents.manifest.message.text, TIP.text);
    assert.deepEqual(
      contents.manifest.message.files.map(({ name }) => name),
      ["手紙.txt", "large.bin", "empty"],
    );
  }
});

test("an envelope that no identity opens is told from one that is damaged", async () => {
  const envelope = await sealed();
  await refuses(() => openContents([], envelope), "age-no-match");
  await refuses(() => openContents(IDENTITIES.slice(4), envelope), "age-no-match");
  await refuses(() => openContents(STEWARD_IDENTITIES, envelope.slice(0, -100)), "age-payload");
  await refuses(() => openContents(STEWARD_IDENTITIES, new Blob(["no envelope"])), "age-header");
});

test("both passes tell how far they are", async () => {
  let bytes = 0;
  await openContents(STEWARD_IDENTITIES, await sealed(), (more) => {
    bytes += more;
  });
  assert.equal(bytes, 2 * (1 << 20));
});

test("each file is read as it was sent", async () => {
  const envelope = await sealed();
  const contents = await openContents(STEWARD_IDENTITIES, envelope);
  assert.equal(text(await join(readFile(contents, envelope, 1))), "他们没有评估计划。");
  assert.deepEqual(await join(readFile(contents, envelope, 2)), LARGE);
  assert.deepEqual(await join(readFile(contents, envelope, 3)), new Uint8Array());
});

test("a file that changed since it was looked at ends in an error", async () => {
  const envelope = await sealed();
  const contents = await openContents(STEWARD_IDENTITIES, envelope);
  const other = structuredClone(contents.manifest.message);
  /** @type {any} */ (other.files[1]).sha256 = "0".repeat(64);
  const changed = { ...contents, manifest: { ...contents.manifest, message: other } };
  await refuses(() => join(readFile(changed, envelope, 2)), "other-files");
  await refuses(() => join(readFile(contents, envelope.slice(0, -1_000), 2)), "age-payload");
});

/** @type {[string, [string, Bytes][], import("../../src/tip/message.js").Attachment[]][]} */
const LIES = [
  ["a file that is not there", [], [said("a", utf8("x"))]],
  ["one less than there are", [["a", utf8("x")]], []],
  ["another hash", [["a", utf8("x")]], [said("a", utf8("y"))]],
  ["another size", [["a", utf8("x")]], [{ ...said("a", utf8("x")), size_bytes: 2 }]],
  ["another name", [["a.exe", utf8("x")]], [said("a.pdf", utf8("x"))]],
  [
    "another order",
    [
      ["a", utf8("x")],
      ["b", utf8("y")],
    ],
    [said("b", utf8("y")), said("a", utf8("x"))],
  ],
];

for (const [what, files, listed] of LIES) {
  test(`a manifest that tells of other files is refused: ${what}`, async () => {
    const envelope = await lying(files, listed);
    await refuses(() => openContents(STEWARD_IDENTITIES, envelope), "other-files");
  });
}

test("an archive that lies about its sizes is refused before a file is read", async () => {
  const archive = await join(
    writeArchive([
      ["files/1-a", [utf8("some content")]],
      [MANIFEST, [formatManifest(await signMessage({ ...TIP, files: [] }, SOURCE))]],
    ]),
  );
  const place = Buffer.from(archive).lastIndexOf("files/1-a") - 46 + 24; // the size in the directory
  archive[place] = 200;
  const envelope = await envelopeOf(new Blob([archive]).stream());
  await refuses(() => openContents(STEWARD_IDENTITIES, envelope), "malformed");
});

test("a manifest too large is refused by what the directory says", async () => {
  const entries = /** @type {[string, Bytes[]][]} */ ([[MANIFEST, [new Uint8Array((1 << 20) + 1)]]]);
  const envelope = await envelopeOf(streamOf(writeArchive(entries)));
  await assert.rejects(openContents(STEWARD_IDENTITIES, envelope), /too large/);
});
