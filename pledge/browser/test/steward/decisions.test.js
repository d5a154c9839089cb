import assert from "node:assert/strict";
import { test } from "node:test";
import { base64, fromBase64, fromHex, text } from "../../src/bytes.js";
import { formatJson, parseJson } from "../../src/canonical.js";
import { pae } from "../../src/dsse.js";
import { formatKey, verifyEd25519 } from "../../src/ed25519.js";
import { sign, signingKeyFromSeed } from "../../src/keys.js";
import { newKeys } from "../../src/steward/bundle.js";
import {
  approve,
  findSigner,
  fingerprint,
  messagesOn,
  offerKeys,
  readProposal,
  signerOf,
  splitOld,
} from "../../src/steward/decisions.js";
import { refuses } from "../../testing/vectors.js";

const DAY = "2026-11-26";
const ORIGIN = "pledge.example.org";
const KEY_TYPE = "application/vnd.pledge.key+json";
const DRAFT = {
  day: DAY,
  from: DAY,
  keys: { age: "", signing: "" },
  origin: ORIGIN,
  role: "steward",
  type: "key/v1",
  until: "2027-11-26",
};
const keys = newKeys(DAY);
const offer = await offerKeys(DRAFT, keys);
const signer = await signerOf(keys);
/** @param {object} [changes] */
const revocationOf = (changes = {}) =>
  base64(
    formatJson({
      day: DAY,
      key: offer.signing,
      origin: ORIGIN,
      reason: "rotated",
      role: "steward",
      type: "key-revocation/v1",
      ...changes,
    }),
  );
const admission = { key: base64(offer.payload), possession: base64(offer.signature), revocation: null };
const rotation = { ...admission, revocation: revocationOf() };

/**
 * What somebody would offer who holds the key and changes the statement.
 * @param {object} changes
 */
async function changed(changes) {
  const payload = formatJson({ ...JSON.parse(text(offer.payload)), ...changes });
  return {
    ...admission,
    key: base64(payload),
    possession: base64(await sign(signer, pae(KEY_TYPE, payload))),
  };
}

test("an offer says what its draft says, with its own keys, signed by them", async () => {
  const statement = /** @type {any} */ (parseJson(offer.payload));
  assert.deepEqual({ ...statement, keys: null }, { ...DRAFT, keys: null });
  assert.deepEqual(statement.keys, { age: offer.recipient, signing: formatKey(signer.publicKey) });
  await verifyEd25519(signer.publicKey, pae(KEY_TYPE, offer.payload), offer.signature);
});

test("approvals are signatures over the statements of seven days, which differ by their day alone", async () => {
  const days = [
    "2026-11-26",
    "2026-11-27",
    "2026-11-28",
    "2026-11-29",
    "2026-11-30",
    "2026-12-01",
    "2026-12-02",
  ];
  const colleague = await signingKeyFromSeed(fromHex("07".repeat(32), 32));
  const proposal = await readProposal(rotation, ORIGIN);
  const signed = await approve(proposal, colleague, days);
  assert.deepEqual(
    signed.map(({ day }) => day),
    days,
  );
  for (const { day, key, revocation } of signed) {
    const [first, second] = messagesOn(proposal, day);
    assert.ok(first && second && key && revocation);
    assert.ok(text(first).includes(`"day":"${day}"`) && text(first).includes(`"from":"${DAY}"`));
    await verifyEd25519(colleague.publicKey, first, fromBase64(key));
    await verifyEd25519(colleague.publicKey, second, fromBase64(revocation));
  }
  const [only] = await approve(await readProposal(admission, ORIGIN), colleague, [DAY]);
  assert.equal(only?.revocation, null);
  assert.deepEqual(messagesOn(await readProposal(admission, ORIGIN), DAY), [pae(KEY_TYPE, offer.payload)]);
});

test("a steward is shown no statement that is about something else, or whose key nobody holds", async () => {
  const other = newKeys(DAY);
  const foreign = await offerKeys(DRAFT, other);
  await refuses(() => readProposal({ ...admission, possession: base64(foreign.signature) }, ORIGIN));
  await refuses(() => readProposal({ ...admission, possession: null }, ORIGIN));
  await refuses(() => readProposal(admission, "other.example.org"));
  await refuses(async () => readProposal(await changed({ founder: true }), ORIGIN));
  await refuses(async () => readProposal(await changed({ origin: "other.example.org" }), ORIGIN));
  await refuses(async () =>
    readProposal(await changed({ keys: { signing: offer.signing }, role: "notary" }), ORIGIN),
  );
  await refuses(() => readProposal({ ...admission, revocation: revocationOf({ role: "issuer" }) }, ORIGIN));
  await refuses(() => readProposal({ key: null, possession: null, revocation: null }, ORIGIN));
  await refuses(() => readProposal({ ...admission, key: revocationOf() }, ORIGIN));
});

test("the key that the log has is found among a bundle's, and no other taken for it", async () => {
  const newer = newKeys(DAY);
  const bundle = { keys: [keys, newer], origin: ORIGIN, type: /** @type {const} */ ("steward-keys/v1") };
  const found = await findSigner(bundle, offer.signing);
  assert.equal(formatKey(found.publicKey), offer.signing);
  await refuses(() => findSigner({ ...bundle, keys: [newer] }, offer.signing));
});

test("fingerprints are 32 digits of both keys", () => {
  assert.match(fingerprint(offer.signing, offer.recipient), /^([0-9a-f]{4} ){7}[0-9a-f]{4}$/);
  assert.equal(fingerprint("a", "b"), "7e18 f737 311b 2dc3 b2f2 69dd 7839 6b03"); // as the server makes it
  assert.notEqual(fingerprint("a", "b"), fingerprint("a", "c"));
});

test("keys are old once the next has held for sixty days; the newest never is", () => {
  const days = ["2026-07-01", "2026-08-01", "2026-09-27", "2026-09-28", "2026-11-01"];
  const made = days.map((day) => newKeys(day));
  const bundle = { keys: made, origin: ORIGIN, type: /** @type {const} */ ("steward-keys/v1") };
  const { old, needed } = splitOld(bundle, DAY);
  assert.deepEqual(
    old.map(({ from }) => from),
    ["2026-07-01", "2026-08-01"],
  );
  assert.deepEqual([...old, ...needed], made);
  assert.equal(splitOld({ ...bundle, keys: made.slice(0, 1) }, "2036-01-01").needed.length, 1);
});
