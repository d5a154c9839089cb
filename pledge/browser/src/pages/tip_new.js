/**
 * Writing a message: twelve words drawn here, the message sealed here to the stewards that the log has, and sent. What
 * leaves is an envelope and what goes before it.
 */

import { ageLibrary } from "../age/library.js";
import { text } from "../bytes.js";
import { attempt, byId, element, on, saveBlob, say, sayError, showStep } from "../dom.js";
import { PledgeError } from "../errors.js";
import { hasEd25519 } from "../keys.js";
import { sizeInWords } from "../readable.js";
import { Attachments } from "../source/attachments.js";
import { deriveCodename } from "../source/codename.js";
import { paddedSizeOfTip, sealTip } from "../source/sealing.js";
import { sendFrame } from "../source/server.js";
import { fetchStewards, readPolicy, today } from "../source/trust.js";
import { dayInWords, gettext, ngettext } from "../strings.js";
import { verifyAcknowledgement } from "../tip/acknowledgement.js";
import { drawWords } from "../words.js";

const NOT_STARTED = gettext(
  "Something in this page did not work, and nothing was sent. What you wrote is still here.",
);
const OTHERWISE = gettext(
  "Something in this page did not work. Your message may have come or not. Stay on this page and press the button again: the same message is not taken twice. If it fails again, try another day.",
);
const policy = readPolicy();
const wrong = byId("wrong", HTMLElement);
const steps = ["tip", "step-words", "step-done"].map((id) => byId(id, HTMLElement));

/** @type {import("../tip/recipients.js").StewardKeys | null} */
let stewards = null;
/** @type {Attachments | null} */
let files = null;
/** The twelve words, until the message is sent. */
let words = "";
/** What was sealed and may have been sent: an answer that is lost is no reason to send anything else. */
let sealed = /** @type {{frame: Blob, sha256: string} | null} */ (null);

async function written() {
  const chosen = (await files?.given()) ?? [];
  const typed = byId("text", HTMLTextAreaElement).value;
  if (typed.trim() === "" && chosen.length === 0) {
    throw new PledgeError("malformed", "Write something, or add a file.");
  }
  const form = new FormData(byId("tip", HTMLFormElement));
  return {
    ...{ text: typed, files: chosen, lab: byId("lab", HTMLSelectElement).value || null },
    clauses: form.getAll("clauses").map(String),
  };
}

async function next() {
  const tip = await written();
  stewards ??= await fetchStewards(policy);
  if (words === "") words = drawWords();
  const { origin } = stewards;
  const padded = paddedSizeOfTip(tip, {
    codename: await deriveCodename(words, origin),
    day: today(),
    origin,
  });
  byId("padded", HTMLElement).textContent = sizeInWords(padded);
  const list = byId("words", HTMLElement);
  list.replaceChildren(...words.split(" ").map((word) => element("li", {}, word)));
  goTo(byId("step-words", HTMLElement));
}

async function send() {
  const button = byId("send", HTMLButtonElement);
  button.disabled = true;
  try {
    await sealAndSend();
  } finally {
    button.disabled = false;
    byId("bar", HTMLProgressElement).hidden = true;
    say(byId("doing", HTMLElement), "");
  }
}

async function sealAndSend() {
  if (stewards === null) return;
  const { origin } = stewards;
  sealed ??= await seal(stewards);
  const { frame, sha256 } = sealed;
  show("sending", 1);
  const answer = await sendFrame("/tips", frame);
  const { day: came } = await verifyAcknowledgement(answer, { policy, origin, envelopeSha256: sha256 });
  done(came, answer);
}

/** @param {import("../tip/recipients.js").StewardKeys} to */
async function seal(to) {
  const { origin } = to;
  const day = today();
  const codename = await deriveCodename(words, origin);
  return sealTip(await written(), { codename, day, origin, recipients: to.recipients(day) }, show);
}

/** @param {HTMLElement} step */
function goTo(step) {
  for (const id of ["before", "sealed-already"]) byId(id, HTMLElement).hidden = step !== steps[0];
  showStep(step, steps);
}

/** Change what was written: what was sealed before may be there already, so the words that go with it go too. */
function back() {
  if (sealed !== null) {
    words = "";
    byId("new-words", HTMLElement).hidden = false;
  }
  sealed = null;
  goTo(byId("tip", HTMLFormElement));
  byId("text", HTMLTextAreaElement).focus();
}

/**
 * @param {"sealing" | "working" | "sending"} doing
 * @param {number} share
 */
function show(doing, share) {
  const said = {
    sealing: gettext("Sealing …"),
    working: gettext("Doing a little work that keeps floods away …"),
    sending: gettext("Sending. Over Tor a large message takes a while; stay on this page …"),
  };
  const bar = byId("bar", HTMLProgressElement);
  bar.hidden = false;
  if (doing === "sending") bar.removeAttribute("value");
  else bar.value = share;
  say(byId("doing", HTMLElement), said[doing]);
}

/**
 * @param {string} day
 * @param {import("../bytes.js").Bytes} acknowledgement
 */
function done(day, acknowledgement) {
  words = "";
  sealed = null;
  byId("words", HTMLElement).replaceChildren();
  byId("tip", HTMLFormElement).reset();
  files?.clear();
  byId("came", HTMLElement).textContent = dayInWords(day);
  byId("acknowledgement", HTMLElement).textContent = text(acknowledgement);
  byId("keep", HTMLElement).onclick = () => saveBlob("acknowledgement.txt", new Blob([acknowledgement]));
  goTo(byId("step-done", HTMLElement));
}

/** Say who could open this, before anything is typed. */
async function showStewards() {
  const place = byId("stewards", HTMLElement);
  try {
    stewards = await fetchStewards(policy);
    const current = stewards.current(today());
    say(
      place,
      stewards.isOpen(today())
        ? ngettext(
            "Your message will be sealed in this browser to %(num)s steward, whose key the public log has.",
            "Your message will be sealed in this browser to %(num)s stewards, whose keys the public log has.",
            current.length,
          )
        : gettext("There are too few stewards to read messages now. Come back later."),
    );
  } catch (error) {
    stewards = null;
    say(place, "");
    sayError(wrong, error, NOT_STARTED);
  }
}

async function start() {
  const leave = byId("leave", HTMLAnchorElement);
  leave.addEventListener("click", (event) => {
    event.preventDefault();
    byId("tip", HTMLFormElement).reset();
    location.replace(leave.href);
  });
  if (!(await hasEd25519())) return; // the form then goes to the server, which says what that means
  byId("tip", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(wrong, next, NOT_STARTED);
  });
  files = new Attachments(byId("files", HTMLInputElement), byId("attached", HTMLElement), wrong);
  on("back", wrong, back);
  on("send", wrong, send, OTHERWISE);
  byId("by-server", HTMLElement).hidden = true;
  byId("next", HTMLButtonElement).textContent = gettext("Next: twelve words to keep");
  // Fetched whether anything is typed or not: the network must not show which.
  await Promise.all([showStewards(), ageLibrary()]);
}

start().catch((error) => sayError(wrong, error, NOT_STARTED));
