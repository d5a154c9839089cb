/** Hybrid identities and their recipients, for tests. */

import { formatIdentity, recipientOf } from "../src/age/keytext.js";

/** @type {string[]} */
export const IDENTITIES = Array.from({ length: 17 }, (_, n) =>
  formatIdentity(new Uint8Array(32).fill(n + 1)),
);

export const RECIPIENTS = await Promise.all(IDENTITIES.map(recipientOf));

/** Of nobody above. */
export const STRANGER = formatIdentity(new Uint8Array(32).fill(0x73));
