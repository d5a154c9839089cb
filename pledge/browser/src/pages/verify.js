/**
 * Verify a receipt or a badge that the reader chooses, drops or names by its address here, by this site's policy or the
 * reader's own. Nothing is sent.
 */

import { isSvg, parseBadge } from "../badge.js";
import { utf8 } from "../bytes.js";
import { showChecks, showUnchecked } from "../checks.js";
import { enableCopying } from "../copy.js";
import { attempt, byId, fillFacts, readBlock, say } from "../dom.js";
import { malformed } from "../errors.js";
import { hasEd25519 } from "../keys.js";
import { parsePolicy } from "../policy.js";
import { signingInWords, titleOf } from "../readable.js";
import { MAX_BYTES, readReceipt } from "../receipt.js";
import { gettext } from "../strings.js";

const result = byId("result", HTMLElement);
const wrong = byId("wrong", HTMLElement);
const receiptInput = byId("receipt-file", HTMLInputElement);
const addressInput = byId("badge-address", HTMLInputElement);
const policyInput = byId("policy-file", HTMLInputElement);

/** @param {File} file */
async function bytesOf(file) {
  if (file.size > MAX_BYTES) throw malformed("This file is too large to be a receipt or a policy.");
  return new Uint8Array(await file.arrayBuffer());
}

async function readPolicy() {
  const [own] = policyInput.files ?? [];
  byId("whose-policy", HTMLElement).textContent = own
    ? gettext("by your own policy, %(name)s", { name: own.name })
    : gettext("by the policy that this site claims");
  return parsePolicy(own ? await bytesOf(own) : utf8(readBlock("policy")));
}

async function checkFile() {
  const [file] = receiptInput.files ?? [];
  if (file !== undefined) await check(await bytesOf(file), file.name);
}

/** Check a badge by its address on this site; what it is asked for with its proof. */
async function checkAddress() {
  const address = new URL(addressInput.value.trim(), location.href);
  if (address.origin !== location.origin || !/^\/badge\/.+\.svg$/.test(address.pathname)) {
    throw malformed(
      "This is not the address of a badge of this site. Save the picture where it is, and drop the file here.",
    );
  }
  address.searchParams.set("proof", "1");
  const response = await fetch(address);
  if (!response.ok) throw malformed("The site did not give this badge.");
  await check(new Uint8Array(await response.arrayBuffer()), address.href);
}

/**
 * @param {Uint8Array} bytes
 * @param {string} name of the file, or its address
 */
async function check(bytes, name) {
  result.hidden = true;
  const policy = await readPolicy();
  const isBadge = isSvg(bytes);
  const receipt = isBadge ? await parseBadge(bytes) : readReceipt(bytes);
  result.hidden = false;
  const verified = await showChecks(byId("checked", HTMLElement), receipt, policy);
  const words = { isOwn: false, title: titleOf(receipt.text) };
  const facts = verified ? signingInWords(verified.signing, verified.openings, words) : [];
  fillFacts(byId("facts", HTMLElement), facts);
  byId("verdict", HTMLElement).textContent = verdict(verified?.grade ?? null, isBadge);
  byId("picture", HTMLElement).hidden = !isBadge || verified === null;
  showUnchecked(verified);
  byId("meaning", HTMLElement).hidden = verified === null;
  byId("command", HTMLElement).textContent = `pledge verify ${quoted(name)} --policy my.policy`;
  byId("verdict", HTMLElement).focus();
}

/**
 * @param {"logged" | "witnessed" | null} grade
 * @param {boolean} isBadge
 */
function verdict(grade, isBadge) {
  if (grade === "witnessed") {
    return isBadge
      ? gettext("The proof in this badge checks out: signed, logged and witnessed")
      : gettext("This receipt checks out: signed, logged and witnessed");
  }
  if (grade === "logged") {
    return isBadge
      ? gettext("The proof in this badge checks out: signed and logged, but not witnessed")
      : gettext("This receipt checks out: signed and logged, but not witnessed");
  }
  return isBadge
    ? gettext("The proof in this badge does not check out")
    : gettext("This receipt does not check out");
}

/** @param {string} name of a file, for a POSIX shell */
function quoted(name) {
  return `'${name.replaceAll("'", "'\\''")}'`;
}

/** @param {HTMLElement} zone */
function enableDropping(zone) {
  for (const kind of ["dragenter", "dragover"]) {
    zone.addEventListener(kind, (event) => {
      event.preventDefault();
      zone.dataset.over = "";
    });
  }
  for (const kind of ["dragleave", "drop"]) {
    zone.addEventListener(kind, () => {
      delete zone.dataset.over;
    });
  }
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer?.files.length) return;
    receiptInput.files = event.dataTransfer.files;
    attempt(wrong, checkFile);
  });
}

async function start() {
  enableCopying();
  if (!(await hasEd25519())) {
    byId("unsupported", HTMLElement).hidden = false;
    return;
  }
  for (const input of [receiptInput, policyInput])
    input.addEventListener("change", () => attempt(wrong, checkFile));
  receiptInput.addEventListener("click", () => {
    receiptInput.value = ""; // or choosing the same file again, changed since, would be no change
  });
  byId("address-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(wrong, checkAddress);
  });
  enableDropping(byId("drop", HTMLElement));
  byId("check-here", HTMLElement).hidden = false;
}

start().catch(() => say(wrong, gettext("This page’s script did not start. Use the command line below.")));
