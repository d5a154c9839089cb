/**
 * Whom a source's page believes: the policy that the page carries, the same for everyone, and the stewards that the log
 * of that policy has.
 */

import { utf8 } from "../bytes.js";
import { readBlock } from "../dom.js";
import { parsePolicy } from "../policy.js";
import { parseRecipients } from "../tip/recipients.js";
import { getPublic } from "./server.js";

/** The day, UTC. */
export const today = () => new Date().toISOString().slice(0, 10);

/** The policy that the page carries. */
export const readPolicy = () => parsePolicy(utf8(readBlock("policy")));

/**
 * Fetch the stewards' keys and verify all of them.
 * @param {import("../policy.js").Policy} policy
 */
export async function fetchStewards(policy) {
  return parseRecipients(await getPublic("/stewards/keys.json"), policy);
}
