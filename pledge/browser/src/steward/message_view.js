/**
 * One message on the page: what it says, as text and never as anything else, how it came, and its files.
 *
 * @typedef {import("./thread.js").Shown} Shown
 * @typedef {{labs: {[slug: string]: string}, ownKeys: ReadonlySet<string>, since: string}} Reader the labs' names, the
 *   signing keys that are the steward's own, and since when the steward has keys
 */

import { messageOf, say } from "../dom.js";
import { parseKey, roleKeyId } from "../ed25519.js";
import { said } from "../errors.js";
import { sizeInWords } from "../readable.js";
import { dayInWords, gettext, ngettext } from "../strings.js";
import { readFile } from "./open.js";
import { clone, fill, Meter, part } from "./parts.js";
import { canStream, saveFile } from "./saving.js";
import { isSealedToOthers } from "./thread.js";
import { WAYS } from "./words.js";

const LONG_CHARACTERS = 2_500;
const LONG_LINES = 40;

/**
 * @param {Shown} shown
 * @param {Reader} reader
 */
export function messageView(shown, reader) {
  const view = clone("message-template");
  const { number, from, day } = shown.listed;
  const where = { number, day: dayInWords(day) };
  fill(
    view,
    "heading",
    from === "source"
      ? gettext("%(number)s. From the source, %(day)s", where)
      : gettext("%(number)s. Answer, %(day)s", where),
  );
  view.dataset.from = from;
  const body = part(view, "body", HTMLElement);
  body.hidden = shown.contents === null;
  fill(view, "refused", refusal(shown, reader));
  if (shown.contents !== null) fillBody(body, shown, shown.contents, reader);
  return view;
}

/**
 * Why a message is not shown.
 * @param {Shown} shown
 * @param {Reader} reader
 */
function refusal(shown, { since }) {
  const { problem, listed } = shown;
  if (problem === null) return "";
  if (!isSealedToOthers(shown)) {
    return gettext("Not shown, because it does not check out. %(why)s", { why: said(problem) });
  }
  return listed.day < since
    ? gettext(
        "Sealed before your key: it came on %(day)s, and your first key is of %(since)s. Colleagues who had keys then can open it.",
        { day: dayInWords(listed.day), since: dayInWords(since) },
      )
    : gettext("Sealed to none of your keys. A colleague may be able to open it.");
}

/**
 * @param {HTMLElement} body
 * @param {Shown} shown
 * @param {import("./open.js").Contents} contents
 * @param {Reader} reader
 */
function fillBody(body, shown, contents, reader) {
  const { message, key } = contents.manifest;
  const isTip = message.type === "tip/v1";
  const checked = { author: author(message, key, reader), place: placeOf(message) };
  fill(body, "checked", gettext("Checks out: %(author)s, %(place)s.", checked));
  fill(body, "way", message.type === "answer/v1" ? "" : WAYS[message.way]);
  part(body, "about", HTMLElement).hidden = !isTip;
  if (isTip) {
    fill(
      body,
      "lab",
      message.lab === null ? gettext("none named") : (reader.labs[message.lab] ?? message.lab),
    );
    fill(body, "clauses", message.clauses.join(", ") || gettext("none named"));
    fill(body, "credential", credentialWords(message));
  }
  fillText(body, message.text);
  fillFiles(body, shown, contents);
}

/**
 * @param {import("../tip/message.js").Message} message
 * @param {string} key
 * @param {Reader} reader
 */
function author(message, key, { ownKeys }) {
  if (message.type !== "answer/v1") return gettext("signed with the mailbox’s own key");
  return ownKeys.has(key)
    ? gettext("signed with your key")
    : gettext("signed by %(key)s", { key: roleKeyId("steward", parseKey(key)) });
}

/** @param {import("../tip/message.js").Message} message */
function placeOf({ number, previous }) {
  return previous === null
    ? gettext("the first of its thread")
    : gettext("number %(number)s, follows the envelope %(hash)s", { number, hash: previous.slice(0, 8) });
}

/** @param {import("../tip/message.js").Message} message */
function credentialWords({ credential }) {
  return credential === null
    ? gettext("no credential shown: nothing says that the source works at a lab")
    : gettext("a credential comes with it, which this page cannot check");
}

/**
 * @param {HTMLElement} body
 * @param {string} text
 */
function fillText(body, text) {
  const place = part(body, "text", HTMLElement);
  place.textContent = text;
  place.hidden = text === "";
  const unfold = part(body, "unfold", HTMLButtonElement);
  const isLong = text.length > LONG_CHARACTERS || text.split("\n", LONG_LINES + 1).length > LONG_LINES;
  unfold.hidden = !isLong;
  if (!isLong) return;
  place.classList.add("folded");
  unfold.textContent = ngettext("Show the one character", "Show all %(num)s characters", text.length);
  unfold.addEventListener("click", () => {
    place.classList.remove("folded");
    unfold.hidden = true;
    place.focus();
  });
}

/**
 * @param {HTMLElement} body
 * @param {Shown} shown
 * @param {import("./open.js").Contents} contents
 */
function fillFiles(body, { envelope }, contents) {
  const { files } = contents.manifest.message;
  part(body, "files", HTMLElement).hidden = files.length === 0;
  part(body, "by-memory", HTMLElement).hidden = canStream();
  part(body, "file-list", HTMLElement).replaceChildren(
    ...files.map((file, index) => {
      const row = clone("file-template");
      fill(row, "name", file.name);
      fill(row, "size", sizeInWords(file.size_bytes));
      const button = part(row, "save", HTMLButtonElement);
      button.setAttribute("aria-label", gettext("Save %(name)s", { name: file.name }));
      button.addEventListener("click", () =>
        save(row, button, file, () => readFile(contents, envelope, index + 1)),
      );
      return row;
    }),
  );
}

/**
 * @param {HTMLElement} row
 * @param {HTMLButtonElement} button
 * @param {import("../tip/message.js").Attachment} file
 * @param {() => AsyncIterable<import("../bytes.js").Bytes>} read
 */
async function save(row, button, file, read) {
  const wrong = part(row, "wrong", HTMLElement);
  const meter = new Meter(row, gettext("Saving …"), file.size_bytes);
  say(wrong, "");
  button.disabled = true;
  try {
    const isSaved = await saveFile({ name: file.name, sizeBytes: file.size_bytes }, read, meter.add);
    meter.end(isSaved ? gettext("Saved. Every byte is as it was sent.") : "");
  } catch (error) {
    meter.end();
    say(wrong, messageOf(error, gettext("The file was not saved: the disk or the browser refused it.")));
  }
  button.disabled = false;
}
