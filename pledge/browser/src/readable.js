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

const KIB = 1024;
const MIB = 1024 * 1024;

/**
 * @param {number} bytes
 * @returns {string} such as 3 KiB, 1.5 MiB
 */
export function sizeInWords(bytes) {
  if (bytes < KIB) return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
  const [unit, name] = bytes < MIB ? [KIB, "KiB"] : [MIB, "MiB"];
  const amount = bytes / unit;
  return `${amount < 10 ? Number(amount.toFixed(1)) : Math.round(amount)} ${name}`;
}

/**
 * @param {string} day YYYY-MM-DD
 * @returns {string} such as 3 October 2026
 */
export function dayInWords(day) {
  const date = new Date(`${day}T00:00:00Z`);
  return date.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
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
    if (commitment === null) throw notVerified(`The signing commits to no ${opening.field}.`);
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
 * @param {string} [labName] where it is known; else the slug stands for it, and is said to be that
 * @param {string} [person] "you", or whoever is meant
 */
export function affiliationInWords(affiliation, labName, person = "you") {
  if (affiliation === null) return `No lab. The notary says that ${person} read mail at some address.`;
  const lab = labName || affiliation.lab;
  const sentences = {
    "lab-email": `The notary says that ${person} read mail at an address of ${lab}.`,
    "group-email": `The notary says that ${person} read mail at an address of the group around ${lab}. The lab itself is self-stated.`,
    email: `The notary says that ${person} read mail at some address. The lab is self-stated.`,
    credential: `A credential that only somebody with an address at ${lab} could have been given.`,
  };
  const named = labName || `${lab}, as the log calls it`;
  return `${named}. ${sentences[affiliation.assurance]}`;
}

/**
 * A signing, member by member, except for its clauses.
 * @param {Signing} signing
 * @param {readonly Opening[]} openings checked ones
 * @param {{labName?: string | undefined, person?: string, title?: string}} [words] the lab's name instead of its slug;
 *   who signs; the title of the pledge, from a text that was checked
 * @returns {Row[]}
 */
export function signingInWords(signing, openings, { labName, person, title } = {}) {
  const opened = new Map(openings.map(({ field, value }) => [field, value]));
  const isAnonymous = signing.signatory.visibility === "anonymous";
  const { commitments, pledge } = signing;
  /** @type {Row[]} */
  const rows = [
    ["Name", isAnonymous ? "Anonymous" : (opened.get("name") ?? "Not opened here")],
    [
      "Pledge",
      title
        ? `${title}, version ${pledge.version} (in the log: ${pledge.slug})`
        : `${pledge.slug}, version ${pledge.version}`,
    ],
    ["Lab", affiliationInWords(signing.affiliation, labName, person)],
    ["Signed on", dayInWords(signing.day)],
    ["Stands until", `${dayInWords(signing.until)}, unless renewed`],
    ["For the log", signing.origin],
  ];
  for (const [field, term] of /** @type {const} */ ([
    ["reason", "Reason"],
    ["role", "Role"],
  ])) {
    if (commitments?.[field]) rows.splice(1, 0, [term, opened.get(field) ?? "Not opened here"]);
  }
  return rows;
}
