/**
 * Accounting on the page: fetch the digests, open every message, and say in plain words what the leaves are.
 *
 * @typedef {import("./accounts.js").Account} Account
 * @typedef {import("./accounts.js").Held} Held
 * @typedef {import("./thread.js").ListedThread} ListedThread
 * @typedef {{day: string, why: string}} Unlogged a digest that is not what the log has
 */

import { fromBase64, fromHex } from "../bytes.js";
import { element } from "../dom.js";
import { PledgeError, said } from "../errors.js";
import { dayInWords, gettext, ngettext } from "../strings.js";
import { readLogged } from "../tip/logged_digest.js";
import { account } from "./accounts.js";
import { Meter, part } from "./parts.js";
import { fetchEnvelope, getBytes, getJson } from "./server.js";
import { openThread } from "./thread.js";

/** For so long the server keeps what opens dummies; no older day can be accounted for. */
const DAYS = 90;
const DAY_MS = 86_400_000;
const PASSES = 3;

/**
 * @param {HTMLElement} place
 * @param {readonly ListedThread[]} threads
 * @param {import("./desk.js").Desk} desk
 * @param {import("../policy.js").Policy} policy
 */
export async function showAccounts(place, threads, desk, policy) {
  place.hidden = false;
  const result = part(place, "result", HTMLElement);
  result.hidden = true;
  const bytes = threads
    .flatMap(({ messages }) => messages)
    .reduce((sum, { size_bytes }) => sum + size_bytes, 0);
  const meter = new Meter(place, gettext("Opening every message …"), PASSES * bytes);
  try {
    const { held, unread } = await openAll(threads, desk, meter);
    meter.say(gettext("Reading the digests …"));
    const { fetched, unlogged, since } = await fetchDays(policy);
    const { days, missing } = account(fetched, held, since);
    part(place, "days", HTMLElement).replaceChildren(
      ...days.reverse().map(dayView),
      ...missing.map(missingView),
      ...unlogged.map(unloggedView),
    );
    result.hidden = false;
    const verdict = part(place, "verdict", HTMLElement);
    verdict.textContent = verdictOf({ days, missing, unlogged, unread });
    verdict.focus();
  } finally {
    meter.end();
  }
}

/**
 * @param {readonly ListedThread[]} threads
 * @param {import("./desk.js").Desk} desk
 * @param {Meter} meter
 * @returns {Promise<{held: Held[], unread: number}>} the sources' messages, and how many of them could not be read
 */
async function openAll(threads, desk, meter) {
  const trusted = await desk.trust();
  /** @type {Held[]} */
  const held = [];
  let unread = 0;
  for (const thread of threads) {
    let left = thread.messages.filter(({ from }) => from === "source").length;
    await openThread(thread, {
      identities: desk.identities,
      trusted,
      fetchEnvelope: (listed) => fetchEnvelope(listed, meter.add),
      progress: meter.add,
      onShown: ({ listed, contents }) => {
        if (listed.from !== "source" || contents === null) return;
        const nonce = fromBase64(contents.manifest.message.nonce);
        held.push({ nonce, envelopeSha256: fromHex(listed.sha256, 32), day: listed.day });
        left -= 1;
      },
    }).catch(skipThread);
    unread += left;
  }
  return { held, unread };
}

/**
 * A thread that makes no sense, or was deleted meanwhile, is no reason not to look at the others.
 * @param {unknown} error
 */
function skipThread(error) {
  if (!(error instanceof PledgeError) || ["network", "signed-out"].includes(error.code)) throw error;
}

/**
 * Fetch the newest digests, and say from which day on that is all of them; empty if it is all that were ever made.
 * Those that are not what the log has are apart: nothing can be told from them.
 * @param {import("../policy.js").Policy} policy
 * @returns {Promise<{fetched: import("./accounts.js").Day[], unlogged: Unlogged[], since: string}>} the newest last
 */
async function fetchDays(policy) {
  const [{ days }, opened] = await Promise.all([
    getJson("/tips/digests.json"),
    getJson("/stewards/digests.json"),
  ]);
  /** @type {Map<string, string[]>} */
  const dummies = new Map(
    opened.days.map((/** @type {{day: string, dummies: string[]}} */ one) => [one.day, one.dummies]),
  );
  const first = new Date(Date.now() - DAYS * DAY_MS).toISOString().slice(0, 10);
  const all = /** @type {string[]} */ (days).toSorted();
  const newest = all.filter((day) => day >= first);
  /** @type {import("./accounts.js").Day[]} */
  const fetched = [];
  /** @type {Unlogged[]} */
  const unlogged = [];
  for (const day of newest) {
    const path = `/tips/digests/${encodeURIComponent(day)}`;
    try {
      const [bytes, where] = await Promise.all([getBytes(path), getJson(`${path}/proof`)]);
      const { leaves } = await readLogged({ ...where, day }, bytes, policy);
      fetched.push({ day, leaves, dummies: (dummies.get(day) ?? []).map(fromBase64) });
    } catch (error) {
      if (!(error instanceof PledgeError) || ["network", "signed-out"].includes(error.code)) throw error;
      unlogged.push({ day, why: said(error) });
    }
  }
  return { fetched, unlogged, since: newest.length === all.length ? "" : first };
}

/** @param {Account} day */
function dayView({ day, messages, dummies, unknown, wrongDummies }) {
  const isWhole = unknown === 0 && wrongDummies === 0;
  const words = [
    ngettext("%(num)s message here", "%(num)s messages here", messages),
    ngettext("%(num)s dummy", "%(num)s dummies", dummies),
    ...(unknown > 0
      ? [ngettext("%(num)s leaf that is neither", "%(num)s leaves that are neither", unknown)]
      : []),
    ...(wrongDummies > 0
      ? [ngettext("%(num)s dummy that opens no leaf", "%(num)s dummies that open no leaf", wrongDummies)]
      : []),
  ];
  return ofDay(day, words.join(", "), isWhole);
}

/** @param {Held} message */
function missingView({ day }) {
  return ofDay(
    day,
    gettext("a message that came on this day stands in no digest. The log does not have it."),
  );
}

/** @param {Unlogged} digest */
function unloggedView({ day, why }) {
  return ofDay(day, gettext("the digest is not what the log has. %(why)s", { why }));
}

/**
 * @param {string} day
 * @param {string} words
 * @param {boolean} [isWhole]
 */
function ofDay(day, words, isWhole = false) {
  const state = isWhole ? "closed" : "failed";
  return element("li", { "data-state": state }, element("strong", {}, dayInWords(day)), ": ", words);
}

/**
 * @param {{days: readonly Account[], missing: readonly Held[], unlogged: readonly Unlogged[], unread: number}} found
 */
function verdictOf({ days, missing, unlogged, unread }) {
  if (unlogged.length > 0) {
    return ngettext(
      "%(num)s digest is not what the log has, so nothing can be told of its messages. Tell your colleagues and the operator today, and send nobody what you opened.",
      "%(num)s digests are not what the log has, so nothing can be told of their messages. Tell your colleagues and the operator today, and send nobody what you opened.",
      unlogged.length,
    );
  }
  if (days.length === 0)
    return gettext("There is no digest yet. The first comes on the day after tips are opened.");
  const unknown = days.reduce((sum, day) => sum + day.unknown, 0);
  const more = ngettext(
    "%(num)s message here is not readable with your keys.",
    "%(num)s messages here are not readable with your keys.",
    unread,
  );
  const rest = unread === 0 ? "" : ` ${more}`;
  if (missing.length > 0) {
    const lost = ngettext(
      "%(num)s message here stands in no digest. Ask the operator today, and tell your colleagues.",
      "%(num)s messages here stand in no digest. Ask the operator today, and tell your colleagues.",
      missing.length,
    );
    return lost + rest;
  }
  if (unknown > 0) {
    const strange = ngettext(
      "%(num)s leaf is neither a message here nor a dummy.",
      "%(num)s leaves are neither a message here nor a dummy.",
      unknown,
    );
    return strange + rest;
  }
  return gettext("Every leaf is a message here or a dummy.");
}
