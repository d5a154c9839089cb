/**
 * The recipients file: whom tips are sealed to and who may answer, each with the proof that the log has it.
 *
 *     {"checkpoint": the log's checkpoint, a signed note,
 *      "entries": [{"index", "leaf": b64 of the entry, "path": [b64 hashes, from the leaf's sibling up]}, …],
 *      "type": "recipients/v1"}
 *
 * Canonical JSON. The entries are the genesis, every steward's `key` and every `key-revocation` of one, in the order of
 * the log. A reader believes the checkpoint by its policy, each entry by its path to the checkpoint, and then replays
 * the entries by the log's own rules: so a key counts only if the founders' notary or k stewards admitted it. A file can
 * leave out the newest entries, or a revocation; it cannot add anybody.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {import("../policy.js").Policy} Policy
 * @typedef {import("../policy.js").VerifiedCheckpoint} VerifiedCheckpoint
 * @typedef {import("../statement.js").Genesis} Genesis
 * @typedef {import("../statement.js").Key} Key
 * @typedef {import("../statement.js").KeyRevocation} KeyRevocation
 * @typedef {{index: number, leaf: string, path: string[]}} ProvenEntry
 * @typedef {{entry: number, signing: string, recipient: string, from: string, until: string, isFounder: boolean,
 *   revoked: {day: string, reason: string} | null}} StewardKey a steward's keys, as the log admitted them: where the
 *   entry stands, `ed25519:…`, `age1pq1…`, and the first and last day on which they hold
 */

import { fromBase64, hex, sha256, utf8 } from "../bytes.js";
import { parseJson } from "../canonical.js";
import { parseEnvelope } from "../dsse.js";
import { formatKey } from "../ed25519.js";
import { malformed, notVerified, PledgeError, unavailable } from "../errors.js";
import { Keyring } from "../keyring.js";
import { choice, integer, octets, record, sequence, text } from "../members.js";
import { ED25519, MAX_NOTE_BYTES, parseVkey } from "../note.js";
import { verifyCheckpoint } from "../policy.js";
import { parseStatement } from "../statement.js";
import { HASH_BYTES, leafHash, verifyInclusion } from "../tlog.js";

export const MAX_RECIPIENTS_BYTES = 1 << 25;
const MAX_ENTRIES = 8_192;
const MAX_PATH = 63;
const ROTATED = "rotated";

const ENTRY = record({
  index: integer(0, Number.MAX_SAFE_INTEGER),
  leaf: octets(1, 65_535),
  path: hashes,
});
const FILE = record({
  checkpoint: text(MAX_NOTE_BYTES),
  entries: sequence(ENTRY, 1, MAX_ENTRIES),
  type: choice("recipients/v1"),
});

/** All stewards' keys that a verified recipients file shows. */
export class StewardKeys {
  /**
   * @param {object} verified
   * @param {string} verified.origin the log's
   * @param {number} verified.quorum how many current stewards it takes; with fewer, tips are closed
   * @param {readonly StewardKey[]} verified.keys in the order in which the log admitted them
   * @param {VerifiedCheckpoint} verified.seen
   * @param {Bytes} verified.note the checkpoint as it was signed
   */
  constructor({ origin, quorum, keys, seen, note }) {
    this.origin = origin;
    this.quorum = quorum;
    this.keys = keys;
    this.seen = seen;
    this.note = note;
  }

  /**
   * Give the keys that hold on a day.
   * @param {string} day
   */
  current(day) {
    return this.keys.filter(({ from, until, revoked }) => revoked === null && from <= day && day <= until);
  }

  /**
   * Tell whether there are enough stewards for tips.
   * @param {string} day
   */
  isOpen(day) {
    return this.current(day).length >= this.quorum;
  }

  /**
   * Give whom tips and answers of a day are sealed to, `age1pq1…`, none twice.
   * @param {string} day
   */
  recipients(day) {
    if (!this.isOpen(day)) {
      throw unavailable("There are fewer than %(quorum)s current stewards, so tips are closed.", {
        quorum: this.quorum,
      });
    }
    return [...new Set(this.current(day).map(({ recipient }) => recipient))];
  }

  /**
   * Give the keys whose signatures count on answers of a day: those that were rotated answer for what they signed.
   * @param {string} day
   */
  signersOn(day) {
    return this.keys
      .filter(({ revoked }) => revoked === null || (revoked.reason === ROTATED && day <= revoked.day))
      .map(({ signing }) => signing);
  }
}

/**
 * Read a recipients file and verify all of it.
 * @param {Uint8Array} bytes from anywhere
 * @param {Policy} policy never from where the file is from
 * @returns {Promise<StewardKeys>}
 */
export async function parseRecipients(bytes, policy) {
  const value = parseJson(bytes, MAX_RECIPIENTS_BYTES);
  FILE(value);
  const { checkpoint: noteText, entries } = /** @type {{checkpoint: string, entries: ProvenEntry[]}} */ (
    /** @type {unknown} */ (value)
  );
  checkOrder(entries);
  const note = utf8(noteText);
  const seen = await verifyCheckpoint(policy, note);
  if (policy.quorum !== null && !seen.quorumMet) {
    throw notVerified("Too few witnesses of the policy cosigned this checkpoint.");
  }
  const replay = new Replay(seen, policy);
  for (const entry of entries) await named(entry.index, () => replay.take(entry));
  return new StewardKeys({ origin: seen.checkpoint.origin, ...replay.result(), seen, note });
}

/** The log's rules, as far as they are about stewards. */
class Replay {
  #notary = new Keyring("notary");
  #stewards = new Keyring("steward");
  /** @type {Map<string, StewardKey>} */
  #keys = new Map();
  /** @type {Set<string>} */
  #payloads = new Set();
  #quorum = 0;
  #founders = 0;
  #hasStewards = false;
  #day = "";

  /**
   * @param {VerifiedCheckpoint} seen
   * @param {Policy} policy
   */
  constructor({ checkpoint }, policy) {
    this.checkpoint = checkpoint;
    this.policy = policy;
  }

  /** @param {ProvenEntry} entry */
  async take({ index, leaf: encoded, path }) {
    const leaf = fromBase64(encoded);
    const { size, root, origin } = this.checkpoint;
    verifyInclusion(leafHash(leaf), BigInt(index), size, path.map(fromBase64), root);
    const envelope = parseEnvelope(leaf);
    const statement = parseStatement(envelope.payloadType, envelope.payload);
    if ((statement.type === "genesis/v1") !== (index === 0)) {
      throw notVerified("A genesis comes first, and only then.");
    }
    if (statement.origin !== origin) throw notVerified("This entry is for another log.");
    if (statement.day < this.#day) throw notVerified("Its day is before that of the entry before.");
    this.#checkNew(envelope.payload);
    if (statement.type === "genesis/v1") await this.#genesis(statement, envelope);
    else if (statement.type === "key/v1" && statement.role === "steward")
      await this.#key(statement, envelope, index);
    else if (statement.type === "key-revocation/v1" && statement.role === "steward")
      await this.#revocation(statement, envelope);
    else throw notVerified("It is about no steward.");
    this.#day = statement.day;
  }

  result() {
    return { quorum: this.#quorum, keys: [...this.#keys.values()] };
  }

  /** @param {Bytes} payload */
  #checkNew(payload) {
    const digest = hex(sha256(payload));
    if (this.#payloads.has(digest)) throw notVerified("This payload stands in the log already.");
    this.#payloads.add(digest);
  }

  /**
   * @param {Genesis} genesis
   * @param {import("../dsse.js").Envelope} envelope
   */
  async #genesis({ log, notary, day, quorum, origin }, envelope) {
    const vkeys = log.map(parseVkey);
    if (vkeys.some(({ name }) => name !== origin) || !vkeys.some(({ kind }) => kind === ED25519)) {
      throw notVerified("The genesis does not name a usable key of its own log.");
    }
    if (!this.policy.notaries.some(({ publicKey }) => formatKey(publicKey) === notary)) {
      throw notVerified("The policy does not have the notary of this log.");
    }
    this.#notary.admit({ key: notary, start: day, until: null });
    await this.#notary.verifySignatures(envelope, day, { high: 1 });
    this.#quorum = quorum;
  }

  /**
   * @param {Key} key
   * @param {import("../dsse.js").Envelope} envelope
   * @param {number} index
   */
  async #key({ keys, from, until, founder, day }, envelope, index) {
    if (founder && this.#founders >= this.#quorum) throw notVerified("The log has had all its founders.");
    if (founder) await this.#notary.verifySignatures(envelope, day, { high: 1 });
    else await this.#stewards.verifySignatures(envelope, day, { low: this.#quorum });
    this.#stewards.admit({ key: keys.signing, start: from, until });
    this.#founders += founder ? 1 : 0;
    this.#hasStewards ||= this.#stewards.unrevoked() >= this.#quorum;
    const { signing, age: recipient = "" } = keys; // a steward's entry has one, or it is malformed
    this.#keys.set(signing, {
      entry: index,
      signing,
      recipient,
      from,
      until,
      isFounder: founder === true,
      revoked: null,
    });
  }

  /**
   * @param {KeyRevocation} revocation
   * @param {import("../dsse.js").Envelope} envelope
   */
  async #revocation({ key, reason, day }, envelope) {
    if (this.#hasStewards) await this.#stewards.verifySignatures(envelope, day, { low: this.#quorum });
    else await this.#notary.verifySignatures(envelope, day, { high: 1 });
    this.#stewards.revoke(key);
    const admitted = /** @type {StewardKey} */ (this.#keys.get(key));
    this.#keys.set(key, { ...admitted, revoked: { day, reason } });
  }
}

/** @param {readonly ProvenEntry[]} entries */
function checkOrder(entries) {
  if (
    entries.some(({ index }, place) =>
      place === 0 ? index !== 0 : index <= Number(entries[place - 1]?.index),
    )
  ) {
    throw malformed("entries come in the order of the log, from the genesis on");
  }
}

/** An audit path; the same hash may stand in it twice. @type {import("../members.js").Check} */
function hashes(value) {
  if (!Array.isArray(value) || value.length > MAX_PATH)
    throw malformed("must be a list of 0 to %(most)s", { most: MAX_PATH });
  value.forEach(octets(HASH_BYTES, HASH_BYTES));
}

/**
 * @param {number} index
 * @param {() => Promise<void>} act
 */
async function named(index, act) {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof PledgeError)) throw error;
    throw new PledgeError(error.code, "Entry %(index)s: %(why)s", { index, why: error });
  }
}
