/**
 * The age library, which weighs as much as all else a page of ours has: it is built as a file of its own, and fetched
 * once the page is there.
 */

import { PledgeError } from "../errors.js";

/** Give the library. It is fetched once; whoever will need it may ask early. */
export async function ageLibrary() {
  try {
    return await import("age-encryption");
  } catch {
    // Some browsers do not try again for as long as the page is open.
    throw new PledgeError(
      "network",
      "A part of this page did not come, and without it nothing can be sealed or opened. Keep a copy of what you wrote, and load the page again.",
    );
  }
}
