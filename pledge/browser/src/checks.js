/**
 * A receipt checked before the reader's eyes: each step in words, and the rings of the seal. Used where the page
 * includes verify/checks.html.
 *
 * @typedef {import("./receipt.js").Step} Step
 * @typedef {import("./receipt.js").Verified} Verified
 * @typedef {import("./seal.js").Ring} Ring
 */

import { byId, messageOf } from "./dom.js";
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

/** Steps that fail too where the policy names other keys. @type {Step[]} */
const BY_POLICY = ["log", "notary", "notary-entry"];

/** @type {Record<import("./seal.js").State, string>} */
const SAID = { closed: "Passed", failed: "Failed", open: "Not checked", unknown: "Not checked" };

/** @type {Ring[]} */
const RINGS = ["signature", "log", "witness"];

/**
 * Check a receipt and show what comes of it.
 * @param {HTMLElement} place that holds the seal and the list
 * @param {import("./receipt.js").Receipt} receipt
 * @param {import("./policy.js").Policy} policy
 * @param {{labName?: string | undefined, isOwn?: boolean}} [words] the lab's name as the page knows it, for the entry
 *   has only its slug; whether the reader is the signatory
 * @returns {Promise<Verified | null>} null where it does not check out; the page says why
 */
export async function showChecks(place, receipt, policy, words = {}) {
  clear(place);
  /** @type {Set<Step>} */
  const passed = new Set();
  try {
    const verified = await verifyReceipt(receipt, policy, (step) => {
      passed.add(step);
      mark(place, step, "closed");
    });
    showVerified(place, verified, policy, words);
    if (receipt.notary === null)
      mark(place, "notary-entry", "open", "A badge leaves it out. The receipt has it.");
    return verified;
  } catch (error) {
    const [step, ring] = STEPS.find(([candidate]) => !passed.has(candidate)) ?? ["leaf", "signature"];
    const isBeyond = error instanceof PledgeError && ["unsupported", "not-understood"].includes(error.code);
    const why = messageOf(error);
    mark(place, step, isBeyond ? "open" : "failed", why);
    setRing(
      place,
      ring,
      isBeyond ? "unknown" : "failed",
      isBeyond ? why : `${meaningOf(step, error)} ${why}`,
    );
    unfold(place);
    return null;
  }
}

/**
 * What a check that failed means, before its detail.
 * @param {Step} step
 * @param {unknown} error
 */
function meaningOf(step, error) {
  const isDamaged = error instanceof PledgeError && error.code === "malformed";
  return isDamaged || !BY_POLICY.includes(step)
    ? "this receipt was changed, or is damaged."
    : "this receipt was changed, or this policy does not know who signed it.";
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
    item.querySelector("strong")?.replaceChildren(SAID.open);
    item.querySelector(".detail")?.replaceChildren();
  }
  for (const ring of RINGS) setRing(place, ring, "unknown", "not checked");
}

/**
 * @param {HTMLElement} place
 * @param {Step | "witness"} step
 * @param {import("./seal.js").State} state
 * @param {string} [detail]
 * @param {string} [said] the state in a word
 */
function mark(place, step, state, detail = "", said = SAID[state]) {
  const item = place.querySelector(`[data-step="${step}"]`);
  item?.setAttribute("data-state", state);
  item?.querySelector("strong")?.replaceChildren(said);
  if (detail !== "") item?.querySelector(".detail")?.replaceChildren(detail);
}

/**
 * @param {HTMLElement} place
 * @param {Verified} verified
 * @param {import("./policy.js").Policy} policy
 * @param {{labName?: string | undefined, isOwn?: boolean}} words
 */
function showVerified(place, { signing, openings, index, seen, grade }, policy, { labName, isOwn = false }) {
  const { size, origin } = seen.checkpoint;
  const opened = openings.map(({ field, value }) => `${capitalized(field)}: ${value}`).join("; ");
  mark(place, "openings", "closed", opened || "The receipt opens none: it shows no name.");
  mark(
    place,
    "notary",
    "closed",
    affiliationInWords(signing.affiliation, labName, isOwn ? "you" : "this person"),
  );
  mark(place, "log", "closed", `Entry ${index} of ${origin}, in a state of the log with ${size} entries.`);
  const key = isOwn ? "your own key" : "the signatory’s own key";
  setRing(place, "signature", "closed", `with ${key}, and co-signed by the notary`);
  setRing(place, "log", "closed", `entry ${index} of ${origin}`);
  const isWitnessed = grade === "witnessed";
  const words = witnessesInWords(seen, policy, isWitnessed);
  setRing(place, "witness", isWitnessed ? "closed" : "open", words);
  const said = policy.quorum === null ? SAID.open : isWitnessed ? SAID.closed : "Not met";
  mark(place, "witness", isWitnessed ? "closed" : "open", `${capitalized(words)}.`, said);
}

/**
 * Say beside the verdict which signatures no browser can check yet.
 * @param {Verified | null} verified
 */
export function showUnchecked(verified) {
  const origin = verified?.seen.checkpoint.origin;
  const names = (verified?.seen.unchecked ?? []).map((name) => (name === origin ? "the log" : name));
  byId("unchecked", HTMLElement).hidden = names.length === 0;
  byId("unchecked-names", HTMLElement).textContent = names.join(" and ");
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

/** @param {bigint} seconds since 1970 */
function instant(seconds) {
  if (seconds > 8_640_000_000_000n) return "at a time that no calendar holds";
  return `on ${new Date(Number(seconds) * 1000).toISOString().slice(0, 10)}`;
}
