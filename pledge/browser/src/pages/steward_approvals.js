/**
 * Approving: what a proposal says is read from the statement itself, shown, and signed as it reads on each of the next
 * days. Keys are unwrapped for this page only.
 */

import { fromHex } from "../bytes.js";
import { byId, element, messageOf, on, readBlock, say } from "../dom.js";
import { formatKey } from "../ed25519.js";
import { notVerified } from "../errors.js";
import { signingKeyFromSeed } from "../keys.js";
import { unwrapBundle } from "../steward/bundle.js";
import {
  fingerprint,
  KEY_TYPE,
  onDay,
  REVOCATION_TYPE,
  readProposed,
  signStatement,
} from "../steward/statements.js";

const SEED_BYTES = 32;

/**
 * @typedef {{key: string | null, possession: string | null, revocation: string | null}} Proposed in base64
 * @type {{origin: string, key: string | null, bundle: string | null, days: string[], proposals: {[id: string]: Proposed}}}
 */
const desk = readBlock("desk");
const wrong = byId("wrong", HTMLElement);

/** @type {import("../keys.js").SigningKey | null} */
let key = null;

async function unlock() {
  const file = byId("bundle-file", HTMLInputElement).files?.[0];
  if (file === undefined && desk.bundle === null) throw notVerified("Choose your key file.");
  const bytes =
    file !== undefined
      ? await file.arrayBuffer()
      : await (await fetch(/** @type {string} */ (desk.bundle), { cache: "no-store" })).arrayBuffer();
  const passphrase = byId("passphrase", HTMLInputElement);
  const bundle = await unwrapBundle(new Uint8Array(bytes), passphrase.value);
  passphrase.value = "";
  if (bundle.origin !== desk.origin) throw notVerified("This key file is for another site.");
  for (const { signing } of bundle.keys) {
    const candidate = await signingKeyFromSeed(fromHex(signing, SEED_BYTES));
    if (formatKey(candidate.publicKey) === desk.key) key = candidate;
  }
  if (key === null) throw notVerified("The key that you hold today is not in this file.");
  byId("locked", HTMLElement).hidden = true;
  for (const button of document.querySelectorAll("button[data-proposal]")) {
    /** @type {HTMLElement} */ (button).hidden = false;
  }
}

/**
 * Say what the statements say, not what the server says of them.
 * @param {string} id
 * @param {Proposed} proposed
 */
function describe(id, { key: admitted, revocation }) {
  const place = byId(`says-${id}`, HTMLElement);
  /** @type {[string, string][]} */
  const rows = [];
  if (admitted !== null) {
    const { keys, from, until } = readProposed(KEY_TYPE, admitted, desk.origin);
    rows.push(
      ["New key", fingerprint(keys)],
      ["Signing key", keys.signing],
      ["Holds", `${from} until ${until}`],
    );
  }
  if (revocation !== null) {
    const ended = readProposed(REVOCATION_TYPE, revocation, desk.origin);
    rows.push(["Ends", ended.key], ["Because", ended.reason]);
  }
  place.replaceChildren(
    ...rows.flatMap(([term, said]) => [element("dt", {}, term), element("dd", {}, said)]),
  );
}

/**
 * @param {string} id
 * @param {Proposed} proposed
 */
async function approve(id, { key: admitted, revocation }) {
  if (key === null) return;
  const own = key;
  const signatures = [];
  for (const day of desk.days) {
    signatures.push({
      day,
      key: admitted && (await signStatement(own, KEY_TYPE, onDay(KEY_TYPE, admitted, day))),
      revocation:
        revocation && (await signStatement(own, REVOCATION_TYPE, onDay(REVOCATION_TYPE, revocation, day))),
    });
  }
  byId(`signatures-${id}`, HTMLInputElement).value = JSON.stringify(signatures);
  byId(`form-${id}`, HTMLFormElement).submit();
}

function start() {
  for (const [id, proposed] of Object.entries(desk.proposals)) {
    describe(id, proposed);
    if (document.getElementById(`approve-${id}`) !== null) {
      on(`approve-${id}`, wrong, () => approve(id, proposed));
    }
  }
  if (document.getElementById("unlock") !== null) {
    on("unlock", wrong, unlock);
    byId("locked", HTMLElement).hidden = false;
  }
}

try {
  start();
} catch (error) {
  say(wrong, messageOf(error));
}
