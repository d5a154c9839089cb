/**
 * Statements that a browser signs or checks: signings, what becomes of them, the entries that name notaries and
 * stewards, and the digests of tips.
 * Other kinds, and other versions, are not understood here, which is neither malformed nor verified.
 *
 * @typedef {"lab-email" | "group-email" | "email" | "credential"} Assurance
 * @typedef {{lab: string, assurance: Assurance, scope: "lab" | "group" | null, day?: string}} Affiliation
 * @typedef {{name: string, role: string | null, reason: string | null}} Commitments
 * @typedef {{issuer: string, epoch: string, purpose: string, key: string, prefix: string, signature: string}} Credential
 * @typedef {{type: "signing/v1", origin: string, day: string, until: string, clauses: string[],
 *   pledge: {slug: string, version: number, sha256: string},
 *   signatory: {key: string, visibility: "named" | "anonymous"},
 *   affiliation: Affiliation | null, commitments: Commitments | null, credential: Credential | null}} Signing
 * @typedef {{type: "renewal/v1" | "withdrawal/v1", origin: string, day: string, signing: string,
 *   reason: string}} Change
 * @typedef {{type: "genesis/v1", origin: string, day: string, operator: string, contact: string, log: string[],
 *   notary: string, quorum: number}} Genesis
 * @typedef {{type: "key/v1", origin: string, day: string, role: string, keys: {signing: string, age?: string},
 *   from: string, until: string, founder?: true}} Key
 * @typedef {{type: "key-revocation/v1", origin: string, day: string, role: string, key: string,
 *   reason: string}} KeyRevocation
 * @typedef {{type: "tip-digest/v1", origin: string, day: string, root: string, leaves: number}} TipDigest
 * @typedef {Signing | Change | Genesis | Key | KeyRevocation | TipDigest} Statement
 */

import { epochStart, monthsLater } from "./calendar.js";
import { parseJson } from "./canonical.js";
import { kindOf } from "./dsse.js";
import { malformed, notUnderstood } from "./errors.js";
import {
  choice,
  DAY,
  ED25519_KEY,
  EPOCH,
  ID,
  integer,
  isObject,
  KEY_ID,
  line,
  matching,
  ORIGIN,
  octets,
  optional,
  record,
  SHA256,
  SIGNATORY_KEY,
  sequence,
  VERSION,
} from "./members.js";

const TERM_MONTHS = 12;

const STATEMENT = { type: matching(/^[a-z-]+\/v1$/, "a kind and its version"), origin: ORIGIN, day: DAY };
const PURPOSE = matching(/^(tip-[1-4]|signing:(?=.{1,64}$)[a-z0-9]+(?:-[a-z0-9]+)*)$/, "a purpose");
const REASON = matching(
  /^(own|left-lab|changed-mind|removed:(?=.{1,64}$)[a-z0-9]+(?:-[a-z0-9]+)*)$/,
  "own, left-lab, changed-mind or removed:<class>",
);
const VKEY = matching(
  /^[!-*,-~]{1,255}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{4,4000}={0,2}$/,
  "a vkey (c2sp.org/signed-note)",
);
export const AGE_RECIPIENT = matching(
  /^age1pq1[02-9ac-hj-np-z]{1952}$/,
  "a post-quantum age recipient, age1pq1…",
);

const ROLE = choice("steward", "issuer", "notary", "log");

const AFFILIATION = record(
  {
    lab: ID,
    assurance: choice("lab-email", "group-email", "email", "credential"),
    scope: optional(choice("lab", "group")),
  },
  { day: DAY },
);
export const CREDENTIAL = record({
  issuer: KEY_ID,
  epoch: EPOCH,
  purpose: PURPOSE,
  key: ED25519_KEY,
  prefix: octets(32, 32),
  signature: octets(256, 256),
});

/** @type {{[kind: string]: import("./members.js").Check}} */
const KINDS = {
  signing: record({
    ...STATEMENT,
    until: DAY,
    pledge: record({ slug: ID, version: VERSION, sha256: SHA256 }),
    clauses: sequence(ID, 1, 128),
    signatory: record({ key: SIGNATORY_KEY, visibility: choice("named", "anonymous") }),
    commitments: optional(record({ name: SHA256, role: optional(SHA256), reason: optional(SHA256) })),
    affiliation: optional(AFFILIATION),
    credential: optional(CREDENTIAL),
  }),
  renewal: record({ ...STATEMENT, signing: SHA256, reason: choice("own") }),
  withdrawal: record({ ...STATEMENT, signing: SHA256, reason: REASON }),
  genesis: record({
    ...STATEMENT,
    operator: line(200),
    contact: line(200),
    log: sequence(VKEY, 1, 8),
    notary: ED25519_KEY,
    quorum: integer(1, 16),
  }),
  key: record(
    {
      ...STATEMENT,
      role: ROLE,
      keys: record({ signing: ED25519_KEY }, { age: AGE_RECIPIENT }),
      from: DAY,
      until: DAY,
    },
    { founder: isTrue },
  ),
  "key-revocation": record({ ...STATEMENT, role: ROLE, key: ED25519_KEY, reason: ID }),
  "tip-digest": record({ ...STATEMENT, root: SHA256, leaves: integer(64, 1_000_000) }),
};

/**
 * Read a payload of one of these kinds.
 * @param {string} payloadType
 * @param {Uint8Array} payload
 * @returns {Statement}
 */
export function parseStatement(payloadType, payload) {
  const kind = kindOf(payloadType);
  const check = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (check === undefined) throw notUnderstood("Statements of this kind are not understood here.");
  const value = parseJson(payload);
  if (!isObject(value) || typeof value.type !== "string") throw malformed("A statement names its type.");
  if (value.type !== `${kind}/v1`) {
    if (value.type.startsWith(`${kind}/`))
      throw notUnderstood("Statements of this version are not understood here.");
    throw malformed("A statement's type is not that of its envelope.");
  }
  check(value);
  const statement = /** @type {Statement} */ (/** @type {unknown} */ (value));
  if (statement.type === "signing/v1") checkSigning(statement);
  if (statement.type === "key/v1") checkKey(statement);
  if (statement.type === "tip-digest/v1" && statement.leaves % 64 !== 0)
    throw malformed("leaves must be a multiple of 64");
  return statement;
}

/**
 * What must hold between the members of a signing.
 * @param {Signing} signing
 */
export function checkSigning(signing) {
  if (signing.until !== monthsLater(signing.day, TERM_MONTHS))
    throw malformed("until must be 12 months after day");
  if (signing.affiliation !== null) checkAffiliation(signing.affiliation);
  if (signing.signatory.visibility === "anonymous") checkAnonymous(signing);
  else checkNamed(signing);
}

/** @param {Affiliation} affiliation */
function checkAffiliation({ assurance, scope, day }) {
  const proved = { "lab-email": "lab", "group-email": "group", email: null, credential: "lab" }[assurance];
  if (scope !== proved) throw malformed("scope must be what the assurance proves");
  if ((day === undefined) !== (assurance === "credential")) {
    throw malformed("an affiliation has a day unless a credential shows it");
  }
}

/** @param {Signing} signing */
function checkNamed({ affiliation, commitments, credential, day }) {
  if (commitments === null || credential !== null || affiliation?.assurance === "credential") {
    throw malformed("a named signing has commitments and no credential");
  }
  if (affiliation?.day !== undefined && affiliation.day > day) {
    throw malformed("an affiliation must not be checked after the signing's day");
  }
}

/** @param {Signing} signing */
function checkAnonymous({ affiliation, commitments, credential, day, pledge, signatory }) {
  if (commitments !== null || credential === null || affiliation?.assurance !== "credential") {
    throw malformed("an anonymous signing has a credential and no commitments");
  }
  if (credential.key !== signatory.key || credential.purpose !== `signing:${pledge.slug}`) {
    throw malformed("a credential must be for this key and this pledge");
  }
  if (day !== epochStart(credential.epoch)) {
    throw malformed("the day of an anonymous signing is the first of its credential's epoch");
  }
}

/** @param {Key} key */
function checkKey({ role, keys, from, until, founder }) {
  if (from > until) throw malformed("from must not be after until");
  if ((keys.age !== undefined) !== (role === "steward"))
    throw malformed("only a steward's keys have an age recipient");
  if (founder && role !== "steward") throw malformed("only a steward can be a founder");
}

/** @param {unknown} value */
function isTrue(value) {
  if (value !== true) throw malformed("must be true, or absent");
}
