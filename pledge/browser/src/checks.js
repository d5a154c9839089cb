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
import { gettext, listInWords } from "./strings.js";

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
const SAID = {
  closed: gettext("Passed"),
  failed: gettext("Failed"),
  open: gettext("Not checked"),
  unknown: gettext("Not checked"),
};

/** What a receipt may open. */
const FIELDS = { name: gettext("Name"), role: gettext("Role"), reason: gettext("Reason") };

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
      mark(place, "notary-entry", "open", gettext("A badge leaves it out. The receipt has it."));
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
    ? gettext("this receipt was changed, or is damaged.")
    : gettext("this receipt was changed, or this policy does not know who signed it.");
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
  for (const ring of RINGS) setRing(place, ring, "unknown", gettext("not checked"));
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
  const opened = openings.map(({ field, value }) => `${FIELDS[field]}: ${value}`).join("; ");
  mark(place, "openings", "closed", opened || gettext("The receipt opens none: it shows no name."));
  mark(place, "notary", "closed", affiliationInWords(signing.affiliation, { labName, isOwn }));
  const where = { index: String(index), origin, size: String(size) };
  mark(
    place,
    "log",
    "closed",
    gettext("Entry %(index)s of %(origin)s, in a state of the log with %(size)s entries.", where),
  );
  const by = isOwn
    ? gettext("with your own key, and co-signed by the notary")
    : gettext("with the signatory’s own key, and co-signed by the notary");
  setRing(place, "signature", "closed", by);
  setRing(place, "log", "closed", gettext("entry %(index)s of %(origin)s", where));
  const isWitnessed = grade === "witnessed";
  const words = witnessesInWords(seen, policy, isWitnessed);
  setRing(place, "witness", isWitnessed ? "closed" : "open", words);
  const said = policy.quorum === null ? SAID.open : isWitnessed ? SAID.closed : gettext("Not met");
  mark(place, "witness", isWitnessed ? "closed" : "open", `${capitalized(words)}.`, said);
}

/**
 * Say beside the verdict which signatures no browser can check yet.
 * @param {Verified | null} verified
 */
export function showUnchecked(verified) {
  const origin = verified?.seen.checkpoint.origin;
  const names = (verified?.seen.unchecked ?? []).map((name) => (name === origin ? gettext("the log") : name));
  byId("unchecked", HTMLElement).hidden = names.length === 0;
  byId("unchecked-names", HTMLElement).textContent = listInWords(names);
}

/**
 * @param {import("./policy.js").VerifiedCheckpoint} seen
 * @param {import("./policy.js").Policy} policy
 * @param {boolean} isWitnessed
 */
function witnessesInWords({ witnesses, newestSeconds }, policy, isWitnessed) {
  if (policy.witnesses.length === 0) return gettext("this policy names no witnesses");
  const who = { names: listInWords(witnesses), when: newestSeconds === null ? "" : instant(newestSeconds) };
  if (isWitnessed) {
    return who.when ? gettext("by %(names)s, last %(when)s", who) : gettext("by %(names)s", who);
  }
  if (policy.quorum === null) return gettext("this policy asks for no quorum");
  if (witnesses.length === 0) return gettext("none of this policy’s witnesses has cosigned");
  return who.when
    ? gettext("too few of this policy’s witnesses have cosigned: %(names)s, last %(when)s", who)
    : gettext("too few of this policy’s witnesses have cosigned: %(names)s", who);
}

/** @param {string} words */
function capitalized(words) {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

/** @param {bigint} seconds since 1970 */
function instant(seconds) {
  if (seconds > 8_640_000_000_000n) return gettext("at a time that no calendar holds");
  const day = new Date(Number(seconds) * 1000).toISOString().slice(0, 10);
  return gettext("on %(day)s", { day });
}
