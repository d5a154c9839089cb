/**
 * Making keys: drawn here, wrapped under a passphrase here, and kept wrapped. What leaves is the public half, a
 * signature that shows that the secret half is here, and the wrapped bundle if it may be kept.
 */

import { recipientOf } from "../age/keytext.js";
import { base64, fromHex } from "../bytes.js";
import { byId, fillFacts, messageOf, on, readBlock, say } from "../dom.js";
import { formatKey } from "../ed25519.js";
import { notVerified, PledgeError } from "../errors.js";
import { hasEd25519, signingKeyFromSeed } from "../keys.js";
import { newKeys, unwrapBundle, wrapBundle } from "../steward/bundle.js";
import { completeKey, fingerprint, KEY_TYPE, readable, signStatement } from "../steward/statements.js";
import { drawWords } from "../words.js";

const LEAST_CHARACTERS = 16;
const OFFERED_WORDS = 7;
const SEED_BYTES = 32;

/** @type {{origin: string, payloadType: string, payload: any, bundle: string | null, current: string | null}} */
const draft = readBlock("draft");
const wrong = byId("wrong", HTMLElement);
const passphrase = byId("passphrase", HTMLInputElement);
const again = byId("passphrase-again", HTMLInputElement);

/** @returns {Promise<import("../steward/bundle.js").Bundle | null>} the keys so far */
async function readOld() {
  const chosen = document.getElementById("old-file");
  const file = chosen instanceof HTMLInputElement ? chosen.files?.[0] : undefined;
  if (file === undefined && draft.bundle === null) return null;
  const bytes =
    file !== undefined
      ? await file.arrayBuffer()
      : await (await fetch(/** @type {string} */ (draft.bundle), { cache: "no-store" })).arrayBuffer();
  const bundle = await unwrapBundle(new Uint8Array(bytes), passphrase.value);
  if (bundle.origin !== draft.origin) throw notVerified("This key file is for another site.");
  return bundle;
}

function offer() {
  const offered = drawWords().split(" ").slice(0, OFFERED_WORDS).join(" ");
  say(byId("offered", HTMLElement), offered);
  passphrase.value = offered;
  again.value = offered;
}

async function make() {
  if (passphrase.value.length < LEAST_CHARACTERS) {
    throw new PledgeError("passphrase", `A passphrase has at least ${LEAST_CHARACTERS} characters.`);
  }
  if (draft.current === null && passphrase.value !== again.value) {
    throw new PledgeError("passphrase", "The two passphrases differ.");
  }
  say(byId("progress", HTMLElement), "Working. Wrapping keys takes some seconds, and is meant to.");
  const old = draft.current === null ? null : await readOld();
  const made = newKeys(draft.payload.day);
  const key = await signingKeyFromSeed(fromHex(made.signing, SEED_BYTES));
  const keys = { signing: formatKey(key.publicKey), age: await recipientOf(made.age) };
  const bundle = {
    keys: [...(old?.keys ?? []), made],
    origin: draft.origin,
    type: /** @type {const} */ ("steward-keys/v1"),
  };
  const wrapped = await wrapBundle(bundle, passphrase.value);
  await unwrapBundle(wrapped, passphrase.value); // what cannot be opened again is no copy
  passphrase.value = "";
  again.value = "";
  const payload = completeKey(draft.payload, keys);
  byId("payload", HTMLInputElement).value = base64(payload);
  byId("signature", HTMLInputElement).value = await signStatement(key, KEY_TYPE, payload);
  show({ keys, payload, wrapped });
}

/** @param {{keys: {signing: string, age: string}, payload: import("../bytes.js").Bytes, wrapped: import("../bytes.js").Bytes}} made */
function show({ keys, payload, wrapped }) {
  fillFacts(byId("facts", HTMLElement), [
    ["Fingerprint", fingerprint(keys)],
    ["Signing key", keys.signing],
    ["Holds until", draft.payload.until],
  ]);
  byId("exact", HTMLElement).textContent = readable(payload);
  const link = byId("download", HTMLAnchorElement);
  link.href = URL.createObjectURL(new Blob([wrapped], { type: "application/octet-stream" }));
  const keep = byId("keep", HTMLInputElement);
  const field = byId("wrapped", HTMLInputElement);
  const fill = () => {
    field.value = keep.checked ? base64(wrapped) : "";
  };
  keep.addEventListener("change", fill);
  fill();
  byId("step-make", HTMLElement).hidden = true;
  byId("step-send", HTMLElement).hidden = false;
  say(byId("progress", HTMLElement), "");
  byId("step-send-title", HTMLElement).focus();
}

async function start() {
  if (!(await hasEd25519())) {
    say(wrong, "This browser cannot make Ed25519 keys. Use a current Firefox, Chromium or Safari.");
    return;
  }
  if (draft.current === null) on("offer", wrong, offer);
  on("make", wrong, make);
  byId("step-make", HTMLElement).hidden = false;
}

start().catch((error) => say(wrong, messageOf(error)));
