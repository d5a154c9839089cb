/**
 * Approve colleagues' keys, or the end of one: the page shows what the statements themselves say, and signs them for
 * each of the next days with the steward's key, which it forgets right after.
 */

import { text } from "../bytes.js";
import { enableCopying } from "../copy.js";
import { attempt, byId, fillFacts, readBlock, say, sayError } from "../dom.js";
import { malformed } from "../errors.js";
import { hasEd25519 } from "../keys.js";
import { unwrapBundle } from "../steward/bundle.js";
import { approve, findSigner, fingerprint, messagesOn, readProposal } from "../steward/decisions.js";
import { readWrapped } from "../steward/key_file.js";
import { dayInWords, gettext } from "../strings.js";

/** @typedef {import("../steward/decisions.js").Proposal} Proposal */

/** @type {{origin: string, key: string | null, bundle: string | null, days: string[],
 *   proposals: {[id: string]: import("../steward/decisions.js").Draft}}} */
const block = readBlock("approvals");
const wrong = byId("wrong", HTMLElement);
const said = byId("said", HTMLElement);
const passphrase = byId("passphrase", HTMLInputElement);
const PAINT_MS = 50;

/** @param {Proposal} proposal */
function facts({ key, revocation }) {
  /** @type {[string, string][]} */
  const rows = [];
  if (key !== null) {
    rows.push(
      [gettext("New key, fingerprint"), fingerprint(key.keys.signing, key.keys.age ?? "")],
      [gettext("New key"), key.keys.signing],
      [
        gettext("Holds"),
        gettext("%(from)s to %(until)s", { from: dayInWords(key.from), until: dayInWords(key.until) }),
      ],
    );
  }
  if (revocation !== null)
    rows.push([gettext("Key that ends"), revocation.key], [gettext("Reason"), revocation.reason]);
  return rows;
}

/** @param {HTMLFormElement} form @param {Proposal} proposal */
async function signAll(form, proposal) {
  if (block.key === null) throw malformed("Only a steward whose key is current decides.");
  say(said, gettext("Unlocking your key. This takes a second or two, and is meant to."));
  await new Promise((resolve) => setTimeout(resolve, PAINT_MS)); // or nobody would see what it says
  try {
    const file = byId("bundle-file", HTMLInputElement);
    const bundle = await unwrapBundle(await readWrapped(file, block.bundle), passphrase.value);
    const signer = await findSigner(bundle, block.key);
    const field = form.elements.namedItem("signatures");
    if (!(field instanceof HTMLInputElement)) throw new TypeError("no field for signatures");
    field.value = JSON.stringify(await approve(proposal, signer, block.days));
    passphrase.value = "";
    form.submit();
  } finally {
    say(said, "");
  }
}

/** @param {HTMLElement} part of the page, about one proposal */
async function show(part) {
  const draft = block.proposals[part.dataset.proposal ?? ""];
  if (draft === undefined) return;
  const proposal = await readProposal(draft, block.origin);
  fillFacts(/** @type {HTMLElement} */ (part.querySelector("dl")), facts(proposal));
  const exact = messagesOn(proposal, String(block.days[0])).map(text).join("\n\n");
  /** @type {HTMLElement} */ (part.querySelector("pre")).textContent = exact;
  const form = part.querySelector("form[data-approve]");
  if (!(form instanceof HTMLFormElement)) return;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(wrong, () => signAll(form, proposal));
  });
}

async function start() {
  enableCopying();
  if (!(await hasEd25519())) {
    byId("unsupported", HTMLElement).hidden = false;
    return;
  }
  for (const part of document.querySelectorAll("[data-proposal]")) {
    if (!(part instanceof HTMLElement)) continue;
    const place = /** @type {HTMLElement} */ (part.querySelector("[role=alert]"));
    await attempt(place, () => show(part));
  }
}

start().catch((error) => sayError(wrong, error));
