/**
 * Acknowledgements: the notary's word that an envelope has come, given at once and never logged.
 *
 * A DSSE envelope as entries are, of payload type `application/vnd.pledge.tip-acknowledgement+json`, signed by the
 * notary alone, over
 *
 *     {"day", "envelope": SHA-256 of the envelope, hex, "origin", "type": "tip-acknowledgement/v1"}
 *
 * Whoever keeps one can show that an envelope was taken, should it stand in no digest afterwards.
 *
 * @typedef {{day: string, envelope: string, origin: string, type: "tip-acknowledgement/v1"}} Acknowledgement
 */

import { parseJson } from "../canonical.js";
import { pae, parseEnvelope } from "../dsse.js";
import { roleKeyId, verifyEd25519 } from "../ed25519.js";
import { malformed, notVerified } from "../errors.js";
import { choice, DAY, ORIGIN, record, SHA256 } from "../members.js";

export const PAYLOAD_TYPE = "application/vnd.pledge.tip-acknowledgement+json";

const ACKNOWLEDGEMENT = record({
  day: DAY,
  envelope: SHA256,
  origin: ORIGIN,
  type: choice("tip-acknowledgement/v1"),
});

/**
 * Read an acknowledgement, and verify that it is by a notary of the policy, for this log and this envelope.
 * @param {Uint8Array} bytes
 * @param {{policy: import("../policy.js").Policy, origin: string, envelopeSha256: string}} expected
 * @returns {Promise<Acknowledgement>}
 */
export async function verifyAcknowledgement(bytes, { policy, origin, envelopeSha256 }) {
  const { payload, payloadType, signatures } = parseEnvelope(bytes);
  if (payloadType !== PAYLOAD_TYPE) throw malformed("This is not an acknowledgement.");
  const value = parseJson(payload);
  ACKNOWLEDGEMENT(value);
  const acknowledgement = /** @type {Acknowledgement} */ (/** @type {unknown} */ (value));
  const [signature, ...others] = signatures;
  const notary = policy.notaries.find(
    ({ publicKey }) => signature?.keyid === `notary:${roleKeyId("notary", publicKey)}`,
  );
  if (signature === undefined || notary === undefined || others.length > 0) {
    throw notVerified("This acknowledgement is not signed by the site's notary, and by it alone.");
  }
  await verifyEd25519(notary.publicKey, pae(payloadType, payload), signature.sig);
  if (acknowledgement.origin !== origin || acknowledgement.envelope !== envelopeSha256) {
    throw notVerified("This acknowledgement is for something else.");
  }
  return acknowledgement;
}
