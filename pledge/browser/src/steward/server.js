/**
 * The little that the inbox asks of the server: lists, envelopes, and to take an answer. Nothing that was opened goes
 * into any of it.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {import("./thread.js").Listed} Listed
 * @typedef {import("./thread.js").ListedThread} ListedThread
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { hex } from "../bytes.js";
import { notVerified, PledgeError } from "../errors.js";
import { chunksOf, streamOf } from "../streams.js";

const CREATED = 201;
const CONFLICT = 409;
const SIGNED_OUT = [401, 403];

/**
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function getJson(path) {
  return (await get(path)).json();
}

/**
 * @param {string} path
 * @returns {Promise<Bytes>}
 */
export async function getBytes(path) {
  return new Uint8Array(await (await get(path)).arrayBuffer());
}

/** @returns {Promise<ListedThread[]>} */
export async function getThreads() {
  return (await getJson("/stewards/inbox.json")).threads;
}

/**
 * Fetch an envelope; ciphertext, which the browser may keep where it likes.
 * @param {Listed} listed
 * @param {(bytes: number) => void} [progress] told how many bytes have come since it was told last
 * @returns {Promise<Blob>}
 */
export async function fetchEnvelope({ id, number, sha256: expected, size_bytes }, progress = () => {}) {
  const { body } = await get(`/stewards/envelopes/${id}`);
  const hash = sha256.create();
  let left = size_bytes;
  async function* arriving() {
    for await (const chunk of chunksOf(/** @type {ReadableStream<Bytes>} */ (body))) {
      left -= chunk.length;
      if (left < 0) break;
      hash.update(chunk);
      progress(chunk.length);
      yield chunk;
    }
  }
  const envelope = await reached(() => new Response(streamOf(arriving())).blob());
  if (left !== 0 || hex(hash.digest()) !== expected) {
    throw notVerified("Message %(number)s: The server gave another envelope than the one it lists.", {
      number,
    });
  }
  return envelope;
}

/**
 * Send an answer in its frame. Of all ways to send, this one tells how far it is.
 * @param {string} threadId
 * @param {Blob} frame
 * @param {(share: number) => void} progress from 0 to 1
 * @returns {Promise<void>}
 */
export function postAnswer(threadId, frame, progress) {
  const request = new XMLHttpRequest();
  request.open("POST", `/stewards/threads/${threadId}/answers`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.upload.addEventListener("progress", ({ loaded, total }) => progress(loaded / Math.max(total, 1)));
  return new Promise((resolve, reject) => {
    request.addEventListener("load", () => {
      const error = request.status === CREATED ? null : refusal(request.status, request.responseURL);
      if (error === null) resolve();
      else reject(error);
    });
    request.addEventListener("error", () => reject(unreachable()));
    request.addEventListener("abort", () => reject(unreachable()));
    request.send(frame);
  });
}

/**
 * Send a thread's form: whose it is, its label, its state.
 * @param {HTMLFormElement} form
 */
export async function postForm(form) {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) fields.append(name, String(value));
  const answer = await reached(() =>
    fetch(form.action, { method: "POST", body: fields, redirect: "follow" }),
  );
  if (!answer.ok || isSignIn(answer.url)) throw refusal(answer.status, answer.url);
}

/** @param {string} path */
async function get(path) {
  const answer = await reached(() => fetch(path, { cache: "no-store" }));
  if (!answer.ok || isSignIn(answer.url)) throw refusal(answer.status, answer.url);
  return answer;
}

/**
 * @template T
 * @param {() => Promise<T>} act
 */
async function reached(act) {
  try {
    return await act();
  } catch (error) {
    if (error instanceof PledgeError) throw error;
    throw unreachable();
  }
}

/** @param {string} url to which a request was led */
function isSignIn(url) {
  return new URL(url, location.href).pathname.startsWith("/stewards/sign-in");
}

/**
 * @param {number} status
 * @param {string} url
 */
function refusal(status, url) {
  if (SIGNED_OUT.includes(status) || isSignIn(url)) {
    return new PledgeError(
      "signed-out",
      "You are signed out. Sign in again in another tab, then try again here.",
    );
  }
  if (status === CONFLICT) {
    return new PledgeError("conflict", "Something else has come into this thread meanwhile.");
  }
  if (status === 404)
    return new PledgeError("gone", "This is no longer here: deleted by its source, or after its time.");
  return new PledgeError("network", "The site did not take this (status %(status)s). Nothing was changed.", {
    status,
  });
}

function unreachable() {
  return new PledgeError("network", "The site could not be reached. Nothing was lost here: try again.");
}
