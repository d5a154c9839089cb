/**
 * Renew, withdraw or erase with the signatory's key: from the twelve words, or kept in this browser. The words leave in
 * no request; what leaves is the statement and its signature.
 */

import { base64, text } from "../bytes.js";
import { enableCopying } from "../copy.js";
import { byId, fillFacts, on, readBlock, sayError, showStep } from "../dom.js";
import { prepareChange, signChecked } from "../draft.js";
import { formatKey } from "../ed25519.js";
import { malformed, notVerified } from "../errors.js";
import { hasEd25519, signingKeyFromSeed } from "../keys.js";
import { findKey, forgetKey } from "../keystore.js";
import { dayInWords, gettext } from "../strings.js";
import { deriveSeed, entropyFromWords } from "../words.js";

/** @typedef {{payloadType: string, payload: {[member: string]: unknown}}} ChangeDraft */
/** @typedef {{renewal: ChangeDraft | null, withdrawals: {[reason: string]: ChangeDraft | null},
 *   erasure: ChangeDraft | null}} Drafts */

/** @type {Drafts} */
const drafts = readBlock("drafts");
/** @type {{id: string, key: string, origin: string}} */
const signing = readBlock("signing");
const wrong = byId("wrong", HTMLElement);
const form = byId("choose", HTMLFormElement);
const words = byId("words", HTMLTextAreaElement);
const confirmStep = byId("step-confirm", HTMLElement);

/** @type {import("../keys.js").SigningKey | null} */
let key = null;

function chosen() {
  const wish = form.elements.namedItem("wish");
  const value = wish instanceof RadioNodeList || wish instanceof HTMLInputElement ? wish.value : "";
  const [action = "", reason = ""] = value.split(":");
  const draft = { renew: drafts.renewal, erase: drafts.erasure, withdraw: drafts.withdrawals[reason] }[
    action
  ];
  if (!draft) throw malformed("Choose what you want to do.");
  return { value, action, reason, draft, ...prepareChange(draft, signing, { action, reason }) };
}

/** Make the key of the words, unless this browser keeps it, and check that it is this signing's. */
async function findSigningKey() {
  if (key !== null) return key;
  const entropy = entropyFromWords(words.value);
  const made = await signingKeyFromSeed(
    await deriveSeed(entropy, { origin: signing.origin, purpose: "signing" }),
  );
  entropy.fill(0);
  if (formatKey(made.publicKey) !== signing.key) {
    throw notVerified("These words are whole, but they are not the words of this signing.");
  }
  words.value = "";
  return made;
}

async function show() {
  const { value, draft, message } = chosen();
  key = await findSigningKey();
  fillFacts(byId("readable", HTMLElement), [
    [gettext("What"), label(value)],
    [gettext("Day"), dayInWords(String(draft.payload.day))],
    [gettext("Signing"), String(draft.payload.signing)],
    [gettext("For the log"), signing.origin],
  ]);
  byId("exact", HTMLElement).textContent = text(message);
  showStep(confirmStep, [form, confirmStep]);
}

/** @param {string} wish */
function label(wish) {
  const input = [...form.querySelectorAll("input")].find(({ value }) => value === wish);
  return input?.labels?.[0]?.textContent?.trim().replace(/\s+/g, " ") ?? wish;
}

async function submit() {
  if (key === null) return;
  const { action, reason, payload, message } = chosen();
  byId("action", HTMLInputElement).value = action;
  byId("reason", HTMLInputElement).value = reason;
  byId("key", HTMLInputElement).value = signing.key;
  byId("payload", HTMLInputElement).value = base64(payload);
  byId("signature", HTMLInputElement).value = base64(await signChecked(key, message));
  byId("sign", HTMLButtonElement).disabled = true;
  byId("signed", HTMLFormElement).submit();
}

function back() {
  showStep(form, [form, confirmStep]);
  byId("go-on", HTMLElement).focus();
}

async function forget() {
  await forgetKey(signing.id);
  key = null;
  useWords(true);
}

/** @param {boolean} areNeeded */
function useWords(areNeeded) {
  byId("words-field", HTMLElement).hidden = !areNeeded;
  byId("kept", HTMLElement).hidden = areNeeded;
}

async function start() {
  enableCopying();
  if (!(await hasEd25519())) {
    byId("unsupported", HTMLElement).hidden = false;
    return;
  }
  const kept = await findKey(signing.id);
  if (kept !== null && formatKey(kept.publicKey) === signing.key) {
    key = kept;
    useWords(false);
  }
  on("choose", wrong, show);
  on("sign", wrong, submit);
  on("back", wrong, back);
  on("forget", wrong, forget);
  window.addEventListener("pageshow", () => {
    byId("sign", HTMLButtonElement).disabled = false;
  });
  byId("by-words", HTMLElement).hidden = false;
}

start().catch((error) => sayError(wrong, error));
