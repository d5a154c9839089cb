/**
 * What an unlocked page has at hand: the steward's keys, in memory only, and the log's word on who is a steward.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {import("../keys.js").SigningKey} SigningKey
 * @typedef {import("../tip/recipients.js").StewardKeys} StewardKeys
 * @typedef {import("./bundle.js").Bundle} Bundle
 */

import { fromHex } from "../bytes.js";
import { formatKey } from "../ed25519.js";
import { notVerified, PledgeError, said } from "../errors.js";
import { signingKeyFromSeed } from "../keys.js";

const SEED_BYTES = 32;

export class Desk {
  /** The steward's identities, newest first. @type {readonly string[]} */
  identities;
  /** Public halves of all signing keys of the steward. @type {ReadonlySet<string>} */
  ownKeys;
  /** The day from which the first key holds. @type {string} */
  since;
  /** @type {StewardKeys} */
  #stewards;
  #fetchKeys;
  #signers;

  /**
   * @param {Bundle} bundle
   * @param {readonly SigningKey[]} signers of its keys, newest first
   * @param {StewardKeys} stewards
   * @param {() => Promise<StewardKeys>} fetchKeys
   */
  constructor(bundle, signers, stewards, fetchKeys) {
    this.identities = bundle.keys.map(({ age }) => age).reverse();
    this.ownKeys = new Set(signers.map(({ publicKey }) => formatKey(publicKey)));
    this.since = bundle.keys.map(({ from }) => from).reduce((a, b) => (a < b ? a : b));
    this.#signers = signers;
    this.#stewards = stewards;
    this.#fetchKeys = fetchKeys;
  }

  /**
   * Whose word counts, by the keys that the log has now.
   * @returns {Promise<import("./thread.js").Trusted>}
   */
  async trust() {
    const stewards = await this.#now();
    return { origin: stewards.origin, signersOn: (day) => stewards.signersOn(day) };
  }

  /**
   * The key to answer with, and the recipients of all current stewards; by the keys that the log has now.
   * @param {string} day
   */
  async signer(day) {
    const current = (await this.#now()).current(day);
    return {
      key: this.#signerOf(current),
      recipients: [...new Set(current.map(({ recipient }) => recipient))],
    };
  }

  /**
   * Why the steward cannot answer; empty if nothing is in the way.
   * @param {string} day
   */
  whyMute(day) {
    try {
      this.#signerOf(this.#stewards.current(day));
      return "";
    } catch (error) {
      if (error instanceof PledgeError) return said(error);
      throw error;
    }
  }

  /** @param {readonly {signing: string}[]} current */
  #signerOf(current) {
    const found = this.#signers.find(({ publicKey }) =>
      current.some(({ signing }) => signing === formatKey(publicKey)),
    );
    if (found === undefined) {
      throw notVerified(
        "None of your keys is current in the log. You can read what is sealed to them, but not answer. Your account says what to do.",
      );
    }
    return found;
  }

  /** Nobody is taken back who was shown before: the log only grows. */
  async #now() {
    const stewards = await this.#fetchKeys();
    if (stewards.seen.checkpoint.size < this.#stewards.seen.checkpoint.size) {
      throw notVerified("The site shows an older log than before. Nothing was sealed.");
    }
    this.#stewards = stewards;
    return stewards;
  }
}

/**
 * Sit down at the desk with the keys of a bundle.
 * @param {Bundle} bundle
 * @param {() => Promise<StewardKeys>} fetchKeys from the log, verified
 */
export async function openDesk(bundle, fetchKeys) {
  const stewards = await fetchKeys();
  if (bundle.origin !== stewards.origin) throw notVerified("These keys are for another site.");
  const newestFirst = [...bundle.keys].reverse();
  const signers = await Promise.all(
    newestFirst.map(({ signing }) => signingKeyFromSeed(fromHex(signing, SEED_BYTES))),
  );
  return new Desk(bundle, signers, stewards, fetchKeys);
}
