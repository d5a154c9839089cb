/** Months and quarters on the Gregorian calendar; days are YYYY-MM-DD. */

import { malformed } from "./errors.js";

/**
 * The same day of the month, some months later, or that month's last day.
 * @param {string} day
 * @param {number} months at least 0
 */
export function monthsLater(day, months) {
  const [year, month, date] = /** @type {[number, number, number]} */ (day.split("-").map(Number));
  const later = new Date(0);
  later.setUTCFullYear(year, month - 1 + months + 1, 0); // the last day of the month that is meant
  later.setUTCDate(Math.min(date, later.getUTCDate()));
  if (later.getUTCFullYear() > 9999) throw malformed("This day lies past the year 9999.");
  return later.toISOString().slice(0, 10);
}

/**
 * The first day of a calendar quarter: 2026-Q4 begins on 2026-10-01.
 * @param {string} epoch
 */
export function epochStart(epoch) {
  const month = 3 * Number(epoch.slice(-1)) - 2;
  return `${epoch.slice(0, 4)}-${String(month).padStart(2, "0")}-01`;
}
