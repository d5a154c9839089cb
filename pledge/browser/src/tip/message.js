/**
 * Messages: the manifest that each envelope holds, signed by whoever speaks.
 *
 * A manifest is canonical JSON, `manifest.json` in the archive. Whoever speaks signs all of it but the signature
 * itself: a source with the key of the mailbox, a steward with the signing key that the log has. So the server can put
 * words into nobody's mouth. Messages of a thread are numbered and chained: `previous` is the SHA-256 of the envelope
 * before.
 *
 *     rest   = canonical JSON of the manifest without "signature"
 *     sig    = Ed25519(key, rest)
 *     bare   = canonical JSON of the manifest without "signature" and "credential"
 *     proof  = Ed25519(credential's key, "pledge/tip-credential/v1\n<origin>\n<mailbox>\n<SHA-256 of bare, hex>")
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {import("../keys.js").SigningKey} SigningKey
 * @typedef {"tip/v1" | "follow-up/v1" | "answer/v1"} Kind
 * @typedef {"sealed-in-browser" | "sealed-by-server" | "sealed-offline"} Way
 * @typedef {{name: string, size_bytes: number, sha256: string}} Attachment in the order in which the archive has them
 * @typedef {{credential: import("../statement.js").Credential, proof: string}} ShownCredential a credential on an
 *   anonymous key, and the proof by that key that it goes with this message, in base64
 *
 * One message, without its signature. `type`: `tip/v1` opens a thread, `follow-up/v1` is the source's, `answer/v1` a
 * steward's. `number`: 1 for the tip, and one more for each message of the thread, whoever sent it. `previous`: SHA-256
 * of the envelope before, hex; null for the tip. `day`: on which it was sealed. `lab`, `clauses`: what the tip is about,
 * if the source says so. `text`: empty only where there are files. `recipient`: where answers are sealed to, in the tip
 * and nowhere else. `nonce`: 32 bytes in base64, blinds the leaf in the digest. `way`: how the envelope came about.
 * `credential`: shows that the source works at a lab, in the tip only.
 * @typedef {{type: Kind, origin: string, mailbox: string, number: number, previous: string | null, day: string,
 *   lab: string | null, clauses: string[], text: string, files: Attachment[], recipient: string | null, nonce: string,
 *   way: Way, credential: ShownCredential | null}} Message
 * @typedef {{message: Message, key: string, signature: Bytes}} Manifest a message with the key that is said to have
 *   signed it, `ed25519:…`, and its signature
 */

import { base64, fromBase64, hex, sha256, utf8 } from "../bytes.js";
import { formatJson, parseJson } from "../canonical.js";
import { formatKey, parseKey, verifyEd25519 } from "../ed25519.js";
import { malformed, notVerified } from "../errors.js";
import { fitName } from "../filename.js";
import { sign } from "../keys.js";
import {
  choice,
  DAY,
  ED25519_KEY,
  ID,
  integer,
  isObject,
  matching,
  ORIGIN,
  octets,
  optional,
  record,
  SHA256,
  sequence,
  text,
} from "../members.js";
import { AGE_RECIPIENT, CREDENTIAL } from "../statement.js";

export const MAX_FILES_BYTES = 500 << 20;
export const MAX_FILES = 100;
export const MAX_TEXT_CHARACTERS = 100_000;
export const MAX_NUMBER = 9_999;
export const MAX_MANIFEST_BYTES = 1 << 20;

const ATTACHMENT = record({ name: isFitName, size_bytes: integer(0, MAX_FILES_BYTES), sha256: SHA256 });
const MESSAGE = record({
  type: choice("tip/v1", "follow-up/v1", "answer/v1"),
  origin: ORIGIN,
  mailbox: matching(/^[0-9a-f]{32}$/, "a mailbox, 32 hex digits"),
  number: integer(1, MAX_NUMBER),
  previous: optional(SHA256),
  day: DAY,
  lab: optional(ID),
  clauses: sequence(ID, 0, 128),
  text: text(MAX_TEXT_CHARACTERS, 0),
  files: sequence(ATTACHMENT, 0, MAX_FILES),
  recipient: optional(AGE_RECIPIENT),
  nonce: octets(32, 32),
  way: choice("sealed-in-browser", "sealed-by-server", "sealed-offline"),
  credential: optional(record({ credential: CREDENTIAL, proof: octets(64, 64) })),
});
const SIGNATURE = record({ key: ED25519_KEY, sig: octets(64, 64) });

/**
 * Sign a message with the key of its mailbox or, for an answer, of a steward.
 * @param {Message} message
 * @param {SigningKey} key
 * @returns {Promise<Manifest>}
 */
export async function signMessage(message, key) {
  return { message, key: formatKey(key.publicKey), signature: await sign(key, formatJson(message)) };
}

/**
 * Write `manifest.json`, at most 1 MiB.
 * @param {Manifest} manifest
 */
export function formatManifest({ message, key, signature }) {
  checkMessage(message);
  const bytes = formatJson({ ...message, signature: { key, sig: base64(signature) } });
  parseManifest(bytes);
  return bytes;
}

/**
 * Read `manifest.json`. Nothing in it is verified by that.
 * @param {Uint8Array} bytes
 * @returns {Manifest}
 */
export function parseManifest(bytes) {
  const value = parseJson(bytes, MAX_MANIFEST_BYTES);
  if (!isObject(value) || !Object.hasOwn(value, "signature")) {
    throw malformed("A manifest is an object with a signature.");
  }
  const { signature, ...message } = value;
  SIGNATURE(signature);
  const { key, sig } = /** @type {{key: string, sig: string}} */ (signature);
  return { message: checkMessage(message), key, signature: fromBase64(sig) };
}

/**
 * Check that the key it names has signed a manifest. Whose key that is, is for the thread to say.
 * @param {Manifest} manifest
 */
export async function verifyManifest({ message, key, signature }) {
  await verifyEd25519(parseKey(key), formatJson(message), signature);
}

/**
 * What the credential's key signs, to go with this message and no other.
 * @param {Message} message
 */
export function credentialMessage({ credential: _, ...bare }) {
  const digest = hex(sha256(formatJson(bare)));
  return utf8(`pledge/tip-credential/v1\n${bare.origin}\n${bare.mailbox}\n${digest}`);
}

/**
 * Check that the credential's key goes with this message. That an issuer signed the key is not looked at.
 * @param {Message} message
 */
export async function verifyProof(message) {
  if (message.credential === null)
    throw notVerified("This message shows no credential.", {}, "no-credential");
  const { credential, proof } = message.credential;
  await verifyEd25519(parseKey(credential.key), credentialMessage(message), fromBase64(proof));
}

/**
 * Check a message's members, and what must hold between them.
 * @param {unknown} value
 * @returns {Message}
 */
export function checkMessage(value) {
  MESSAGE(value);
  const message = /** @type {Message} */ (value);
  checkPlace(message);
  if (message.type === "answer/v1" && message.way === "sealed-by-server") {
    throw malformed("a steward's answer is never sealed by the server");
  }
  if (message.text === "" && message.files.length === 0) throw malformed("a message has a text or a file");
  if (message.files.reduce((sum, file) => sum + file.size_bytes, 0) > MAX_FILES_BYTES) {
    throw malformed("the files of a message have at most 500 MiB together");
  }
  return message;
}

/** @param {Message} message */
function checkPlace({ type, number, previous, recipient, lab, clauses, credential }) {
  const isFirst = number === 1;
  if ((type === "tip/v1") !== isFirst) {
    throw malformed("a tip is the first message of its thread, and no other is");
  }
  if ((previous === null) !== isFirst) {
    throw malformed("every message but the first names the envelope before");
  }
  if ((recipient !== null) !== isFirst) {
    throw malformed("a tip says where answers go, and no other message does");
  }
  if (!isFirst && (lab !== null || clauses.length > 0 || credential !== null)) {
    throw malformed("what a thread is about stands in its tip");
  }
}

/** @param {unknown} value */
function isFitName(value) {
  if (typeof value !== "string" || value !== fitName(value)) throw malformed("must be a name fit for a file");
}
