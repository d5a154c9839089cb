/**
 * Trust policies: which logs, notaries and witnesses their reader believes (C2SP tlog-policy, with one line kind of
 * our own, `notary`). Trust comes from here only, never from a receipt.
 *
 *     log <vkey> [<url>]
 *     notary <vkey>                          the key's name is "notary"
 *     witness <name> <vkey> [<url>]
 *     group <name> <k|any|all> <member>…     members are defined above, each in one group only
 *     quorum <name|none>                     exactly one
 *     # comment
 *
 * @typedef {import("./note.js").VerifierKey} VerifierKey
 * @typedef {{name: string, key: VerifierKey}} Witness
 * @typedef {{name: string, threshold: number, members: string[]}} Group
 * @typedef {{logs: VerifierKey[], notaries: VerifierKey[], witnesses: Witness[], groups: Group[],
 *   quorum: string | null, urls: Map<VerifierKey, string>}} Policy
 *
 * @typedef {object} VerifiedCheckpoint
 * @property {import("./note.js").Checkpoint} checkpoint
 * @property {string[]} witnesses names, as in the policy, of those that cosigned it
 * @property {boolean} quorumMet never so under `quorum none`
 * @property {bigint | null} newestSeconds the latest time that the cosignatures of a quorum reach, since 1970
 * @property {string[]} unchecked names of keys whose signatures browsers cannot check (ML-DSA-44)
 */

import { equal, fromDecimal, text } from "./bytes.js";
import { verifyNote } from "./cosignature.js";
import { malformed, notVerified } from "./errors.js";
import { COSIGNATURE, ED25519, ML_DSA_44, parseCheckpoint, parseNote, parseVkey } from "./note.js";

const MAX_BYTES = 524_288;
const MAX_OF_EACH = 64;
const NONE = "none";

/**
 * @param {Uint8Array} bytes
 * @returns {Policy}
 */
export function parsePolicy(bytes) {
  if (bytes.length > MAX_BYTES) throw malformed("This policy is too long.");
  const whole = text(bytes);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  if (/[\0-\x08\x0b-\x1f\x7f]/.test(whole)) throw malformed("A policy holds no control characters.");
  if (!whole.endsWith("\n"))
    throw malformed("The last line of a policy lacks its newline: is the file cut short?");
  const reader = new Reader();
  for (const line of whole.split("\n")) {
    const items = line.split(/[ \t]+/).filter(Boolean);
    if (items[0] !== undefined && !items[0].startsWith("#")) reader.read(items);
  }
  return reader.finish();
}

/** What the lines so far have defined. */
class Reader {
  /** @type {Policy} */
  policy = { logs: [], notaries: [], witnesses: [], groups: [], quorum: null, urls: new Map() };
  /** Names of witnesses and groups, and whether a group has them already. @type {Map<string, boolean>} */
  #grouped = new Map();
  #hasQuorum = false;

  /** @param {string[]} items of one line */
  read([keyword, ...items]) {
    if (keyword === "log") this.#log(items);
    else if (keyword === "notary") this.#notary(items);
    else if (keyword === "witness") this.#witness(items);
    else if (keyword === "group") this.#group(items);
    else if (keyword === "quorum") this.#quorum(items);
    else throw malformed("A line of a policy begins with log, notary, witness, group or quorum.");
  }

  finish() {
    if (!this.#hasQuorum) throw malformed("A policy has exactly one quorum line.");
    const { logs, notaries, witnesses, groups } = this.policy;
    if (Math.max(logs.length, notaries.length, witnesses.length, groups.length) > MAX_OF_EACH) {
      throw malformed("A policy has at most %(most)s logs, notaries, witnesses and groups each.", {
        most: MAX_OF_EACH,
      });
    }
    for (const { key } of witnesses) checkNew(logs, key);
    return this.policy;
  }

  /** @param {string[]} items */
  #log([vkey, url, ...rest]) {
    const key = readKey(vkey, rest, [ED25519, ML_DSA_44]);
    checkNew(this.policy.logs, key);
    this.policy.logs.push(key);
    if (url !== undefined) this.policy.urls.set(key, url);
  }

  /** @param {string[]} items */
  #notary([vkey, ...rest]) {
    const key = readKey(vkey, rest, [ED25519]);
    if (key.name !== "notary") throw malformed('A notary\'s key has the name "notary".');
    checkNew(this.policy.notaries, key);
    this.policy.notaries.push(key);
  }

  /** @param {string[]} items */
  #witness([name, vkey, url, ...rest]) {
    const key = readKey(vkey, rest, [COSIGNATURE, ML_DSA_44]);
    const known = this.policy.witnesses.map((witness) => witness.key);
    checkNew(known, key);
    this.policy.witnesses.push({ name: this.#define(name), key });
    if (url !== undefined) this.policy.urls.set(key, url);
  }

  /** @param {string[]} items */
  #group([name, rule, ...members]) {
    if (rule === undefined || members.length === 0) throw malformed("A group has a rule and members.");
    for (const member of members) {
      if (this.#grouped.get(member) !== false) {
        throw malformed("A group's member is defined above it, and in one group only.");
      }
      this.#grouped.set(member, true);
    }
    const threshold = readThreshold(rule, members.length);
    this.policy.groups.push({ name: this.#define(name), threshold, members });
  }

  /** @param {string[]} items */
  #quorum([name, ...rest]) {
    if (this.#hasQuorum || name === undefined || rest.length > 0) {
      throw malformed("A policy has exactly one quorum line, with one name.");
    }
    if (name !== NONE && !this.#grouped.has(name))
      throw malformed("The quorum is not defined above its line.");
    this.#hasQuorum = true;
    this.policy.quorum = name === NONE ? null : name;
  }

  /** @param {string | undefined} name of a witness or group; they share one namespace */
  #define(name) {
    if (name === undefined || name === NONE || this.#grouped.has(name)) {
      throw malformed("Names of witnesses and groups differ from each other, and none is called none.");
    }
    this.#grouped.set(name, false);
    return name;
  }
}

/**
 * @param {string | undefined} vkey
 * @param {string[]} rest what follows on the line and should not
 * @param {number[]} kinds
 */
function readKey(vkey, rest, kinds) {
  if (vkey === undefined || rest.length > 0)
    throw malformed("A line of a policy has too few or too many items.");
  const key = parseVkey(vkey);
  if (!kinds.includes(key.kind)) throw malformed("A key in a policy is of the wrong type for its line.");
  return key;
}

/**
 * @param {VerifierKey[]} keys
 * @param {VerifierKey} key
 */
function checkNew(keys, key) {
  if (keys.some(({ publicKey }) => equal(publicKey, key.publicKey))) {
    throw malformed("A policy names one key twice.");
  }
}

/**
 * @param {string} rule
 * @param {number} count
 */
function readThreshold(rule, count) {
  const threshold = rule === "any" ? 1 : rule === "all" ? count : Number(fromDecimal(rule));
  if (threshold < 1 || threshold > count) throw malformed("A group's number is between 1 and its size.");
  return threshold;
}

/**
 * Check a checkpoint: signed by a log of the policy under the log's own name, cosigned by whichever witnesses.
 * @param {Policy} policy
 * @param {Uint8Array} bytes of the note
 * @returns {Promise<VerifiedCheckpoint>}
 */
export async function verifyCheckpoint(policy, bytes) {
  const note = parseNote(bytes);
  const checkpoint = parseCheckpoint(note.text);
  const logs = policy.logs.filter(({ name }) => name === checkpoint.origin);
  const keys = [...logs, ...policy.witnesses.map(({ key }) => key)];
  const { verified, unchecked } = await verifyNote(note, keys);
  if (!verified.some(({ key }) => logs.includes(key))) {
    throw notVerified("No log that the policy knows has signed this checkpoint.");
  }
  const witnesses = policy.witnesses.filter((witness) => verified.some(({ key }) => key === witness.key));
  const names = witnesses.map(({ name }) => name);
  return {
    checkpoint,
    witnesses: names,
    quorumMet: isQuorumMet(policy, new Set(names)),
    newestSeconds: quorumSeconds(policy, verified),
    unchecked: unchecked.map(({ name }) => name),
  };
}

/**
 * A witness alone makes nothing fresh: a quorum does, and is as fresh as the oldest cosignature that it needs.
 * @param {Policy} policy
 * @param {import("./cosignature.js").Verified[]} verified
 * @returns {bigint | null}
 */
function quorumSeconds(policy, verified) {
  const times = verified.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]));
  const newestFirst = times.sort((a, b) => (a < b ? 1 : -1));
  const reached = newestFirst.find((time) => {
    const since = policy.witnesses.filter((witness) =>
      verified.some(({ key, seconds }) => key === witness.key && seconds !== null && seconds >= time),
    );
    return isQuorumMet(policy, new Set(since.map(({ name }) => name)));
  });
  return reached || null;
}

/**
 * @param {Policy} policy
 * @param {ReadonlySet<string>} cosigned names of witnesses
 */
function isQuorumMet({ groups, quorum }, cosigned) {
  if (quorum === null) return false; // who asks for no witnesses learns that an entry is logged, no more
  const met = new Set(cosigned);
  // Groups stand in order: each is made of names defined before it.
  for (const { name, threshold, members } of groups) {
    if (members.filter((member) => met.has(member)).length >= threshold) met.add(name);
  }
  return met.has(quorum);
}
