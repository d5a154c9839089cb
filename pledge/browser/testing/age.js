/**
 * The age package at the other end of a pipe, for tests in Python: jobs on standard input, results on standard
 * output, as JSON, bytes in base64.
 *
 * @typedef {{do: "recipient", identity: string}} ToRecipient
 * @typedef {{do: "encrypt", recipients: string[], passphrase?: string, workFactor?: number, armored?: boolean,
 *   plaintext: string}} ToEncrypt
 * @typedef {{do: "decrypt", identities: string[], passphrase?: string, armored?: boolean, file: string}} ToDecrypt
 */

import { text } from "node:stream/consumers";
import { armor, Decrypter, Encrypter, identityToRecipient } from "age-encryption";

/** @param {ToEncrypt} job */
async function encrypt(job) {
  const encrypter = new Encrypter();
  for (const recipient of job.recipients) encrypter.addRecipient(recipient);
  if (job.passphrase !== undefined) encrypter.setPassphrase(job.passphrase);
  if (job.workFactor !== undefined) encrypter.setScryptWorkFactor(job.workFactor);
  const file = await encrypter.encrypt(Buffer.from(job.plaintext, "base64"));
  return Buffer.from(job.armored ? armor.encode(file) : file).toString("base64");
}

/** @param {ToDecrypt} job */
async function decrypt(job) {
  const decrypter = new Decrypter();
  for (const identity of job.identities) decrypter.addIdentity(identity);
  if (job.passphrase !== undefined) decrypter.addPassphrase(job.passphrase);
  const given = Buffer.from(job.file, "base64");
  const file = job.armored ? armor.decode(given.toString()) : given;
  return Buffer.from(await decrypter.decrypt(file)).toString("base64");
}

/**
 * @param {ToRecipient | ToEncrypt | ToDecrypt} job
 * @returns {Promise<string>}
 */
function work(job) {
  if (job.do === "recipient") return identityToRecipient(job.identity);
  return job.do === "encrypt" ? encrypt(job) : decrypt(job);
}

/** @type {(ToRecipient | ToEncrypt | ToDecrypt)[]} */
const jobs = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(await Promise.all(jobs.map(work))));
