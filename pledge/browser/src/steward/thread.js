/**
 * A thread as a steward may see it: message after message, each opened, checked, and shown only where it checks out.
 *
 * What the server says of a thread (`inbox.json`) is a claim. It has to fit what the envelopes themselves say:
 * numbers, whose they are, which way they came, and the hash that each names of the one before.
 *
 * @typedef {import("../tip/message.js").Manifest} Manifest
 * @typedef {import("./open.js").Contents} Contents
 * @typedef {{id: string, number: number, from: "source" | "steward", sha256: string, size_bytes: number, day: string,
 *   way: "sealed" | "by-server"}} Listed a message as the server lists it
 * @typedef {{id: string, mailbox: string, opened: string, moved: string, expires: string, state: "open" | "closed",
 *   label: string, assigned: string | null, messages: Listed[]}} ListedThread
 * @typedef {{origin: string, signersOn: (day: string) => string[]}} Trusted the log's origin, and whose signatures
 *   count on answers of a day
 * @typedef {{listed: Listed, envelope: Blob, contents: Contents | null, problem: PledgeError | null}} Shown a message;
 *   its contents where it checks out, else why it does not
 */

import { malformed, notVerified, PledgeError } from "../errors.js";
import { checkThread } from "../tip/thread.js";
import { openContents } from "./open.js";

/**
 * Open the messages of a thread and judge each.
 * @param {ListedThread} thread
 * @param {object} by
 * @param {readonly string[]} by.identities
 * @param {Trusted} by.trusted
 * @param {(listed: Listed) => Promise<Blob>} by.fetchEnvelope which checks the hash
 * @param {readonly Shown[]} [by.known] the first of them, opened before; the thread may only have grown since
 * @param {(shown: Shown) => void} [by.onShown] told of each that is new
 * @param {import("./open.js").Progress} [by.progress]
 * @returns {Promise<Shown[]>}
 */
export async function openThread(thread, { fetchEnvelope, known = [], onShown = () => {}, ...by }) {
  checkNumbers(thread.messages);
  checkGrown(thread.messages, known);
  const all = [...known];
  for (const listed of thread.messages.slice(known.length)) {
    const envelope = await fetchEnvelope(listed);
    const before = all.map((shown) => shown.listed.sha256);
    const shown = await judge(envelope, { listed, before, mailbox: thread.mailbox, ...by });
    all.push(shown);
    onShown(shown);
  }
  return all;
}

/**
 * Open one message and check it where it stands.
 * @param {Blob} envelope
 * @param {{listed: Listed, before: readonly string[], mailbox: string, identities: readonly string[],
 *   trusted: Trusted, progress?: import("./open.js").Progress}} place `before`: the hashes of the envelopes before it
 * @returns {Promise<Shown>}
 */
export async function judge(envelope, { listed, before, mailbox, identities, trusted, progress }) {
  try {
    const contents = await openContents(identities, envelope, progress);
    const { manifest } = contents;
    const places = [...before.map(unseen), { envelopeSha256: listed.sha256, manifest }];
    const stewards = trusted.signersOn(manifest.message.day);
    await checkThread(places, { origin: trusted.origin, mailbox, stewards });
    checkListed(listed, manifest);
    return { listed, envelope, contents, problem: null };
  } catch (error) {
    if (!(error instanceof PledgeError)) throw error;
    return { listed, envelope, contents: null, problem: error };
  }
}

/**
 * Check that a thread which was seen before has only grown: a server that takes a message back is found out.
 * @param {readonly Listed[]} now
 * @param {readonly Shown[]} before
 */
function checkGrown(now, before) {
  if (before.some(({ listed }, index) => now[index]?.sha256 !== listed.sha256)) {
    throw notVerified(
      "A message that stood in this thread when you opened it is gone, or is another now.",
      {},
      "message-order",
    );
  }
}

/**
 * Tell a message that no key here opens from one that is wrong.
 * @param {Shown} shown
 */
export function isSealedToOthers({ problem }) {
  return problem?.code === "age-no-match";
}

/** @param {string} envelopeSha256 */
function unseen(envelopeSha256) {
  return { envelopeSha256, manifest: null };
}

/** @param {readonly Listed[]} messages */
function checkNumbers(messages) {
  if (messages.length === 0 || messages.some(({ number }, index) => number !== index + 1)) {
    throw malformed("The messages of this thread are not numbered one by one. One may have been dropped.");
  }
}

/**
 * @param {Listed} listed
 * @param {Manifest} manifest
 */
function checkListed({ number, from, way }, { message }) {
  if ((from === "steward") !== (message.type === "answer/v1")) {
    throw notVerified("Message %(number)s: The server says that it is by somebody else than it is.", {
      number,
    });
  }
  if ((way === "by-server") !== (message.way === "sealed-by-server")) {
    throw notVerified("Message %(number)s: The server says that it came another way than it did.", {
      number,
    });
  }
}
