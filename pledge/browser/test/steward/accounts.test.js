import assert from "node:assert/strict";
import { test } from "node:test";
import { hex, sha256 } from "../../src/bytes.js";
import { account } from "../../src/steward/accounts.js";
import { dummyLeaf, tipLeaf } from "../../src/tip/digest.js";

/** @param {number} byte */
const bytes = (byte) => new Uint8Array(32).fill(byte);

/** @param {number} byte @param {string} day */
const held = (byte, day) => ({ nonce: bytes(byte), envelopeSha256: sha256(bytes(byte)), day });

/**
 * @param {string} day
 * @param {import("../../src/steward/accounts.js").Held[]} messages
 */
function dayOf(day, messages, dummyCount = 64 - messages.length) {
  const dummies = Array.from({ length: dummyCount }, (_, n) => sha256(day, String(n)));
  const leaves = [...messages.map((m) => tipLeaf(m.nonce, m.envelopeSha256)), ...dummies.map(dummyLeaf)];
  return { day, dummies, leaves: leaves.sort((a, b) => (hex(a) < hex(b) ? -1 : 1)) };
}

const FIRST = held(1, "2026-11-20");
const SECOND = held(2, "2026-11-21");

test("every leaf is a message that is held, or an opened dummy", () => {
  const days = [dayOf("2026-11-20", [FIRST]), dayOf("2026-11-21", [SECOND])];
  assert.deepEqual(account(days, [FIRST, SECOND]), {
    days: [
      { day: "2026-11-20", messages: 1, dummies: 63, unknown: 0, wrongDummies: 0 },
      { day: "2026-11-21", messages: 1, dummies: 63, unknown: 0, wrongDummies: 0 },
    ],
    missing: [],
  });
  assert.deepEqual(account([], []), { days: [], missing: [] });
});

test("a message kept back leaves a leaf that nobody can account for", () => {
  const [day] = account([dayOf("2026-11-20", [FIRST, SECOND])], [FIRST]).days;
  assert.deepEqual(day, { day: "2026-11-20", messages: 1, dummies: 62, unknown: 1, wrongDummies: 0 });
});

test("an opening that opens no leaf is counted, and covers none up", () => {
  const day = dayOf("2026-11-20", [FIRST, SECOND]);
  const [found] = account([{ ...day, dummies: [...day.dummies, bytes(9)] }], [FIRST]).days;
  assert.deepEqual(found, { day: "2026-11-20", messages: 1, dummies: 62, unknown: 1, wrongDummies: 1 });
});

test("an opening that is told twice opens one leaf", () => {
  const day = dayOf("2026-11-20", [FIRST]);
  const [found] = account([{ ...day, dummies: day.dummies.map(() => day.dummies[0] ?? bytes(0)) }], []).days;
  assert.deepEqual(found, { day: "2026-11-20", messages: 0, dummies: 1, unknown: 63, wrongDummies: 0 });
});

test("a message that came before the newest digest and stands in none is missing", () => {
  const days = [dayOf("2026-11-20", []), dayOf("2026-11-22", [])];
  const today = held(3, "2026-11-22");
  assert.deepEqual(account(days, [FIRST, today]).missing, [FIRST]);
  assert.deepEqual(account(days, [FIRST], "2026-11-20").missing, [FIRST]);
  assert.deepEqual(account(days, [FIRST], "2026-11-21").missing, []);
});
