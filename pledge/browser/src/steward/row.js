/** A thread's row: what the server knows of it without opening anything. The template has the same for no scripts. */

import { element } from "../dom.js";
import { sizeInWords } from "../readable.js";
import { dayInWords, gettext, ngettext } from "../strings.js";
import { classOf } from "../tip/sizes.js";
import { fill, part } from "./parts.js";
import { LABELS, timeLeft, today } from "./words.js";

/** @typedef {import("./thread.js").ListedThread} ListedThread */

const NAME_DIGITS = 8;

/**
 * @param {HTMLElement} root
 * @param {ListedThread} listed
 */
export function fillRow(root, listed) {
  const { id, messages, state, label, assigned, expires } = listed;
  const name = id.slice(0, NAME_DIGITS); // as `pledge tips reply` takes it
  root.dataset.thread = id;
  root.dataset.state = state;
  fill(root, "name", name);
  fill(root, "count", ngettext("%(num)s message", "%(num)s messages", messages.length));
  fill(
    root,
    "size",
    sizeInWords(Math.max(...messages.map(({ size_bytes }) => classOf(size_bytes) ?? size_bytes))),
  );
  fill(root, "way", wayIn(messages));
  fill(root, "label", LABELS.get(label) ?? label);
  fill(root, "closed", state === "closed" ? gettext("closed") : "");
  fill(root, "assigned", assigned === null ? "" : gettext("with %(who)s", { who: assigned }));
  fill(root, "left", timeLeft(expires, today()));
  fill(root, "open-name", name);
  fillHandling(part(root, "handling", HTMLFormElement), listed);
  part(root, "downloads", HTMLElement).replaceChildren(...messages.map((message) => download(name, message)));
}

/** @param {ListedThread["messages"]} messages */
export function wayIn(messages) {
  const isByServer = messages.some(({ way }) => way === "by-server");
  return isByServer ? gettext("sealed by the server") : gettext("came sealed");
}

/**
 * @param {HTMLFormElement} form
 * @param {ListedThread} listed
 */
function fillHandling(form, { id, label, state, assigned }) {
  form.action = `/stewards/threads/${id}`;
  part(form, "label-choice", HTMLSelectElement).value = label;
  part(form, "state-choice", HTMLSelectElement).value = state;
  const choice = part(form, "assigned-choice", HTMLSelectElement);
  const asIs = part(choice, "as-is", HTMLOptionElement);
  asIs.textContent =
    assigned === null ? gettext("nobody, as it is") : gettext("%(who)s, as it is", { who: assigned });
  choice.value = "";
}

/**
 * @param {string} name of the thread
 * @param {import("./thread.js").Listed} message
 */
function download(name, { id, number, from, day, size_bytes }) {
  const known = { day: dayInWords(day), size: sizeInWords(size_bytes) };
  const words =
    from === "source"
      ? gettext("from the source, %(day)s, %(size)s", known)
      : gettext("an answer, %(day)s, %(size)s", known);
  const link = element(
    "a",
    { href: `/stewards/envelopes/${id}`, download: `${name}-${number}.age` },
    `${name}-${number}.age`,
  );
  return element("li", {}, link, " ", words);
}
