/**
 * The page behind the link: twelve words, a key made of them, the exact statement, a signature. The words stay in this
 * page's memory; what leaves is the statement, the public key and the signature, in an ordinary form.
 */

import { base64, text } from "../bytes.js";
import { copy, enableCopying } from "../copy.js";
import { byId, element, fillFacts, messageOf, on, readBlock, say, showStep } from "../dom.js";
import { prepareSigning, signChecked } from "../draft.js";
import { formatKey } from "../ed25519.js";
import { hasEd25519, signingKeyFromSeed } from "../keys.js";
import { keepKey } from "../keystore.js";
import { clauseText, signingInWords, titleOf } from "../readable.js";
import { gettext } from "../strings.js";
import { deriveSeed, drawWords, entropyFromWords } from "../words.js";

/** @type {import("../draft.js").Draft} */
const draft = readBlock("draft");
const [drawStep, checkStep, signStep] = ["draw", "check", "confirm"].map((id) =>
  byId(`step-${id}`, HTMLElement),
);
const steps = /** @type {HTMLElement[]} */ ([drawStep, checkStep, signStep]);
const wrong = byId("wrong", HTMLElement);
const inputs = [byId("word-a", HTMLInputElement), byId("word-b", HTMLInputElement)];

/** The twelve words, until the key is made of them. @type {string[]} */
let words = [];
/** Where the two words that are asked for stand, from 0. @type {number[]} */
let places = [];
/** @type {import("../keys.js").SigningKey | null} */
let key = null;

function draw() {
  words = drawWords().split(" ");
  const list = byId("words", HTMLElement);
  list.replaceChildren(...words.map((word) => element("li", {}, word)));
  byId("drawn", HTMLElement).hidden = false;
  byId("draw", HTMLElement).hidden = true;
  list.tabIndex = -1;
  list.focus();
}

/** Two places out of twelve, evenly: 4 × 33 is the largest multiple of 132 within a byte. */
function drawPlaces() {
  let drawn = 0;
  do {
    drawn = Number(crypto.getRandomValues(new Uint8Array(1))[0]);
  } while (drawn >= 132);
  const first = drawn % 12;
  const second = Math.floor(drawn / 12);
  return [first, second < first ? second : second + 1].sort((a, b) => a - b);
}

function ask() {
  places = drawPlaces();
  for (const [index, input] of inputs.entries()) {
    byId(`${input.id}-place`, HTMLElement).textContent = String(Number(places[index]) + 1);
    input.value = "";
  }
  showStep(/** @type {HTMLElement} */ (checkStep), steps);
  inputs[0]?.focus();
}

async function check() {
  const isRight = inputs.every((input, index) => {
    return input.value.normalize("NFKC").trim().toLowerCase() === words[Number(places[index])];
  });
  if (!isRight) {
    say(
      wrong,
      gettext(
        "One of the two is not the word in that place. Look at what you kept, or show the words again.",
      ),
    );
    return;
  }
  const entropy = entropyFromWords(words.join(" "));
  key = await signingKeyFromSeed(await deriveSeed(entropy, { origin: draft.origin, purpose: "signing" }));
  entropy.fill(0);
  words = [];
  for (const input of inputs) input.value = "";
  byId("words", HTMLElement).replaceChildren();
  show(key);
}

/** @param {import("../keys.js").SigningKey} made */
function show(made) {
  const { signing, openings, message } = prepareSigning(draft, made.publicKey);
  const labName = draft.labName ?? undefined;
  fillFacts(byId("readable", HTMLElement), [
    ...signingInWords(signing, openings, { labName, title: titleOf(draft.text) }),
    [gettext("Your public key"), signing.signatory.key],
  ]);
  const clauses = signing.clauses.flatMap((id) => [
    element("dt", {}, element("code", {}, id)),
    element("dd", {}, clauseText(draft.text, id)),
  ]);
  byId("clauses", HTMLElement).replaceChildren(...clauses);
  byId("exact", HTMLElement).textContent = text(message);
  byId("exact-text", HTMLElement).textContent = draft.text;
  byId("overview", HTMLElement).hidden = true; // the server's words give way to what the bytes say
  showStep(/** @type {HTMLElement} */ (signStep), steps);
}

async function submit() {
  if (key === null) return;
  const { payload, message, id } = prepareSigning(draft, key.publicKey);
  const signature = await signChecked(key, message);
  if (byId("keep", HTMLInputElement).checked) await keepKey(id, key);
  byId("payload", HTMLInputElement).value = base64(payload);
  byId("key", HTMLInputElement).value = formatKey(key.publicKey);
  byId("signature", HTMLInputElement).value = base64(signature);
  byId("sign", HTMLButtonElement).disabled = true; // twice would be one time too many: the link works once
  byId("signed", HTMLFormElement).submit();
}

async function start() {
  enableCopying();
  if (!(await hasEd25519())) {
    byId("unsupported", HTMLElement).hidden = false;
    return;
  }
  on("draw", wrong, draw);
  on("copy-words", wrong, () => copy(words.join(" "), byId("copy-words", HTMLElement)));
  on("print-words", wrong, () => window.print());
  on("kept", wrong, ask);
  on("again", wrong, () => showStep(/** @type {HTMLElement} */ (drawStep), steps));
  on("check", wrong, check);
  on("sign", wrong, submit);
  window.addEventListener("pageshow", () => {
    byId("sign", HTMLButtonElement).disabled = false;
  });
  byId("by-words", HTMLElement).hidden = false;
  const bySsh = byId("by-ssh", HTMLDetailsElement);
  bySsh.open = "used" in bySsh.dataset;
}

start().catch((error) => say(wrong, messageOf(error)));
