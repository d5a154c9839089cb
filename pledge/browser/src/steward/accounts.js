/**
 * Accounting: whether every leaf of every day's digest is a message that is held here, or a dummy that the server opens.
 *
 * The log commits to a day's leaves before anybody can know what becomes of the messages behind them. So a message that
 * the server keeps back leaves a leaf that nobody can account for. So does one that its source deleted, or whose time
 * was up: which of these it was, no arithmetic can tell.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {{nonce: Bytes, envelopeSha256: Bytes, day: string}} Held a source's message, opened; its nonce and hash,
 *   and the day on which it came
 * @typedef {{day: string, leaves: readonly Bytes[], dummies: readonly Bytes[]}} Day the leaves as published, and the r of
 *   each dummy
 * @typedef {{day: string, messages: number, dummies: number, unknown: number, wrongDummies: number}} Account of a day:
 *   leaves that are messages held, opened dummies, neither; and openings that open no leaf
 */

import { hex } from "../bytes.js";
import { dummyLeaf, tipLeaf } from "../tip/digest.js";

/**
 * Account for each day's leaves.
 * @param {readonly Day[]} days
 * @param {readonly Held[]} held
 * @param {string} [since] the day from which on all digests are there; else all that were ever made are
 * @returns {{days: Account[], missing: Held[]}} each day's account, and the messages that had come before the newest
 *   digest and stand in none
 */
export function account(days, held, since = "") {
  const own = new Map(held.map((message) => [hex(tipLeaf(message.nonce, message.envelopeSha256)), message]));
  const found = new Set();
  const accounts = days.map(({ day, leaves, dummies }) => {
    const dummyLeaves = new Set(dummies.map((r) => hex(dummyLeaf(r))));
    const names = leaves.map(hex);
    const messages = names.filter((name) => own.has(name));
    const opened = names.filter((name) => !own.has(name) && dummyLeaves.has(name));
    for (const name of messages) found.add(name);
    return {
      day,
      messages: messages.length,
      dummies: opened.length,
      unknown: names.length - messages.length - opened.length,
      wrongDummies: dummyLeaves.size - names.filter((name) => dummyLeaves.has(name)).length,
    };
  });
  const newest = days.map(({ day }) => day).reduce((a, b) => (a > b ? a : b), "");
  const missing = [...own].filter(([name, { day }]) => since <= day && day < newest && !found.has(name));
  return { days: accounts, missing: missing.map(([, message]) => message) };
}
