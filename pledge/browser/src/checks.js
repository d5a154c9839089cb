/**
 * A receipt checked before the reader's eyes: each step in words, and the rings of the seal. Used where the page
 * includes verify/checks.html.
 *
 * @typedef {import("./receipt.js").Step} Step
 * @typedef {import("./receipt.js").Verified} Verified
 * @typedef {import("./seal.js").Ring} Ring
 */

import { messageOf } from "./dom.js";
import { PledgeError } from "./errors.js";
import { affiliationInWords } from "./readable.js";
import { verifyReceipt } from "./receipt.js";
import { setRing } from "./seal.js";

/** The steps in the order in which they are taken, and the ring that each belongs to. @type {[Step, Ring][]} */
const STEPS = [
  ["leaf", "signature"],
  ["log", "log"],
  ["text", "signature"],
  ["openings", "signature"],
  ["signatory", "signature"],
  ["notary", "signature"],
  ["notary-entry", "log"],
];

/** @type {Ring[]} */
const RINGS = ["signature", "log", "witness"];

/**
 * Check a receipt and show what comes of it.
 * @param {HTMLElement} place that holds the seal and the list
 * @param {import("./receipt.js").Receipt} receipt
 * @param {import("./policy.js").Policy} policy
 * @param {string} [labName] as the page knows it; the entry has only the lab's slug
 * @returns {Promise<Verified | null>} null where it does not check out; the page says why
 */
export async function showChecks(place, receipt, policy, labName) {
  clear(place);
  /** @type {Set<Step>} */
  const passed = new Set();
  try {
    const verified = await verifyReceipt(receipt, policy, (step) => {
      passed.add(step);
      mark(place, step, "closed");
    });
    showVerified(place, verified, policy, labName);
    return verified;
  } catch (error) {
    const [step, ring] = STEPS.find(([candidate]) => !passed.has(candidate)) ?? ["leaf", "signature"];
    const isBeyond = error instanceof PledgeError && ["unsupported", "not-understood"].includes(error.code);
    mark(place, step, isBeyond ? "open" : "failed", messageOf(error));
    setRing(place, ring, isBeyond ? "unknown" : "failed", messageOf(error));
    unfold(place);
    return null;
  }
}

/** @param {HTMLElement} place */
function unfold(place) {
  for (const part of place.querySelectorAll("details")) part.open = true;
}

/** @param {HTMLElement} place */
function clear(place) {
  for (const part of place.querySelectorAll("details")) part.hidden = false;
  for (const item of place.querySelectorAll("[data-step]")) {
    item.setAttribute("data-state", "open");
    item.querySelector(".detail")?.replaceChildren();
  }
  for (const ring of RINGS) setRing(place, ring, "unknown", "not checked");
  showUnchecked(place, false);
}

/**
 * @param {HTMLElement} place
 * @param {Step | "witness"} step
 * @param {import("./seal.js").State} state
 * @param {string} [detail]
 */
function mark(place, step, state, detail = "") {
  const item = place.querySelector(`[data-step="${step}"]`);
  item?.setAttribute("data-state", state);
  if (detail !== "") item?.querySelector(".detail")?.replaceChildren(detail);
}

/**
 * @param {HTMLElement} place
 * @param {Verified} verified
 * @param {import("./policy.js").Policy} policy
 * @param {string | undefined} labName
 */
function showVerified(place, { signing, openings, index, seen, grade }, policy, labName) {
  const { size, origin } = seen.checkpoint;
  const opened = openings.map(({ field, value }) => `${capitalized(field)}: ${value}`).join("; ");
  mark(place, "openings", "closed", opened || "The receipt opens none: it shows no name.");
  mark(place, "notary", "closed", affiliationInWords(signing.affiliation, labName, "this person"));
  mark(place, "log", "closed", `Entry ${index} of ${origin}, in a state of the log with ${size} entries.`);
  setRing(place, "signature", "closed", "with the signatory’s own key, and co-signed by the notary");
  setRing(place, "log", "closed", `entry ${index} of ${origin}`);
  const isWitnessed = grade === "witnessed";
  const words = witnessesInWords(seen, policy, isWitnessed);
  setRing(place, "witness", isWitnessed ? "closed" : "open", words);
  mark(place, "witness", isWitnessed ? "closed" : "open", `${capitalized(words)}.`);
  showUnchecked(place, seen.unchecked.length > 0);
}

/**
 * @param {import("./policy.js").VerifiedCheckpoint} seen
 * @param {import("./policy.js").Policy} policy
 * @param {boolean} isWitnessed
 */
function witnessesInWords({ witnesses, newestSeconds }, policy, isWitnessed) {
  if (policy.witnesses.length === 0) return "this policy names no witnesses";
  const when = newestSeconds === null ? "" : `, last ${instant(newestSeconds)}`;
  if (isWitnessed) return `by ${witnesses.join(", ")}${when}`;
  if (policy.quorum === null) return "this policy asks for no quorum";
  if (witnesses.length === 0) return "none of this policy’s witnesses has cosigned";
  return `too few of this policy’s witnesses have cosigned: ${witnesses.join(", ")}${when}`;
}

/** @param {string} words */
function capitalized(words) {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

/**
 * @param {HTMLElement} place
 * @param {boolean} isShown
 */
function showUnchecked(place, isShown) {
  const words = place.querySelector(".unchecked");
  if (words instanceof HTMLElement) words.hidden = !isShown;
}

/** @param {bigint} seconds since 1970 */
function instant(seconds) {
  if (seconds > 8_640_000_000_000n) return "at a time that no calendar holds";
  return `on ${new Date(Number(seconds) * 1000).toISOString().slice(0, 10)}`;
}
