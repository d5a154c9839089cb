/** A thread's row: what the server knows of it without opening anything. The template has the same for no scripts. */

import { element } from "../dom.js";
import { dayInWords, sizeInWords } from "../readable.js";
import { classOf } from "../tip/sizes.js";
import { fill, part } from "./parts.js";
import { counted, LABELS, timeLeft, today } from "./words.js";

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
  fill(root, "count", counted(messages.length, "message", "messages"));
  fill(
    root,
    "size",
    sizeInWords(Math.max(...messages.map(({ size_bytes }) => classOf(size_bytes) ?? size_bytes))),
  );
  fill(root, "way", wayIn(messages));
  fill(root, "label", LABELS.get(label) ?? label);
  fill(root, "closed", state === "closed" ? "closed" : "");
  fill(root, "assigned", assigned === null ? "" : `with ${assigned}`);
  fill(root, "left", timeLeft(expires, today()));
  fill(root, "open-name", name);
  fillHandling(part(root, "handling", HTMLFormElement), listed);
  part(root, "downloads", HTMLElement).replaceChildren(...messages.map((message) => download(name, message)));
}

/** @param {ListedThread["messages"]} messages */
export function wayIn(messages) {
  const isByServer = messages.some(({ way }) => way === "by-server");
  return isByServer ? "sealed by the server" : "came sealed";
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
  asIs.textContent = assigned === null ? "nobody, as it is" : `${assigned}, as it is`;
  choice.value = "";
}

/**
 * @param {string} name of the thread
 * @param {import("./thread.js").Listed} message
 */
function download(name, { id, number, from, day, size_bytes }) {
  const who = from === "source" ? "from the source" : "an answer";
  const link = element(
    "a",
    { href: `/stewards/envelopes/${id}`, download: `${name}-${number}.age` },
    `${name}-${number}.age`,
  );
  return element("li", {}, link, ` ${who}, ${dayInWords(day)}, ${sizeInWords(size_bytes)}`);
}
