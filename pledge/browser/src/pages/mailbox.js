/**
 * Reading answers: the twelve words stay in this page. Answers are opened here, and shown only where they check out.
 */

import { ageLibrary } from "../age/library.js";
import { attempt, byId, element, on, say, sayError, showStep } from "../dom.js";
import { PledgeError, said } from "../errors.js";
import { hasEd25519 } from "../keys.js";
import { Attachments } from "../source/attachments.js";
import { deriveCodename } from "../source/codename.js";
import { sealFollowUp } from "../source/sealing.js";
import { askMailbox, sendFrame } from "../source/server.js";
import { openMailbox } from "../source/thread.js";
import { fetchStewards, readPolicy, today } from "../source/trust.js";
import { readFile } from "../steward/open.js";
import { saveFile } from "../steward/saving.js";
import { dayInWords, gettext } from "../strings.js";
import { verifyAcknowledgement } from "../tip/acknowledgement.js";

/**
 * @typedef {import("../source/codename.js").Codename} Codename
 * @typedef {import("../source/thread.js").Shown} Shown
 */

const NOT_STARTED = gettext("Something in this page did not work. Nothing was sent or changed.");
const OTHERWISE = gettext(
  "Something in this page did not work. What you sent may have come or not. Open the mailbox again to see: what is there is not taken twice.",
);
const WRONG_ANSWER = {
  what: gettext("This answer may not be from a steward, so it is not shown."),
  now: gettext("You need not do anything. Look again tomorrow; if it is the same then, write no more here."),
};
const WRONG_OWN = {
  what: gettext("The public log does not show this message as it should."),
  now: gettext("The stewards may not have it. Look again tomorrow, before you write more."),
};
const policy = readPolicy();
const wrong = byId("wrong", HTMLElement);
const progress = byId("doing", HTMLElement);
const attachments = new Attachments(byId("files", HTMLInputElement), byId("attached", HTMLElement), wrong);

/** @type {{codename: Codename, stewards: import("../tip/recipients.js").StewardKeys, messages: Shown[]} | null} */
let open = null;

async function openIt() {
  const words = byId("words", HTMLTextAreaElement);
  say(progress, gettext("Opening …"));
  try {
    const stewards = await fetchStewards(policy);
    const codename = await deriveCodename(words.value, stewards.origin);
    open = { codename, stewards, messages: await openMailbox(codename, { policy, stewards }) };
  } finally {
    say(progress, "");
  }
  words.value = "";
  byId("open", HTMLElement).hidden = true;
  show(open.messages);
}

/** @param {Shown[]} messages */
function show(messages) {
  byId("messages", HTMLElement).replaceChildren(...messages.map(article));
  byId("empty", HTMLElement).hidden = messages.length > 0;
  byId("add", HTMLElement).hidden = messages.length === 0;
  byId("delete", HTMLElement).hidden = messages.length === 0;
  const thread = byId("thread", HTMLElement);
  thread.hidden = false;
  byId("thread-title", HTMLElement).focus();
}

/** @param {Shown} shown */
function article(shown) {
  const { listed, contents, problem } = shown;
  const day = dayInWords(listed.day);
  const title =
    listed.from === "source"
      ? gettext("You wrote, %(day)s", { day })
      : gettext("A steward answered, %(day)s", { day });
  const heading = element("h3", {}, title);
  if (problem !== null) {
    const { what, now } = listed.from === "source" ? WRONG_OWN : WRONG_ANSWER;
    const warning = element(
      "p",
      { class: "warning" },
      element("strong", {}, what),
      ` ${now} ${said(problem)}`,
    );
    return element("article", {}, heading, warning);
  }
  if (contents === null)
    return element("article", {}, heading, element("p", { class: "quiet" }, ofOwn(shown)));
  const { text, files } = contents.manifest.message;
  const body = element("div", { class: "prose pre", dir: "auto" }, text);
  return element("article", {}, heading, body, ...files.map((file, index) => save(shown, file, index + 1)));
}

/** @param {Shown} shown */
function ofOwn({ listed, logged }) {
  const day = dayInWords(listed.day);
  return logged
    ? gettext(
        "It came on %(day)s. Only the stewards can read it. The public log shows that it came; this page has checked that.",
        { day },
      )
    : gettext(
        "It came on %(day)s. Only the stewards can read it. The public log will show that it came from tomorrow on.",
        { day },
      );
}

/**
 * @param {Shown} shown
 * @param {{name: string, size_bytes: number}} file
 * @param {number} number
 */
function save({ contents, envelope }, file, number) {
  const button = element(
    "button",
    { type: "button", class: "button-quiet" },
    gettext("Save %(name)s", { name: file.name }),
  );
  button.addEventListener("click", () =>
    attempt(wrong, async () => {
      if (contents === null || envelope === null) return;
      const read = () => readFile(contents, envelope, number);
      await saveFile({ name: file.name, sizeBytes: file.size_bytes }, read, () => {});
    }),
  );
  return element("p", {}, button);
}

async function reply() {
  if (open === null) return;
  const button = byId("reply", HTMLButtonElement);
  byId("sent", HTMLElement).hidden = true;
  const { codename, stewards, messages } = open;
  const files = await attachments.given();
  const text = byId("text", HTMLTextAreaElement).value;
  const day = today();
  const sender = { codename, day, origin: stewards.origin, recipients: stewards.recipients(day) };
  const place = { number: messages.length + 1, previous: messages.at(-1)?.listed.sha256 ?? "" };
  const sealing = (/** @type {string} */ _doing, /** @type {number} */ share) =>
    say(progress, gettext("Sealing … %(percent)s %%", { percent: Math.floor(100 * share) }));
  button.disabled = true;
  try {
    const { frame, sha256 } = await sealFollowUp({ text, files }, place, sender, sealing);
    say(progress, gettext("Sending …"));
    const answer = await sendFrame("/mailbox/follow-ups", frame);
    await verifyAcknowledgement(answer, { policy, origin: stewards.origin, envelopeSha256: sha256 });
    byId("add-form", HTMLFormElement).reset();
    attachments.clear();
    await showAgain();
    byId("sent", HTMLElement).hidden = false;
    byId("sent", HTMLElement).scrollIntoView({ block: "nearest" });
  } catch (error) {
    // Something came meanwhile: perhaps this very message, the answer to which was lost.
    if (error instanceof PledgeError && error.code === "conflict") await showAgain();
    throw error;
  } finally {
    button.disabled = false;
    say(progress, "");
  }
}

async function showAgain() {
  if (open === null) return;
  open.messages = await openMailbox(open.codename, { policy, stewards: open.stewards });
  show(open.messages);
}

async function burn() {
  if (open === null) return;
  if (!byId("sure", HTMLInputElement).checked) {
    say(wrong, gettext("Tick the box to delete everything."));
    return;
  }
  await askMailbox("/mailbox/burn", open.codename, open.stewards.origin);
  open = null;
  byId("messages", HTMLElement).replaceChildren();
  showStep(byId("burned", HTMLElement), [byId("thread", HTMLElement), byId("burned", HTMLElement)]);
}

async function start() {
  const leave = byId("leave", HTMLAnchorElement);
  leave.addEventListener("click", (event) => {
    event.preventDefault();
    location.replace(leave.href);
  });
  if (!(await hasEd25519())) return;
  byId("by-server", HTMLElement).hidden = true;
  on("open", wrong, openIt, NOT_STARTED);
  on("add-form", wrong, reply, OTHERWISE);
  on("delete-form", wrong, burn, OTHERWISE);
  await ageLibrary(); // fetched whether anything is typed or not
}

start().catch((error) => sayError(wrong, error, NOT_STARTED));
