/**
 * Signatories' keys as statements write them: `ed25519:<base64url>` made in the browser, or the base64 of an
 * OpenSSH public key.
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 */

import { equal, fromBase64 } from "./bytes.js";
import { parseKey, verifyEd25519 } from "./ed25519.js";
import { notVerified, PledgeError } from "./errors.js";
import { fingerprint } from "./sshkey.js";
import { verifySshsig } from "./sshsig.js";

/**
 * The keyid that hints at a key in an envelope.
 * @param {string} key
 */
export function keyidOf(key) {
  return key.startsWith("ed25519:") ? key : `sshsig:${fingerprint(fromBase64(key))}`;
}

/**
 * @param {string} key
 * @param {import("./dsse.js").Signature} signature
 * @param {Bytes} message the envelope's PAE
 */
export async function verifySignatory(key, { keyid, sig }, message) {
  if (keyid !== keyidOf(key)) throw notVerified("The signature names another key than the statement.");
  try {
    if (key.startsWith("ed25519:")) await verifyEd25519(parseKey(key), message, sig);
    else if (!equal(await verifySshsig(sig, message), fromBase64(key)))
      throw notVerified("Another SSH key has signed.");
  } catch (error) {
    if (error instanceof PledgeError && error.code === "malformed")
      throw notVerified(error.text, error.values);
    throw error;
  }
}
