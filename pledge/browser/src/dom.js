/**
 * The little that the pages' scripts need of the document. Text is only ever set as text: nothing here parses HTML, so
 * the pages work under `require-trusted-types-for 'script'` without a policy.
 */

import { PledgeError, said } from "./errors.js";
import { gettext } from "./strings.js";

const KEEP_ADDRESS_MS = 60_000;

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page lacks #${id}.`);
  return found;
}

/**
 * Read a data block, `<script type="application/json" id="…">`.
 * @param {string} id
 * @returns {any}
 */
export function readBlock(id) {
  return JSON.parse(byId(id, HTMLScriptElement).text);
}

/**
 * @param {string} name of an element
 * @param {{[attribute: string]: string}} attributes
 * @param {...(Node | string)} children
 */
export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

/**
 * Fill a definition list.
 * @param {HTMLElement} list
 * @param {readonly (readonly [string, string])[]} rows
 */
export function fillFacts(list, rows) {
  list.replaceChildren(
    ...rows.flatMap(([term, detail]) => [element("dt", {}, term), element("dd", {}, detail)]),
  );
}

/**
 * Answer a button's click, or a form's submission, which then stays in the page.
 * @param {string} id
 * @param {HTMLElement} place for what goes wrong
 * @param {() => Promise<void> | void} act
 * @param {string} [otherwise] what to say of faults of the page
 */
export function on(id, place, act, otherwise) {
  const part = byId(id, HTMLElement);
  part.addEventListener(part instanceof HTMLFormElement ? "submit" : "click", (event) => {
    event.preventDefault();
    attempt(place, act, otherwise);
  });
}

/**
 * Show one step of several, and move to it for readers of any kind.
 * @param {HTMLElement} step
 * @param {readonly HTMLElement[]} all
 */
export function showStep(step, all) {
  for (const other of all) other.hidden = other !== step;
  const heading = step.querySelector("h2, h3");
  if (heading instanceof HTMLElement) {
    heading.tabIndex = -1;
    heading.focus();
  }
}

/**
 * Say what went wrong, in an element with role="alert"; nothing hides it.
 * @param {HTMLElement} place
 * @param {string} message
 */
export function say(place, message) {
  place.textContent = message;
  place.hidden = message === "";
  if (message !== "") place.scrollIntoView({ block: "nearest" });
}

/**
 * A message for people: errors of this project speak for themselves, others are faults of the page.
 * @param {unknown} error
 * @param {string} [otherwise] what to say of others
 */
export function messageOf(
  error,
  otherwise = gettext(
    "Something in this page did not work. Nothing was sent. Please use the other way below, or tell us.",
  ),
) {
  return error instanceof PledgeError ? said(error) : otherwise;
}

/**
 * Run what a person asked for; show what goes wrong.
 * @param {HTMLElement} place
 * @param {() => Promise<void> | void} act
 * @param {string} [otherwise] what to say of faults of the page
 */
export async function attempt(place, act, otherwise) {
  say(place, "");
  try {
    await act();
  } catch (error) {
    sayError(place, error, otherwise);
  }
}

/**
 * Let the browser save something as a download.
 * @param {string} name
 * @param {Blob} blob
 */
export function saveBlob(name, blob) {
  const link = document.createElement("a");
  link.download = name;
  link.href = URL.createObjectURL(blob);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEEP_ADDRESS_MS);
}

/**
 * Say what went wrong, with what shows it to others, if there is something.
 * @param {HTMLElement} place
 * @param {unknown} error
 * @param {string} [otherwise] what to say of faults of the page
 */
export function sayError(place, error, otherwise) {
  say(place, messageOf(error, otherwise));
  if (!(error instanceof PledgeError) || error.evidence === null) return;
  const href = URL.createObjectURL(new Blob([error.evidence]));
  place.append(" ", element("a", { href, download: "two-logs.txt" }, gettext("Keep the proof")));
}
