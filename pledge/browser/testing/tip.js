/**
 * A source and a steward in a browser at the other end of a pipe, for tests in Python: one job on standard input, its
 * result on standard output, as JSON, bytes in base64.
 *
 * @typedef {import("../src/tip/seal.js").Unsealed["fields"]} Fields
 * @typedef {{name: string, data: string}} NamedFile
 * @typedef {{do: "seal", fields: Fields, files: NamedFile[], seed: string, recipients: string[]}} ToSeal
 * @typedef {{do: "open", identity: string, envelope: string}} ToOpen
 */

import { text } from "node:stream/consumers";
import { MANIFEST, readDirectory, readEntries, TAIL_BYTES } from "../src/archive.js";
import { base64, fromBase64 } from "../src/bytes.js";
import { signingKeyFromSeed } from "../src/keys.js";
import { checkEnvelope, openEnvelope } from "../src/tip/envelope.js";
import { parseManifest, verifyManifest } from "../src/tip/message.js";
import { sealMessage } from "../src/tip/seal.js";
import { join, stream } from "./bytes.js";

/** @param {ToSeal} job */
async function seal({ fields, files, seed, recipients }) {
  const sealed = await sealMessage({
    fields,
    files: files.map(({ name, data }) => ({ name, data: new Blob([fromBase64(data)]) })),
    key: await signingKeyFromSeed(fromBase64(seed)),
    recipients,
  });
  const envelope = await join(sealed.stream);
  return { envelope: base64(envelope), size_bytes: sealed.sizeBytes, sha256: sealed.sha256() };
}

/** @param {ToOpen} job */
async function open({ identity, envelope: encoded }) {
  const envelope = fromBase64(encoded);
  const { stanzas } = checkEnvelope(envelope.subarray(0, 262_144), envelope.length);
  const archive = await join(await openEnvelope(identity, stream(envelope)));
  /** @type {{[name: string]: string}} */
  const entries = {};
  const content = readDirectory(archive.subarray(-TAIL_BYTES), archive.length);
  for await (const [{ name }, data] of readEntries(stream(archive), content)) {
    entries[name] = base64(await join(data));
  }
  const manifest = parseManifest(fromBase64(entries[MANIFEST] ?? ""));
  await verifyManifest(manifest);
  return { stanzas, key: manifest.key, message: manifest.message, entries };
}

/** @type {ToSeal | ToOpen} */
const job = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(await (job.do === "seal" ? seal(job) : open(job))));
