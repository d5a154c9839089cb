import assert from "node:assert/strict";
import { test } from "node:test";
import { hex, sha256, utf8 } from "../../src/bytes.js";
import { formatKey } from "../../src/ed25519.js";
import { parsePolicy } from "../../src/policy.js";
import { openDesk } from "../../src/steward/desk.js";
import { parseRecipients } from "../../src/tip/recipients.js";
import { IDENTITIES } from "../../testing/stewards.js";
import { refuses, vectors } from "../../testing/vectors.js";

const { accepted, policies } = vectors("recipients");
const policy = parsePolicy(utf8(policies.both));
const ORIGIN = accepted[0].origin;

/** @param {string} name of a case */
function keysOf(name) {
  const found = accepted.find((/** @type {{name: string}} */ one) => one.name === name);
  assert.ok(found, name);
  return parseRecipients(utf8(found.file), policy);
}

/** The seed of somebody in the vectors. @param {string} name */
const seedOf = (name) => hex(sha256(name));

/** @param {...string} names of keys, oldest first */
function bundleOf(...names) {
  const keys = names.map((name, index) => ({
    age: /** @type {string} */ (IDENTITIES[index]),
    from: `2026-11-2${index + 3}`,
    signing: seedOf(name),
  }));
  return { keys, origin: ORIGIN, type: /** @type {const} */ ("steward-keys/v1") };
}

const [FIRST] = accepted;
const FIRST_DAY = FIRST.days.find((/** @type {{open: boolean}} */ { open }) => open).day;

const FOUNDER = "steward 0"; // as tests/core/sample_log.py names them

test("a steward whose key is current signs, to all current stewards and nobody else", async () => {
  const desk = await openDesk(bundleOf(FOUNDER), () => keysOf(FIRST.name));
  const { key, recipients } = await desk.signer(FIRST_DAY);
  assert.ok(desk.ownKeys.has(formatKey(key.publicKey)));
  assert.deepEqual(
    new Set(recipients),
    new Set(FIRST.keys.map((/** @type {{recipient: string}} */ { recipient }) => recipient)),
  );
  assert.equal(desk.whyMute(FIRST_DAY), "");
  const trusted = await desk.trust();
  assert.equal(trusted.origin, ORIGIN);
  assert.ok(trusted.signersOn(FIRST_DAY).includes(formatKey(key.publicKey)));
});

test("identities are tried newest first, and a steward's time begins with the first", async () => {
  const desk = await openDesk(bundleOf("older", FOUNDER), () => keysOf(FIRST.name));
  assert.deepEqual(desk.identities, [IDENTITIES[1], IDENTITIES[0]]);
  assert.equal(desk.since, "2026-11-23");
});

test("who has no current key reads, and does not answer", async () => {
  const desk = await openDesk(bundleOf("a stranger"), () => keysOf(FIRST.name));
  assert.match(desk.whyMute(FIRST_DAY), /not answer/);
  await refuses(() => desk.signer(FIRST_DAY), "not-verified");
  const expired = await openDesk(bundleOf(FOUNDER), () => keysOf(FIRST.name));
  await refuses(() => expired.signer("2099-01-01"), "not-verified");
});

test("keys of another site open nothing here", async () => {
  const bundle = { ...bundleOf("x"), origin: "other.example/log" };
  await refuses(() => openDesk(bundle, () => keysOf(FIRST.name)), "not-verified");
});

test("a log that has become smaller since is not believed", async () => {
  const sizes = await Promise.all(
    accepted.map(async (/** @type {{name: string}} */ { name }) => ({
      name,
      size: (await keysOf(name)).seen.checkpoint.size,
    })),
  );
  const [small, large] = [sizes[0], sizes.at(-1)].sort((a, b) => (a.size < b.size ? -1 : 1));
  assert.ok(small.size < large.size);
  const shown = [large.name, small.name, large.name];
  const desk = await openDesk(bundleOf("x"), () => keysOf(/** @type {string} */ (shown.shift())));
  await refuses(() => desk.trust(), "not-verified");
  await desk.trust();
});
