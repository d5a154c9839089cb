/**
 * Receipts: all that it takes to show, offline and for ever, that a signing stands in the log.
 *
 *     {"leaf": b64, "notary": {"leaf": b64, "proof": text}, "openings": {field: {"salt": b64, "value": text}},
 *      "proof": text, "text": text, "type": "receipt/v1"}
 *
 * A receipt holds nothing that is not checked. Trust comes from the reader's policy; keys inside a receipt are never
 * believed, they are compared with those of the policy.
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 * @typedef {import("./commitment.js").Opening} Opening
 * @typedef {import("./policy.js").Policy} Policy
 * @typedef {import("./policy.js").VerifiedCheckpoint} VerifiedCheckpoint
 * @typedef {import("./statement.js").Signing} Signing
 * @typedef {{leaf: Bytes, proof: Bytes, openings: Opening[], text: string,
 *   notary: {leaf: Bytes, proof: Bytes} | null}} Receipt null in a badge, which is too small for its notary's entry
 * @typedef {"leaf" | "log" | "text" | "openings" | "signatory" | "notary" | "notary-entry"} Step
 *
 * @typedef {object} Verified
 * @property {Signing} signing
 * @property {string} sha256 of its payload, hex: what names it
 * @property {Opening[]} openings those that the receipt holds
 * @property {bigint} index where the signing stands in the log
 * @property {VerifiedCheckpoint} seen a state of the log that holds it
 * @property {"logged" | "witnessed"} grade
 */

import { base64, equal, fromBase64, hex, sha256, text, utf8 } from "./bytes.js";
import { formatJson, parseJson } from "./canonical.js";
import { commit, FIELDS } from "./commitment.js";
import { pae, parseEnvelope } from "./dsse.js";
import { formatKey, roleKeyId, verifyEd25519 } from "./ed25519.js";
import { malformed, notVerified } from "./errors.js";
import { choice, octets, record, text as textOf } from "./members.js";
import { keyOf, parseNote } from "./note.js";
import { verifyCheckpoint } from "./policy.js";
import { parseTlogProof } from "./proof.js";
import { verifyOpenings, verifyText } from "./readable.js";
import { verifySignatory } from "./signatory.js";
import { parseStatement } from "./statement.js";
import { leafHash, verifyInclusion } from "./tlog.js";

export const MAX_BYTES = 2 ** 20;
const ENTRY = octets(1, 65_535);
const PROOF = textOf(400_000);
const OPENING = record({ salt: octets(32, 32), value: textOf(2_000) });
export const OPENINGS = record({}, { name: OPENING, role: OPENING, reason: OPENING });
const FILE = record({
  leaf: ENTRY,
  notary: record({ leaf: ENTRY, proof: PROOF }),
  openings: OPENINGS,
  proof: PROOF,
  text: textOf(200_000),
  type: choice("receipt/v1"),
});

/**
 * @param {Uint8Array} bytes
 * @returns {Receipt}
 */
export function parseReceipt(bytes) {
  const value = parseJson(bytes, MAX_BYTES);
  FILE(value);
  const file = /** @type {any} */ (value); // FILE has checked every member
  return {
    leaf: fromBase64(file.leaf),
    proof: utf8(file.proof),
    openings: readOpenings(file.openings),
    text: file.text,
    notary: { leaf: fromBase64(file.notary.leaf), proof: utf8(file.notary.proof) },
  };
}

/**
 * @param {any} openings that OPENINGS has checked
 * @returns {Opening[]}
 */
export function readOpenings(openings) {
  return FIELDS.filter((field) => Object.hasOwn(openings, field)).map((field) => {
    const { salt, value } = openings[field];
    const opening = { field, salt: fromBase64(salt), value };
    commit(opening); // its own rules, before anything is compared
    return opening;
  });
}

/**
 * @param {Receipt} receipt with its notary's entry
 * @returns {Bytes}
 */
export function formatReceipt(receipt) {
  if (receipt.notary === null) throw malformed("A receipt has its notary's entry.");
  const openings = receipt.openings.map(({ field, salt, value }) => [field, { salt: base64(salt), value }]);
  return formatJson({
    leaf: base64(receipt.leaf),
    notary: { leaf: base64(receipt.notary.leaf), proof: text(receipt.notary.proof) },
    openings: Object.fromEntries(openings),
    proof: text(receipt.proof),
    text: receipt.text,
    type: "receipt/v1",
  });
}

/**
 * Verify everything in a receipt by the keys of a policy. The order of steps is that of core.
 * @param {Receipt} receipt from anywhere
 * @param {Policy} policy never from where the receipt is from
 * @param {(step: Step) => void} [passed] called after each step that holds; where one does not, this throws
 * @returns {Promise<Verified>}
 */
export async function verifyReceipt(receipt, policy, passed = () => {}) {
  const envelope = parseEnvelope(receipt.leaf);
  const signing = parseStatement(envelope.payloadType, envelope.payload);
  if (signing.type !== "signing/v1") throw notVerified("This receipt is not for a signing.");
  passed("leaf");
  const { index, seen } = await verifyProof(receipt.leaf, receipt.proof, signing.origin, policy);
  passed("log");
  verifyText(signing, receipt.text);
  passed("text");
  verifyOpenings(signing, receipt.openings);
  passed("openings");
  await verifyFirst(envelope, signing);
  passed("signatory");
  const notaries = await verifyNotaries(envelope, policy);
  passed("notary");
  if (receipt.notary !== null) {
    const notary = await verifyProof(receipt.notary.leaf, receipt.notary.proof, signing.origin, policy);
    verifyOneLog(seen.checkpoint, notary.seen.checkpoint);
    if (notary.index >= index || !notaries.includes(notaryKey(receipt.notary.leaf, signing) ?? "")) {
      throw notVerified("The notary's entry is not of a notary that signed.");
    }
    passed("notary-entry");
  }
  const grade = seen.quorumMet ? "witnessed" : "logged";
  return { signing, sha256: hex(sha256(envelope.payload)), openings: receipt.openings, index, seen, grade };
}

/**
 * @param {Bytes} leaf
 * @param {Bytes} bytes of its tlog-proof
 * @param {string} origin
 * @param {Policy} policy
 * @returns {Promise<{index: bigint, seen: VerifiedCheckpoint}>}
 */
async function verifyProof(leaf, bytes, origin, policy) {
  const proof = parseTlogProof(bytes);
  if (proof.extra !== null) throw notVerified("A proof in a receipt has no extra data.");
  const seen = await verifyCheckpoint(policy, proof.checkpoint);
  if (seen.checkpoint.origin !== origin) throw notVerified("A proof is from another log.");
  const logs = policy.logs.filter(({ name }) => name === origin);
  const known = [...logs, ...policy.witnesses.map(({ key }) => key)];
  if (parseNote(proof.checkpoint).signatures.some((signature) => keyOf(signature, known) === undefined)) {
    throw notVerified("A checkpoint is signed by a key that this policy does not have for this log.");
  }
  verifyInclusion(leafHash(leaf), proof.index, seen.checkpoint.size, proof.path, seen.checkpoint.root);
  return { index: proof.index, seen };
}

/**
 * Two states of a log can be states of one: of one size they are the same.
 * @param {import("./note.js").Checkpoint} one
 * @param {import("./note.js").Checkpoint} other
 */
function verifyOneLog(one, other) {
  if (one.size === other.size && !equal(one.root, other.root)) {
    throw notVerified(
      "The log has signed two different states of the same size, so it does not show everyone the same. Keep this file: it is the evidence.",
    );
  }
}

/**
 * The first signature is the signatory's.
 * @param {import("./dsse.js").Envelope} envelope
 * @param {Signing} signing
 */
async function verifyFirst({ payload, payloadType, signatures }, signing) {
  if (signing.credential !== null) {
    throw notVerified("This version cannot verify the credential of an anonymous signing.");
  }
  const [first] = signatures;
  if (first === undefined) throw notVerified("The signatory's signature is missing.");
  await verifySignatory(signing.signatory.key, first, pae(payloadType, payload));
}

/**
 * All others are by different notaries of the policy, and there is at least one.
 * @param {import("./dsse.js").Envelope} envelope
 * @param {Policy} policy
 * @returns {Promise<string[]>} the notaries' keys
 */
async function verifyNotaries({ payload, payloadType, signatures }, policy) {
  const keys = new Map(
    policy.notaries.map(({ publicKey }) => [`notary:${roleKeyId("notary", publicKey)}`, publicKey]),
  );
  const others = signatures.slice(1);
  if (others.length === 0) throw notVerified("No notary has signed.");
  if (new Set(others.map(({ keyid }) => keyid)).size !== others.length)
    throw notVerified("One key has signed twice.");
  /** @type {string[]} */
  const notaries = [];
  for (const { keyid, sig } of others) {
    const publicKey = keys.get(keyid);
    if (publicKey === undefined) throw notVerified("A notary signed that this policy does not know.");
    await verifyEd25519(publicKey, pae(payloadType, payload), sig);
    notaries.push(formatKey(publicKey));
  }
  return notaries;
}

/**
 * The notary's key that an entry of the signing's log gives for its day.
 * @param {Bytes} leaf
 * @param {Signing} signing
 * @returns {string | null}
 */
function notaryKey(leaf, { origin, day }) {
  const { payload, payloadType } = parseEnvelope(leaf);
  const statement = parseStatement(payloadType, payload);
  if (statement.origin !== origin) return null;
  if (statement.type === "genesis/v1") return statement.notary;
  if (statement.type !== "key/v1" || statement.role !== "notary") return null;
  return statement.from <= day && day <= statement.until ? statement.keys.signing : null;
}

/**
 * What is malformed about a text that should be a receipt, said to whoever dropped it.
 * @param {Uint8Array} bytes
 */
export function readReceipt(bytes) {
  try {
    return parseReceipt(bytes);
  } catch {
    throw malformed(
      "This is not a receipt, or it was changed: a receipt is a .pledge-receipt.json file, byte for byte.",
    );
  }
}
