/** What the inbox says in words: sizes, ways, days. The page's template says the same where no script runs. */

const DAY_MS = 86_400_000;

/** @type {{[way in import("../tip/message.js").Way]: string}} */
export const WAYS = {
  "sealed-in-browser": "Sealed in the source’s browser. The server saw no words.",
  "sealed-by-server":
    "Sealed by the server as it came, because no scripts ran. The server could have read it.",
  "sealed-offline": "Sealed offline, before it came near this site.",
};

/** Labels that a thread may have; the server knows no others. */
export const LABELS = new Map([
  ["new", "new"],
  ["working", "being worked on"],
  ["waiting", "waiting for the source"],
  ["verified", "verified"],
  ["duplicate", "duplicate"],
  ["not-for-us", "not for us"],
]);

/**
 * @param {number} count
 * @param {string} one
 * @param {string} many
 */
export function counted(count, one, many) {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;
}

/**
 * How long something is kept.
 * @param {string} expires YYYY-MM-DD
 * @param {string} today
 */
export function timeLeft(expires, today) {
  const days = Math.round((Date.parse(expires) - Date.parse(today)) / DAY_MS);
  if (days <= 0) return "deleted tonight";
  return `deleted in ${counted(days, "day", "days")}`;
}

/** Today in UTC, as the log counts days. */
export function today() {
  return new Date().toISOString().slice(0, 10);
}
