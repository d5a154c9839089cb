/**
 * The keys that hold a role in the log: who may sign what, on which day. Mirrors `core/keyring.py`.
 *
 * A key is known by its full public key. Its short name in a `keyid`, `<role>:<8 hex>`, finds it: the ring refuses a
 * second key with the same short name, so that a name never means two keys.
 *
 * @typedef {{key: string, start: string, until: string | null}} Term a full public key, `ed25519:…`, and the days on
 *   which it holds; `until` null for no end
 */

import { pae } from "./dsse.js";
import { parseKey, roleKeyId, verifyEd25519 } from "./ed25519.js";
import { notVerified } from "./errors.js";

export class Keyring {
  /** By keyid. @type {Map<string, Term>} */
  #terms = new Map();
  /** Keyids. @type {Set<string>} */
  #revoked = new Set();

  /** @param {string} role */
  constructor(role) {
    this.role = role;
  }

  /**
   * Add a key that, or whose keyid, has never held this role.
   * @param {Term} term
   */
  admit(term) {
    const keyid = this.#keyid(term.key);
    if (this.#terms.has(keyid))
      throw notVerified("This %(role)s key has been admitted before.", { role: this.role });
    this.#terms.set(keyid, term);
  }

  /**
   * End a key that stands, for all entries from here on.
   * @param {string} key
   */
  revoke(key) {
    const keyid = this.#keyid(key);
    if (this.#revoked.has(keyid) || this.#terms.get(keyid)?.key !== key) {
      throw notVerified("This is not a %(role)s key that stands.", { role: this.role });
    }
    this.#revoked.add(keyid);
  }

  /** How many keys were admitted and not revoked, whatever their days. */
  unrevoked() {
    return this.#terms.size - this.#revoked.size;
  }

  /**
   * Verify that an envelope is signed by different keys that hold this role on a day, and by nothing else.
   * @param {import("./dsse.js").Envelope} envelope
   * @param {string} day
   * @param {{low?: number, high?: number}} [count] how many at least, and at most
   */
  async verifySignatures(
    { payload, payloadType, signatures },
    day,
    { low = 1, high = signatures.length } = {},
  ) {
    if (signatures.length < low || signatures.length > high) {
      throw notVerified("%(count)s signatures by the role %(role)s are not what this takes.", {
        count: signatures.length,
        role: this.role,
      });
    }
    if (new Set(signatures.map(({ keyid }) => keyid)).size !== signatures.length) {
      throw notVerified("One key has signed twice.");
    }
    for (const { keyid, sig } of signatures) {
      await verifyEd25519(parseKey(this.#find(keyid, day)), pae(payloadType, payload), sig);
    }
  }

  /**
   * @param {string} keyid
   * @param {string} day
   */
  #find(keyid, day) {
    const term = this.#terms.get(keyid);
    const isCurrent =
      term !== undefined &&
      !this.#revoked.has(keyid) &&
      term.start <= day &&
      (term.until === null || day <= term.until);
    if (!isCurrent)
      throw notVerified("No %(role)s key of this name stands on %(day)s.", { role: this.role, day });
    return term.key;
  }

  /** @param {string} key */
  #keyid(key) {
    return `${this.role}:${roleKeyId(this.role, parseKey(key))}`;
  }
}
