import assert from "node:assert/strict";
import { test } from "node:test";
import { base64, hex, sha256, text } from "../src/bytes.js";
import { epochStart, monthsLater } from "../src/calendar.js";
import { commit } from "../src/commitment.js";
import { prepareChange, prepareSigning, signChecked } from "../src/draft.js";
import { formatKey, verifyEd25519 } from "../src/ed25519.js";
import { signingKeyFromSeed } from "../src/keys.js";
import { assuranceOf, domainOf, labsOf } from "../src/labs.js";
import { clauseText, signingInWords } from "../src/readable.js";
import { refuses } from "../testing/vectors.js";

const TEXT = "# A pledge\n\nBefore.\n\n### speak-up\n\nI will\nsay so.\n\n### same-rule\n\nOne rule.\n";
const ORIGIN = "local.pledge.example/log";
const salt = new Uint8Array(32).fill(7);
const key = await signingKeyFromSeed(new Uint8Array(32).fill(1));

/** @returns {import("../src/draft.js").Draft} */
function draft() {
  return {
    payloadType: "application/vnd.pledge.signing+json",
    payload: {
      type: "signing/v1",
      origin: ORIGIN,
      day: "2026-11-23",
      until: "2027-11-23",
      pledge: { slug: "a-pledge", version: 1, sha256: hex(sha256(TEXT)) },
      clauses: ["speak-up", "same-rule"],
      signatory: { key: "", visibility: "named" },
      commitments: { name: commit({ field: "name", salt, value: "Ada Lovelace" }), role: null, reason: null },
      affiliation: { lab: "a-lab", assurance: "lab-email", scope: "lab", day: "2026-11-23" },
      credential: null,
    },
    origin: ORIGIN,
    openings: { name: { salt: base64(salt), value: "Ada Lovelace" } },
    text: TEXT,
    labName: "A Lab",
  };
}

test("a draft becomes the exact statement, and its signature verifies", async () => {
  const { signing, openings, payload, message, id } = prepareSigning(draft(), key.publicKey);
  assert.equal(signing.signatory.key, formatKey(key.publicKey));
  assert.equal(id, hex(sha256(payload)).slice(0, 32));
  assert.ok(text(message).endsWith(text(payload)));
  await verifyEd25519(key.publicKey, message, await signChecked(key, message));
  const words = new Map(signingInWords(signing, openings, { labName: "A Lab" }));
  assert.equal(words.get("Name"), "Ada Lovelace");
  assert.equal(words.get("Stands until"), "23 November 2027, unless renewed");
  assert.match(
    words.get("Lab") ?? "",
    /^A Lab\. The notary says that you read mail at an address of A Lab\.$/,
  );
});

/** @type {[string, (made: any) => void][]} */
const FRAUDS = [
  [
    "another name is shown",
    (made) => {
      made.openings.name.value = "Eve";
    },
  ],
  [
    "a name is not shown",
    (made) => {
      made.openings = {};
    },
  ],
  [
    "something is shown that is not committed to",
    (made) => {
      made.openings.role = made.openings.name;
    },
  ],
  [
    "another text is shown",
    (made) => {
      made.text += " ";
    },
  ],
  [
    "it is for another log",
    (made) => {
      made.origin = "other.example/log";
    },
  ],
  [
    "it names a key already",
    (made) => {
      made.payload.signatory.key = formatKey(key.publicKey);
    },
  ],
  [
    "it is not a signing",
    (made) => {
      made.payloadType = "application/vnd.pledge.renewal+json";
    },
  ],
  [
    "it has a member that is not known",
    (made) => {
      made.payload.more = 1;
    },
  ],
  [
    "it stands too long",
    (made) => {
      made.payload.until = "2036-11-23";
    },
  ],
];

for (const [why, spoil] of FRAUDS) {
  test(`a draft is refused: ${why}`, async () => {
    const made = draft();
    spoil(made);
    await refuses(() => prepareSigning(made, key.publicKey));
  });
}

test("a change is about this signing and this log, or refused", async () => {
  const id = "ab".repeat(16);
  const payload = { type: "renewal/v1", origin: ORIGIN, day: "2026-11-23", signing: id + id, reason: "own" };
  const made = { payloadType: "application/vnd.pledge.renewal+json", payload };
  const renew = { action: "renew", reason: "own" };
  assert.ok(text(prepareChange(made, { origin: ORIGIN, id }, renew).message).includes(id));
  await refuses(() => prepareChange(made, { origin: "other.example/log", id }, renew), "not-verified");
  await refuses(() => prepareChange(made, { origin: ORIGIN, id: "cd".repeat(16) }, renew), "not-verified");
  for (const [action, reason] of [
    ["withdraw", "own"],
    ["erase", "own"],
    ["other", "own"],
  ]) {
    const wish = { action: String(action), reason: String(reason) };
    await refuses(() => prepareChange(made, { origin: ORIGIN, id }, wish), "not-verified");
  }
  const leaving = { ...made, payload: { ...payload, type: "withdrawal/v1", reason: "left-lab" } };
  leaving.payloadType = "application/vnd.pledge.withdrawal+json";
  await refuses(() => prepareChange(leaving, { origin: ORIGIN, id }, renew), "not-verified");
  const mind = { action: "withdraw", reason: "changed-mind" };
  await refuses(() => prepareChange(leaving, { origin: ORIGIN, id }, mind), "not-verified");
  prepareChange(leaving, { origin: ORIGIN, id }, { action: "withdraw", reason: "left-lab" });
  const more = { ...made, payload: { ...payload, more: 1 } };
  await refuses(() => prepareChange(more, { origin: ORIGIN, id }, renew), "not-verified");
});

test("clauses are read out of the text", () => {
  assert.equal(clauseText(TEXT, "speak-up"), "I will say so.");
  assert.equal(clauseText(TEXT, "same-rule"), "One rule.");
  assert.equal(clauseText(TEXT, "none"), "");
});

test("months are counted as core counts them", async () => {
  assert.equal(monthsLater("2024-02-29", 12), "2025-02-28");
  assert.equal(monthsLater("2023-08-31", 6), "2024-02-29");
  assert.equal(monthsLater("0001-01-31", 1), "0001-02-28");
  assert.equal(epochStart("2026-Q4"), "2026-10-01");
  await refuses(() => monthsLater("9999-01-01", 12), "malformed");
});

test("a lab is found by the domain of an address", () => {
  const lab = {
    slug: "a",
    name: "A",
    domains: [{ domain: "a.example", scope: /** @type {const} */ ("lab") }],
  };
  const group = {
    slug: "b",
    name: "B",
    domains: [{ domain: "b.example", scope: /** @type {const} */ ("group") }],
  };
  assert.deepEqual(labsOf([lab, group], domainOf("x@B.example") ?? ""), [{ lab: group, scope: "group" }]);
  assert.equal(domainOf("x"), null);
  assert.equal(domainOf("x@bücher.example"), "xn--bcher-kva.example");
  assert.equal(assuranceOf(lab, "a.example"), "lab-email");
  assert.equal(assuranceOf(group, "b.example"), "group-email");
  assert.equal(assuranceOf(lab, "b.example"), "email");
  assert.equal(assuranceOf(null, "a.example"), "email");
});
