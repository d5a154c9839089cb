/**
 * The seal: three rings that close as a signing goes from signed to logged to witnessed. The drawing and its words are
 * in the page (macros/seal.html); both carry data-ring, and data-state is all that changes.
 *
 * @typedef {"signature" | "log" | "witness"} Ring
 * @typedef {"open" | "closed" | "failed" | "unknown"} State unknown looks open, and is said to be
 */

import { gettext } from "./strings.js";

/** @type {Record<Ring, Record<State, string>>} */
const WORDS = {
  signature: {
    closed: gettext("Signed"),
    open: gettext("Not signed"),
    failed: gettext("Signature check failed"),
    unknown: gettext("Signature"),
  },
  log: {
    closed: gettext("Logged"),
    open: gettext("Not logged"),
    failed: gettext("Log check failed"),
    unknown: gettext("Log"),
  },
  witness: {
    closed: gettext("Witnessed"),
    open: gettext("Not witnessed"),
    failed: gettext("Witness check failed"),
    unknown: gettext("Witnesses"),
  },
};

/**
 * @param {ParentNode} place around one seal
 * @param {Ring} ring
 * @param {State} state
 * @param {string} words why
 */
export function setRing(place, ring, state, words) {
  for (const part of place.querySelectorAll(`[data-ring="${ring}"]`)) {
    part.setAttribute("data-state", state === "unknown" ? "open" : state);
    if (part instanceof HTMLElement) {
      const strong = document.createElement("strong");
      strong.textContent = WORDS[ring][state];
      part.replaceChildren(strong, ": ", words);
    }
  }
  describe(place);
}

/**
 * Keep the drawing's title in step, for those who do not see it.
 * @param {ParentNode} place
 */
function describe(place) {
  const title = place.querySelector("svg title");
  const rings = [...place.querySelectorAll("li[data-ring]")].map((item) =>
    item.textContent?.trim().replace(/\.$/, ""),
  );
  if (title !== null) title.textContent = gettext("Seal. %(rings)s.", { rings: rings.join(". ") });
}
