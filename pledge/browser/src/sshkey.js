/**
 * OpenSSH public keys (RFC 4253, section 6.6; RFC 5656; RFC 8709; OpenSSH PROTOCOL.u2f), and signatures by them,
 * through WebCrypto. Each key has one encoding here. Fewer kinds are taken than SSH has: no certificates, no DSA, no
 * SHA-1, RSA from 2,048 to 8,192 bits.
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 * @typedef {(signature: Bytes, message: Bytes) => Promise<boolean>} VerifyRaw over what stands inside a signature
 * @typedef {{type: string, verify: (signature: Bytes, message: Bytes) => Promise<void>}} SshKey
 */

import { base64, base64url, concat, fromBase64, sha256 } from "./bytes.js";
import { checkPublic, verifyEd25519 } from "./ed25519.js";
import { malformed, notVerified, unsupported } from "./errors.js";
import { WireReader } from "./wire.js";

const MAX_BLOB_BYTES = 2_048;
const MIN_RSA_BITS = 2_048;
const MAX_RSA_BITS = 8_192;
const USER_PRESENT = 0x01;

/** @typedef {{curve: string, web: string, hash: string, bytes: number}} Curve */
/** @type {Curve} */
const P256 = { curve: "nistp256", web: "P-256", hash: "SHA-256", bytes: 32 };
/** @type {ReadonlyMap<string, Curve>} */
const ECDSA = new Map([
  ["ecdsa-sha2-nistp256", P256],
  ["ecdsa-sha2-nistp384", { curve: "nistp384", web: "P-384", hash: "SHA-384", bytes: 48 }],
  ["ecdsa-sha2-nistp521", { curve: "nistp521", web: "P-521", hash: "SHA-512", bytes: 66 }],
]);
const RSA_HASHES = new Map([
  ["rsa-sha2-256", "SHA-256"],
  ["rsa-sha2-512", "SHA-512"],
]);

/**
 * Read a public key blob. Asynchronous because WebCrypto tells whether a point is on its curve.
 * @param {Bytes} blob
 * @returns {Promise<SshKey>}
 */
export async function parseSshKey(blob) {
  if (blob.length > MAX_BLOB_BYTES) throw malformed("An SSH key is too long.");
  const reader = new WireReader(blob);
  const type = reader.name();
  const verify = await readKey(type, reader);
  reader.end();
  return { type, verify };
}

/**
 * @param {string} type
 * @param {WireReader} reader after the type
 * @returns {Promise<SshKey["verify"]>}
 */
async function readKey(type, reader) {
  const curve = ECDSA.get(type);
  if (curve !== undefined) return plain(type, await ecdsaKey(reader, curve));
  if (type === "ssh-ed25519") return plain(type, ed25519Key(reader));
  if (type === "ssh-rsa") return rsaKey(reader);
  if (type === "sk-ssh-ed25519@openssh.com") return securityKey(type, ed25519Key(reader), reader);
  if (type === "sk-ecdsa-sha2-nistp256@openssh.com") {
    return securityKey(type, await ecdsaKey(reader, P256), reader);
  }
  throw malformed("SSH keys of this kind are not taken.");
}

/**
 * `SHA256:<base64 without padding>`, as ssh-keygen -l shows it.
 * @param {Bytes} blob
 */
export function fingerprint(blob) {
  return `SHA256:${base64(sha256(blob)).replaceAll("=", "")}`;
}

/**
 * Read a line of a .pub file, `<type> <base64> [comment]`.
 * @param {string} line
 * @returns {Promise<Bytes>} the key's blob
 */
export async function parsePublicLine(line) {
  const [type, encoded] = line.replace(/\r?\n$/, "").split(" ");
  if (encoded === undefined || /\n/.test(line.slice(0, -1)) || line.length > 2 * MAX_BLOB_BYTES) {
    throw malformed("A line of an SSH public key file is <type> <base64>.");
  }
  const blob = fromBase64(encoded);
  if ((await parseSshKey(blob)).type !== type)
    throw malformed("The line names another type than its key has.");
  return blob;
}

/**
 * Signatures that are `string type, string signature`.
 * @param {string} type
 * @param {VerifyRaw} verify
 * @returns {SshKey["verify"]}
 */
function plain(type, verify) {
  return async (signature, message) => {
    const reader = new WireReader(signature);
    const algorithm = reader.name();
    const raw = reader.string();
    reader.end();
    if (algorithm !== type) throw wrongType();
    if (!(await verify(raw, message))) throw misfit();
  };
}

/**
 * Signatures of security keys (PROTOCOL.u2f): `string type, string signature, byte flags, uint32 counter`, over
 * SHA-256(application) ‖ flags ‖ counter ‖ SHA-256(message). Somebody must have touched the key, and it must have
 * been made for SSH, so that no web login can pass for a signature.
 * @param {string} type
 * @param {VerifyRaw} verify
 * @param {WireReader} blob at the application
 * @returns {SshKey["verify"]}
 */
function securityKey(type, verify, blob) {
  const application = blob.name();
  if (!application.startsWith("ssh:")) throw malformed("The security key was not made for SSH.");
  return async (signature, message) => {
    const reader = new WireReader(signature);
    const algorithm = reader.name();
    const raw = reader.string();
    const state = reader.take(5);
    reader.end();
    if (algorithm !== type) throw wrongType();
    if ((Number(state[0]) & USER_PRESENT) === 0) throw notVerified("The security key was not touched.");
    if (!(await verify(raw, concat(sha256(application), state, sha256(message))))) throw misfit();
  };
}

/**
 * @param {WireReader} reader
 * @returns {VerifyRaw}
 */
function ed25519Key(reader) {
  const publicKey = reader.string();
  checkPublic(publicKey);
  return async (signature, message) => {
    await verifyEd25519(publicKey, message, signature);
    return true;
  };
}

/**
 * @param {WireReader} reader
 * @param {Curve} curve
 * @returns {Promise<VerifyRaw>}
 */
async function ecdsaKey(reader, { curve, web, hash, bytes }) {
  const named = reader.name();
  const point = reader.string();
  if (named !== curve || point.length !== 1 + 2 * bytes || point[0] !== 4) {
    throw malformed("The SSH key's curve or point is not of its type.");
  }
  const algorithm = { name: "ECDSA", namedCurve: web };
  const key = await imported(() => crypto.subtle.importKey("raw", point, algorithm, false, ["verify"]));
  return async (signature, message) => {
    const numbers = new WireReader(signature);
    const pair = [numbers.positive(), numbers.positive()];
    numbers.end();
    if (pair.some((number) => number.length > bytes)) return false;
    const raw = concat(...pair.map((number) => concat(new Uint8Array(bytes - number.length), number)));
    return crypto.subtle.verify({ name: "ECDSA", hash }, key, raw, message);
  };
}

/**
 * RSA with PKCS #1 v1.5 and SHA-2 (RFC 8332); signatures are exactly as long as the modulus.
 * @param {WireReader} reader
 * @returns {SshKey["verify"]}
 */
function rsaKey(reader) {
  const e = reader.positive();
  const n = reader.positive();
  const bits = n.length * 8 - (Math.clz32(Number(n[0])) - 24);
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) throw malformed("RSA keys have 2,048 to 8,192 bits here.");
  const isOne = e.length === 1 && e[0] === 1;
  if (isOne || e.length > 4 || (Number(e.at(-1)) & Number(n.at(-1)) & 1) === 0) {
    throw malformed("The RSA key's exponent or modulus is not sound.");
  }
  const jwk = { kty: "RSA", n: base64url(n), e: base64url(e) };
  return async (signature, message) => {
    const reader = new WireReader(signature);
    const hash = RSA_HASHES.get(reader.name());
    const raw = reader.string();
    reader.end();
    if (hash === undefined) throw wrongType();
    const algorithm = { name: "RSASSA-PKCS1-v1_5", hash };
    const key = await imported(() => crypto.subtle.importKey("jwk", jwk, algorithm, false, ["verify"]));
    const fits = raw.length === n.length && (await crypto.subtle.verify(algorithm, key, raw, message));
    if (!fits) throw misfit();
  };
}

/** @param {() => Promise<CryptoKey>} importKey */
async function imported(importKey) {
  try {
    return await importKey();
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") {
      throw unsupported("This browser does not know this kind of SSH key.");
    }
    throw malformed("The SSH key's numbers do not make a key.");
  }
}

function wrongType() {
  return malformed("The SSH signature is not of its key's type.");
}

function misfit() {
  return notVerified("An SSH signature does not fit its key and message.");
}
