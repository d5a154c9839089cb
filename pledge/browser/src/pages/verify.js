/** Verify a receipt that the reader chooses or drops, by this site's policy or the reader's own. Nothing is sent. */

import { utf8 } from "../bytes.js";
import { showChecks, showUnchecked } from "../checks.js";
import { enableCopying } from "../copy.js";
import { attempt, byId, fillFacts, readBlock, say } from "../dom.js";
import { malformed } from "../errors.js";
import { hasEd25519 } from "../keys.js";
import { parsePolicy } from "../policy.js";
import { signingInWords, titleOf } from "../readable.js";
import { MAX_BYTES, readReceipt } from "../receipt.js";

const result = byId("result", HTMLElement);
const wrong = byId("wrong", HTMLElement);
const receiptInput = byId("receipt-file", HTMLInputElement);
const policyInput = byId("policy-file", HTMLInputElement);

/** @param {File} file */
async function bytesOf(file) {
  if (file.size > MAX_BYTES) throw malformed("This file is too large to be a receipt or a policy.");
  return new Uint8Array(await file.arrayBuffer());
}

async function readPolicy() {
  const [own] = policyInput.files ?? [];
  byId("whose-policy", HTMLElement).textContent = own
    ? `by your own policy, ${own.name}`
    : "by the policy that this site claims";
  return parsePolicy(own ? await bytesOf(own) : utf8(readBlock("policy")));
}

async function check() {
  const [file] = receiptInput.files ?? [];
  if (file === undefined) return;
  result.hidden = true;
  const policy = await readPolicy();
  const receipt = readReceipt(await bytesOf(file));
  result.hidden = false;
  const verified = await showChecks(byId("checked", HTMLElement), receipt, policy);
  const words = { person: "this person", title: titleOf(receipt.text) };
  const facts = verified ? signingInWords(verified.signing, verified.openings, words) : [];
  fillFacts(byId("facts", HTMLElement), facts);
  byId("verdict", HTMLElement).textContent = verdict(verified?.grade ?? null);
  showUnchecked(verified);
  byId("meaning", HTMLElement).hidden = verified === null;
  byId("command", HTMLElement).textContent = `pledge verify ${quoted(file.name)} --policy my.policy`;
  byId("verdict", HTMLElement).focus();
}

/** @param {"logged" | "witnessed" | null} grade */
function verdict(grade) {
  if (grade === "witnessed") return "This receipt checks out: signed, logged and witnessed";
  if (grade === "logged") return "This receipt checks out: signed and logged, but not witnessed";
  return "This receipt does not check out";
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
    attempt(wrong, check);
  });
}

async function start() {
  enableCopying();
  if (!(await hasEd25519())) {
    byId("unsupported", HTMLElement).hidden = false;
    return;
  }
  for (const input of [receiptInput, policyInput])
    input.addEventListener("change", () => attempt(wrong, check));
  receiptInput.addEventListener("click", () => {
    receiptInput.value = ""; // or choosing the same file again, changed since, would be no change
  });
  enableDropping(byId("drop", HTMLElement));
  byId("check-here", HTMLElement).hidden = false;
}

start().catch(() => say(wrong, "This page’s script did not start. Use the command line below."));
