/**
 * Statements in words. What a person is shown before signing comes from the very bytes that get signed, and from a
 * text and openings that were checked against them.
 *
 * @typedef {import("./statement.js").Signing} Signing
 * @typedef {import("./commitment.js").Opening} Opening
 * @typedef {readonly [string, string]} Row
 */

import { hex, sha256 } from "./bytes.js";
import { verifyOpening } from "./commitment.js";
import { notVerified } from "./errors.js";
import { dayInWords, gettext, ngettext, noop, numberInWords } from "./strings.js";

const KIB = 1024;
const MIB = 1024 * 1024;

/** How an affiliation is known, to the signatory and to others. */
const ASSURANCES = {
  "lab-email": {
    ofReader: noop("The notary says that you read mail at an address of %(lab)s."),
    ofOther: noop("The notary says that this person read mail at an address of %(lab)s."),
  },
  "group-email": {
    ofReader: noop(
      "The notary says that you read mail at an address of the group around %(lab)s. The lab itself is self-stated.",
    ),
    ofOther: noop(
      "The notary says that this person read mail at an address of the group around %(lab)s. The lab itself is self-stated.",
    ),
  },
  email: {
    ofReader: noop("The notary says that you read mail at some address. The lab is self-stated."),
    ofOther: noop("The notary says that this person read mail at some address. The lab is self-stated."),
  },
  credential: {
    ofReader: noop("A credential that only somebody with an address at %(lab)s could have been given."),
    ofOther: noop("A credential that only somebody with an address at %(lab)s could have been given."),
  },
};

/**
 * @param {number} bytes
 * @returns {string} such as 3 KiB, 1.5 MiB
 */
export function sizeInWords(bytes) {
  if (bytes < KIB) return ngettext("%(num)s byte", "%(num)s bytes", bytes);
  const [unit, name] = bytes < MIB ? [KIB, "KiB"] : [MIB, "MiB"];
  const amount = bytes / unit;
  return `${numberInWords(amount < 10 ? Number(amount.toFixed(1)) : Math.round(amount))} ${name}`;
}

/**
 * Check that a text is the one a signing names, and has each clause of it under a heading.
 * @param {Signing} signing
 * @param {string} text
 */
export function verifyText(signing, text) {
  if (hex(sha256(text)) !== signing.pledge.sha256) {
    throw notVerified("The text of the pledge is not the one that was signed.");
  }
  const lines = text.split("\n");
  if (signing.clauses.some((clause) => lines.filter((line) => line === `### ${clause}`).length !== 1)) {
    throw notVerified("The text of the pledge does not have the clauses that were signed.");
  }
}

/**
 * Check openings against what a signing commits to: each must open one, and what is not opened stays closed.
 * @param {Signing} signing
 * @param {readonly Opening[]} openings
 */
export function verifyOpenings(signing, openings) {
  for (const opening of openings) {
    const commitment = signing.commitments?.[opening.field] ?? null;
    if (commitment === null)
      throw notVerified("The signing commits to no %(field)s.", { field: opening.field });
    verifyOpening(commitment, opening);
  }
}

/**
 * The title of a pledge's text: its first line.
 * @param {string} text in Markdown
 */
export function titleOf(text) {
  return text.match(/^# (.+)\n/)?.[1] ?? "";
}

/**
 * What a pledge's text says under `### <id>`.
 * @param {string} text in Markdown
 * @param {string} id
 */
export function clauseText(text, id) {
  const [, after] = `\n${text}`.split(`\n### ${id}\n`);
  return (after?.split(/\n#{1,3} /)[0] ?? "").trim().replace(/\s+/g, " ");
}

/**
 * How an affiliation is shown, and by whom it is known.
 * @param {Signing["affiliation"]} affiliation
 * @param {{labName?: string | undefined, isOwn?: boolean}} [words] the lab's name where it is known, else the slug stands
 *   for it, and is said to be that; whether the reader is the signatory
 */
export function affiliationInWords(affiliation, { labName, isOwn = true } = {}) {
  if (affiliation === null) {
    return isOwn
      ? gettext("No lab. The notary says that you read mail at some address.")
      : gettext("No lab. The notary says that this person read mail at some address.");
  }
  const lab = labName || affiliation.lab;
  const named = labName || gettext("%(lab)s, as the log calls it", { lab });
  const { ofReader, ofOther } = ASSURANCES[affiliation.assurance];
  return `${named}. ${gettext(isOwn ? ofReader : ofOther, { lab })}`;
}

/**
 * A signing, member by member, except for its clauses.
 * @param {Signing} signing
 * @param {readonly Opening[]} openings checked ones
 * @param {{labName?: string | undefined, isOwn?: boolean, title?: string}} [words] the lab's name instead of its slug;
 *   whether the reader is the signatory; the title of the pledge, from a text that was checked
 * @returns {Row[]}
 */
export function signingInWords(signing, openings, { labName, isOwn = true, title } = {}) {
  const opened = new Map(openings.map(({ field, value }) => [field, value]));
  const isAnonymous = signing.signatory.visibility === "anonymous";
  const { commitments, pledge } = signing;
  const unopened = gettext("Not opened here");
  const { slug, version } = pledge;
  /** @type {Row[]} */
  const rows = [
    [gettext("Name"), isAnonymous ? gettext("Anonymous") : (opened.get("name") ?? unopened)],
    [
      gettext("Pledge"),
      title
        ? gettext("%(title)s, version %(version)s (in the log: %(slug)s)", { title, version, slug })
        : gettext("%(slug)s, version %(version)s", { slug, version }),
    ],
    [gettext("Lab"), affiliationInWords(signing.affiliation, { labName, isOwn })],
    [gettext("Signed on"), dayInWords(signing.day)],
    [gettext("Stands until"), gettext("%(day)s, unless renewed", { day: dayInWords(signing.until) })],
    [gettext("For the log"), signing.origin],
  ];
  for (const [field, term] of /** @type {const} */ ([
    ["reason", gettext("Reason")],
    ["role", gettext("Role")],
  ])) {
    if (commitments?.[field]) rows.splice(1, 0, [term, opened.get(field) ?? unopened]);
  }
  return rows;
}
