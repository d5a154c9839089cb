/**
 * What scripts say, in the language of the page. The page carries their catalogue (`script_strings` in web/strings.py),
 * or none where it speaks English: the strings in the sources are English, and stand for themselves.
 *
 * @typedef {{language: string, strings: {[text: string]: string | string[]}, plurals: number[]}} Catalogue a string that
 *   depends on a number has several forms; `plurals` tells which, for 0 to 199
 * @typedef {{[name: string]: string | number | Error}} Values
 */

/** @type {Catalogue} */
const ENGLISH = { language: "en-GB", strings: {}, plurals: [] };
const { language, strings, plurals } = readCatalogue();

/** What a language says of a number depends on its last two digits, but for the smallest; and 1,000,000 is like 100. */
const HUNDRED = 100;

/**
 * Translate a string, and put in what it has as `%(name)s`. A per cent sign is written `%%`.
 * @param {string} text
 * @param {Values} [values]
 */
export function gettext(text, values = {}) {
  return fill(String(strings[text] ?? text), values);
}

/**
 * Mark a string for translation where it is shown, and give it as it is.
 * @param {string} text
 */
export const noop = (text) => text;

/**
 * Translate a string that depends on a number, which it may have as `%(num)s`.
 * @param {string} one
 * @param {string} several
 * @param {number} num
 * @param {Values} [values]
 */
export function ngettext(one, several, num, values = {}) {
  const form = plurals[num < HUNDRED ? num : HUNDRED + (num % HUNDRED)] ?? 0;
  const said = strings[one]?.[form] ?? (num === 1 ? one : several);
  return fill(said, { num: numberInWords(num), ...values });
}

/**
 * @param {number} number
 * @returns {string} such as 12,345
 */
export function numberInWords(number) {
  return number.toLocaleString(language);
}

/**
 * @param {string} day YYYY-MM-DD
 * @returns {string} such as 3 October 2026
 */
export function dayInWords(day) {
  const date = new Date(`${day}T00:00:00Z`);
  return date.toLocaleDateString(language, {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
}

/**
 * Join words that stand side by side, such as “a, b and c”.
 * @param {readonly string[]} words
 */
export function listInWords(words) {
  return new Intl.ListFormat(language, { type: "conjunction" }).format(words);
}

/**
 * Put values where a string has them.
 * @param {string} text
 * @param {Values} values
 */
export function fill(text, values) {
  return text.replace(/%(?:\((\w+)\)s|%)/g, (whole, name) => {
    if (name === undefined) return "%";
    const value = values[name];
    if (value === undefined) return whole;
    return value instanceof Error ? value.message : String(value);
  });
}

/** @returns {Catalogue} */
function readCatalogue() {
  const block = globalThis.document?.getElementById("strings");
  return block ? JSON.parse(block.textContent ?? "") : ENGLISH;
}
