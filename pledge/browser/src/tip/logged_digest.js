/**
 * A day's digest, held against the log: the leaves that everybody can fetch are those whose root an entry of the log has.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {import("../policy.js").Policy} Policy
 * @typedef {import("../statement.js").TipDigest} TipDigest
 * @typedef {{day: string, leaf_entry: string, proof: string}} Digest where the log has it: the entry, base64, and its
 *   tlog-proof
 */

import { fromBase64, utf8 } from "../bytes.js";
import { parseEnvelope } from "../dsse.js";
import { notVerified } from "../errors.js";
import { verifyCheckpoint } from "../policy.js";
import { parseTlogProof } from "../proof.js";
import { parseStatement } from "../statement.js";
import { leafHash, verifyInclusion } from "../tlog.js";
import { parseLeaves, verifyLeaves } from "./digest.js";

/**
 * Read a day's leaves and verify that the log has them.
 * @param {Digest} digest
 * @param {Bytes} bytes the leaves as published
 * @param {Policy} policy
 * @returns {Promise<{leaves: Bytes[], isWitnessed: boolean}>} not witnessed where the policy asks for witnesses who have
 *   not seen it yet
 */
export async function readLogged({ day, leaf_entry, proof }, bytes, policy) {
  const entry = fromBase64(leaf_entry);
  const { index, path, checkpoint } = parseTlogProof(utf8(proof));
  const seen = await verifyCheckpoint(policy, checkpoint);
  const { origin, size, root } = seen.checkpoint;
  verifyInclusion(leafHash(entry), index, size, path, root);
  const { payload, payloadType } = parseEnvelope(entry);
  const statement = parseStatement(payloadType, payload);
  if (statement.type !== "tip-digest/v1" || statement.day !== day || statement.origin !== origin) {
    throw notVerified("The entry that the server names is not the digest of that day.");
  }
  const leaves = parseLeaves(bytes);
  verifyLeaves(leaves, /** @type {TipDigest} */ (statement));
  return { leaves, isWitnessed: policy.quorum === null || seen.quorumMet };
}
