/** What the inbox says in words: sizes, ways, days. The page's template says the same where no script runs. */

import { gettext, ngettext } from "../strings.js";

const DAY_MS = 86_400_000;

/** @type {{[way in import("../tip/message.js").Way]: string}} */
export const WAYS = {
  "sealed-in-browser": gettext("Sealed in the source’s browser. The server saw no words."),
  "sealed-by-server": gettext(
    "Sealed by the server as it came, because no scripts ran. The server could have read it.",
  ),
  "sealed-offline": gettext("Sealed offline, before it came near this site."),
};

/** Labels that a thread may have; the server knows no others. */
export const LABELS = new Map([
  ["new", gettext("new")],
  ["working", gettext("being worked on")],
  ["waiting", gettext("waiting for the source")],
  ["verified", gettext("verified")],
  ["duplicate", gettext("duplicate")],
  ["not-for-us", gettext("not for us")],
]);

/**
 * How long something is kept.
 * @param {string} expires YYYY-MM-DD
 * @param {string} today
 */
export function timeLeft(expires, today) {
  const days = Math.round((Date.parse(expires) - Date.parse(today)) / DAY_MS);
  if (days <= 0) return gettext("deleted tonight");
  return ngettext("deleted in %(num)s day", "deleted in %(num)s days", days);
}

/** Today in UTC, as the log counts days. */
export function today() {
  return new Date().toISOString().slice(0, 10);
}
