import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, text, utf8 } from "../../src/bytes.js";
import { formatEnvelope, parseEnvelope } from "../../src/dsse.js";
import { verifyAcknowledgement } from "../../src/tip/acknowledgement.js";
import { refuses, vectors } from "../../testing/vectors.js";

const { acknowledgements } = vectors("tip-acknowledgement");
const [first, second] = acknowledgements;

/**
 * A policy that has one notary.
 * @param {string} key in hex
 * @returns {import("../../src/policy.js").Policy}
 */
function trusting(key) {
  const notary = { name: "notary", kind: 1, publicKey: fromHex(key, 32), keyId: new Uint8Array(4) };
  return { logs: [], notaries: [notary], witnesses: [], groups: [], quorum: null, urls: new Map() };
}

/**
 * @param {any} vector
 * @param {{acknowledgement?: string, origin?: string, envelope?: string, notary_public?: string}} [changes]
 */
function verify(vector, changes = {}) {
  const { acknowledgement, origin, envelope, notary_public } = { ...vector, ...changes };
  const policy = trusting(notary_public);
  return verifyAcknowledgement(utf8(acknowledgement), { policy, origin, envelopeSha256: envelope });
}

test("acknowledgements are what the vectors say", async () => {
  for (const vector of acknowledgements) {
    const { day, envelope, origin } = await verify(vector);
    assert.deepEqual(
      { day, envelope, origin },
      { day: vector.day, envelope: vector.envelope, origin: vector.origin },
    );
  }
});

test("an acknowledgement is for one envelope of one log and by one key", async () => {
  await refuses(() => verify(first, { origin: second.origin }), "not-verified");
  await refuses(() => verify(first, { envelope: second.envelope }), "not-verified");
  const stranger = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";
  await refuses(() => verify(first, { notary_public: stranger }), "not-verified");
  await refuses(() => verify(first, { acknowledgement: second.acknowledgement }), "not-verified");
});

test("any byte changed is noticed", async () => {
  for (let place = 0; place < first.acknowledgement.length; place += 1) {
    const changed = utf8(first.acknowledgement);
    changed[place] = Number(changed[place]) ^ 1;
    const policy = trusting(first.notary_public);
    await refuses(() =>
      verifyAcknowledgement(changed, { policy, origin: first.origin, envelopeSha256: first.envelope }),
    );
  }
});

test("another payload type, and another signature beside the notary's, are no acknowledgement", async () => {
  const envelope = parseEnvelope(utf8(first.acknowledgement));
  const payloadType = "application/vnd.pledge.erasure+json";
  const other = text(formatEnvelope({ ...envelope, payloadType }));
  await refuses(() => verify(first, { acknowledgement: other }), "malformed");
  for (const signatures of [[], [...envelope.signatures, ...envelope.signatures]]) {
    const changed = text(formatEnvelope({ ...envelope, signatures }));
    await refuses(() => verify(first, { acknowledgement: changed }), "not-verified");
  }
});
