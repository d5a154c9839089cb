/**
 * Make a steward's keys: draw them, wrap them under a passphrase, show the exact statement, and offer it. What leaves
 * is the statement, the new key's signature over it and, if wished, the wrapped keys.
 */

import { base64, text } from "../bytes.js";
import { enableCopying } from "../copy.js";
import { byId, fillFacts, on, readBlock, say, sayError, showStep } from "../dom.js";
import { malformed, notVerified } from "../errors.js";
import { hasEd25519 } from "../keys.js";
import { newKeys, unwrapBundle, wrapBundle } from "../steward/bundle.js";
import { fingerprint, offerKeys, splitOld } from "../steward/decisions.js";
import { readWrapped, saveWrapped } from "../steward/key_file.js";
import { checkPassphrase, drawPassphrase } from "../steward/passphrase.js";
import { dayInWords, gettext } from "../strings.js";

/** @typedef {import("../steward/bundle.js").Bundle} Bundle */

/** @type {{origin: string, payload: {day: string, from: string, until: string}, bundle: string | null,
 *   hasKeys: boolean}} */
const block = readBlock("keys");
const { day } = block.payload;
const wrong = byId("wrong", HTMLElement);
const said = byId("said", HTMLElement);
const makeStep = byId("step-make", HTMLElement);
const confirmStep = byId("step-confirm", HTMLElement);
const passphrase = byId("passphrase", HTMLInputElement);
const again = byId("again", HTMLInputElement);
const PAINT_MS = 50;

/** @type {import("../bytes.js").Bytes | null} */
let wrapped = null;
let isSaved = false;

function isFresh() {
  return !block.hasKeys || byId("afresh", HTMLInputElement).checked;
}

/** @returns {Promise<Bundle>} with the keys so far */
async function readBundle() {
  if (isFresh()) {
    checkPassphrase(passphrase.value, again.value);
    return { keys: [], origin: block.origin, type: "steward-keys/v1" };
  }
  const file = byId("bundle-file", HTMLInputElement);
  const bundle = await unwrapBundle(await readWrapped(file, block.bundle), passphrase.value);
  if (bundle.origin !== block.origin) throw notVerified("These keys are for another site.");
  return bundle;
}

async function make() {
  say(said, gettext("Making and wrapping keys. This takes a few seconds, and is meant to."));
  await new Promise((resolve) => setTimeout(resolve, PAINT_MS)); // or nobody would see what it says
  try {
    const before = await readBundle();
    const { old, needed } = splitOld(before, day);
    const keys = newKeys(day);
    const bundle = { ...before, keys: [...needed, keys] };
    const made = await wrapBundle(bundle, passphrase.value);
    await unwrapBundle(made, passphrase.value); // what cannot be opened again is no copy
    wrapped = made;
    passphrase.value = again.value = "";
    show(await offerKeys(block.payload, keys), old.length);
  } finally {
    say(said, "");
  }
}

/**
 * @param {Awaited<ReturnType<typeof offerKeys>>} offer
 * @param {number} oldKeys how many keys were left out
 */
function show({ payload, message, signature, signing, recipient }, oldKeys) {
  fillFacts(byId("readable", HTMLElement), [
    [gettext("Fingerprint"), fingerprint(signing, recipient)],
    [gettext("Signing key"), signing],
    [gettext("From"), dayInWords(block.payload.from)],
    [gettext("Until"), dayInWords(block.payload.until)],
    [gettext("For the log"), block.origin],
    ...(oldKeys === 0
      ? []
      : [
          /** @type {const} */ ([
            gettext("Left out"),
            gettext("%(count)s old, no longer needed", { count: oldKeys }),
          ]),
        ]),
  ]);
  byId("exact", HTMLElement).textContent = text(message);
  byId("payload", HTMLInputElement).value = base64(payload);
  byId("signature", HTMLInputElement).value = base64(signature);
  showStep(confirmStep, [makeStep, confirmStep]);
}

function save() {
  if (wrapped === null) return;
  saveWrapped(wrapped);
  isSaved = true;
}

function send() {
  if (wrapped === null) return;
  const isKept = byId("keep", HTMLInputElement).checked;
  if (!isKept && !isSaved) throw malformed("Save the key file first, or these keys would be lost.");
  byId("wrapped", HTMLInputElement).value = isKept ? base64(wrapped) : "";
  byId("offer", HTMLFormElement).submit();
}

function drawOne() {
  const drawn = drawPassphrase();
  byId("drawn", HTMLElement).textContent = drawn;
  byId("drawn-line", HTMLElement).hidden = false;
}

function showFields() {
  byId("old", HTMLElement).hidden = isFresh();
  byId("fresh", HTMLElement).hidden = byId("draw-step", HTMLElement).hidden = !isFresh();
}

async function start() {
  enableCopying();
  if (!(await hasEd25519())) {
    byId("unsupported", HTMLElement).hidden = false;
    return;
  }
  on("make", wrong, make);
  on("save", wrong, save);
  on("send", wrong, send);
  on("draw", wrong, drawOne);
  byId("afresh", HTMLInputElement).addEventListener("change", showFields);
  showFields();
  makeStep.hidden = false;
}

start().catch((error) => sayError(wrong, error));
