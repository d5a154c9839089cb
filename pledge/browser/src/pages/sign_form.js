/**
 * The form to sign with: what is being typed, in the words that will be signed, and how it will count. Nothing is sent
 * before the form is.
 *
 * @typedef {import("../labs.js").Lab} Lab
 */

import { byId, fillFacts, readBlock } from "../dom.js";
import { assuranceOf, domainOf, labsOf } from "../labs.js";
import { affiliationInWords } from "../readable.js";
import { gettext } from "../strings.js";

/** @type {Lab[]} */
const labs = readBlock("labs");
const form = byId("sign", HTMLFormElement);
const select = control("lab", HTMLSelectElement);
/** A form that comes back filled in has an answer, "no lab" among them. */
let isLabChosen = select.value !== "" || typed("address") !== "";

/**
 * @template {Element} T
 * @param {string} name
 * @param {new () => T} kind
 * @returns {T}
 */
function control(name, kind) {
  const found = form.elements.namedItem(name);
  if (!(found instanceof kind)) throw new Error(`The form lacks ${name}.`);
  return found;
}

/** @param {string} name */
function typed(name) {
  const found = form.elements.namedItem(name);
  const isText = found instanceof HTMLInputElement || found instanceof HTMLTextAreaElement;
  return isText ? found.value.trim().normalize("NFC") : "";
}

/** Choose the lab that an address belongs to. */
function detectLab() {
  const found = labsOf(labs, domainOf(typed("address")) ?? "");
  select.value = found.length === 1 ? (found[0]?.lab.slug ?? "") : "";
}

function warnOfEmployer() {
  const [found] = labsOf(labs, domainOf(typed("address")) ?? "");
  const words = found
    ? gettext(
        "This is an address of %(lab)s. The mail we send there does not name the pledge, but it shows this site’s address, and an employer may be able to read it.",
        { lab: found.lab.name },
      )
    : "";
  const warning = byId("employer", HTMLElement);
  warning.textContent = words;
  warning.hidden = words === "";
}

function preview() {
  const lab = labs.find(({ slug }) => slug === select.value) ?? null;
  const affiliation = lab && {
    lab: lab.slug,
    assurance: assuranceOf(lab, domainOf(typed("address"))),
    scope: null,
  };
  const chosen = [...form.querySelectorAll('[name="clauses"]:checked')].length;
  const reason = typed("reason");
  const rows = [
    [gettext("Name"), typed("name") || "…"],
    [gettext("Role"), typed("role")],
    [gettext("Lab"), affiliationInWords(affiliation, { labName: lab?.name, isOwn: false })],
    [gettext("Reason"), reason && gettext("%(reason)s (shown once somebody has read it)", { reason })],
    [
      gettext("Clauses"),
      chosen
        ? gettext("all core clauses, and %(chosen)s that you choose", { chosen })
        : gettext("all core clauses"),
    ],
  ];
  const filled = /** @type {[string, string][]} */ (rows.filter(([, detail]) => detail));
  fillFacts(byId("preview-facts", HTMLElement), filled);
}

form.addEventListener("input", ({ target }) => {
  // A list fires "input" before "change": whoever has chosen must be believed at the first of the two.
  if (target === select) isLabChosen = true;
  else if (!isLabChosen) detectLab();
  warnOfEmployer();
  preview();
});
byId("preview", HTMLElement).hidden = false;
warnOfEmployer();
preview();
