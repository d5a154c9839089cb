import assert from "node:assert/strict";
import { test } from "node:test";
import { malformed, PledgeError, said } from "../src/errors.js";

const CATALOGUE = {
  language: "de",
  strings: {
    "Word %(number)s is wrong.": "Wort %(number)s ist falsch.",
    "The %(field)s is empty.": "%(field)s ist leer.",
    "Entry %(index)s: %(why)s": "Eintrag %(index)s: %(why)s",
    name: "Der Name",
    // Made up: 0 for one, 1 for what ends in 3, 2 for the rest.
    "%(num)s word": ["%(num)s Wort", "%(num)s Worte", "%(num)s Wörter"],
  },
  plurals: Array.from({ length: 200 }, (_, number) => (number === 1 ? 0 : number % 10 === 3 ? 1 : 2)),
};

/**
 * A copy of the module, as a page in this language would load it.
 * @param {string} name
 * @param {typeof CATALOGUE | null} catalogue
 * @returns {Promise<typeof import("../src/strings.js")>}
 */
async function load(name, catalogue) {
  const page = globalThis;
  const textContent = JSON.stringify(catalogue);
  const getElementById = () => catalogue && { textContent };
  Object.defineProperty(page, "document", { value: { getElementById }, configurable: true });
  const loaded = await import(`../src/strings.js?${name}`);
  Reflect.deleteProperty(page, "document");
  return loaded;
}

test("without a catalogue a string stands for itself, with its values", async () => {
  const { dayInWords, gettext, ngettext } = await load("english", null);
  assert.equal(gettext("Word %(number)s is wrong.", { number: 7 }), "Word 7 is wrong.");
  assert.equal(gettext("Sealing … %(percent)s %%", { percent: 5 }), "Sealing … 5 %");
  assert.equal(ngettext("%(num)s word", "%(num)s words", 1), "1 word");
  assert.equal(ngettext("%(num)s word", "%(num)s words", 12_345), "12,345 words");
  assert.equal(dayInWords("2026-10-03"), "3 October 2026");
});

test("a catalogue says it in its language: words, numbers, lists and days", async () => {
  const { dayInWords, gettext, listInWords, ngettext } = await load("german", CATALOGUE);
  assert.equal(gettext("Word %(number)s is wrong.", { number: 7 }), "Wort 7 ist falsch.");
  assert.equal(gettext("Not in it."), "Not in it.");
  assert.equal(dayInWords("2026-10-03"), "3. Oktober 2026");
  assert.equal(listInWords(["a", "b", "c"]), "a, b und c");
  const said = [0, 1, 3, 113, 200, 12_343].map((num) => ngettext("%(num)s word", "%(num)s words", num));
  assert.deepEqual(said, ["0 Wörter", "1 Wort", "3 Worte", "113 Worte", "200 Wörter", "12.343 Worte"]);
});

test("a value is put in as it is, whatever it looks like", async () => {
  const { gettext } = await load("values", null);
  assert.equal(gettext("Save %(name)s", { name: "%(name)s $& $1 %%" }), "Save %(name)s $& $1 %%");
  assert.equal(gettext("Save %(name)s"), "Save %(name)s");
});

test("an error speaks English to programs, and is put together from its parts for people", () => {
  const inner = malformed("The %(field)s is empty.", { field: "name" });
  const outer = new PledgeError("malformed", "Entry %(index)s: %(why)s", { index: 2, why: inner });
  assert.equal(outer.message, "Entry 2: The name is empty.");
  assert.equal(said(outer), outer.message);
});
