/**
 * The little that a source's page asks of the server. No cookie goes along, and nothing but envelopes, public keys and
 * signatures goes in.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {import("../tip/logged_digest.js").Digest} Digest
 * @typedef {{number: number, from: "source" | "steward", sha256: string, size_bytes: number, day: string,
 *   acknowledgement: string | null, digest: Digest | null}} Listed a message as the mailbox lists it
 */

import { base64, fromHex } from "../bytes.js";
import { formatKey } from "../ed25519.js";
import { PledgeError } from "../errors.js";
import { sign } from "../keys.js";
import { challenge } from "../tip/mailbox.js";

const CREATED = 201;
const NOT_FOUND = 404;
const CONFLICT = 409;
const TOO_MANY = 429;
const BUSY = 503;
const TRIES = 5;
const PAUSE_MS = 3_000;
const NONCE_BYTES = 32;

/**
 * Read something public.
 * @param {string} path
 * @returns {Promise<Bytes>}
 */
export async function getPublic(path) {
  const answer = await ask(path, {});
  if (!answer.ok) throw await refusal(answer);
  return new Uint8Array(await answer.arrayBuffer());
}

/**
 * Send an envelope in its frame; tries again for a while where the site is busy.
 * @param {string} path
 * @param {Blob} frame
 * @returns {Promise<Bytes>} the acknowledgement
 */
export async function sendFrame(path, frame) {
  for (let tries = 1; ; tries += 1) {
    const answer = await ask(path, {
      method: "POST",
      body: frame,
      headers: { "Content-Type": "application/octet-stream" },
    });
    if (answer.status === CREATED) return new Uint8Array(await answer.arrayBuffer());
    if (answer.status !== BUSY || tries === TRIES) throw await refusal(answer);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/**
 * Show that one holds a mailbox's key, and ask for something of it.
 * @param {string} path
 * @param {{key: import("../keys.js").SigningKey, mailbox: string}} codename
 * @param {string} origin
 * @param {{[member: string]: unknown}} [more]
 * @returns {Promise<Response>}
 */
export async function askMailbox(path, { key, mailbox }, origin, more = {}) {
  const { nonce } = await (await ask("/mailbox/challenge", {})).json();
  const message = challenge(mailbox, fromHex(nonce, NONCE_BYTES), { origin });
  const auth = { key: formatKey(key.publicKey), nonce, signature: base64(await sign(key, message)) };
  const answer = await ask(path, {
    method: "POST",
    body: JSON.stringify({ ...auth, ...more }),
    headers: { "Content-Type": "application/json" },
  });
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

/**
 * @param {string} path
 * @param {RequestInit} options
 */
async function ask(path, options) {
  try {
    return await fetch(path, { cache: "no-store", credentials: "omit", redirect: "error", ...options });
  } catch {
    throw new PledgeError(
      "network",
      "The site could not be reached. Nothing is lost here: stay on this page and try again.",
    );
  }
}

/** @param {Response} answer */
async function refusal(answer) {
  const detail = await answer
    .json()
    .then(({ detail: said }) => (typeof said === "string" ? said : ""))
    .catch(() => "");
  const code = { [NOT_FOUND]: "gone", [CONFLICT]: "conflict", [TOO_MANY]: "limit" }[answer.status];
  return new PledgeError(
    /** @type {import("../errors.js").Code} */ (code ?? "network"),
    detail ||
      "The site did not answer as it should (status %(status)s). It may have taken this or not. Stay on this page and try again: the same message is not taken twice.",
    { status: answer.status },
  );
}
