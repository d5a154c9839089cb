/**
 * Whom a source's page believes: the policy that the page carries, the same for everyone, and the stewards that the log
 * of that policy has.
 */

import { utf8 } from "../bytes.js";
import { readBlock } from "../dom.js";
import { parsePolicy } from "../policy.js";
import { checkFollows, openMemory } from "../seen.js";
import { parseRecipients } from "../tip/recipients.js";
import { getPublic } from "./server.js";

/** The day, UTC. */
export const today = () => new Date().toISOString().slice(0, 10);

/** The policy that the page carries. */
export const readPolicy = () => parsePolicy(utf8(readBlock("policy")));

/**
 * Fetch the stewards' keys, verify all of them, and that the log they stand in follows from the one seen before.
 * @param {import("../policy.js").Policy} policy
 */
export async function fetchStewards(policy) {
  const stewards = await parseRecipients(await getPublic("/stewards/keys.json"), policy);
  const getTile = (/** @type {string} */ path) => getPublic(`/log/${path}`);
  await checkFollows(stewards.note, policy, { memory: openMemory(), getTile });
  return stewards;
}
