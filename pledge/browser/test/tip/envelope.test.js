import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { readHeader } from "../../src/age/header.js";
import { concat, equal, text, utf8 } from "../../src/bytes.js";
import { drawBelow, shuffled } from "../../src/shuffle.js";
import { checkEnvelope, openEnvelope, sealEnvelope } from "../../src/tip/envelope.js";
import { join, stream } from "../../testing/bytes.js";
import { IDENTITIES, RECIPIENTS, STRANGER } from "../../testing/stewards.js";
import { refuses } from "../../testing/vectors.js";

/** @typedef {import("../../src/bytes.js").Bytes} Bytes */

const [STEWARD] = /** @type {[string]} */ (IDENTITIES);
const [RECIPIENT] = /** @type {[string]} */ (RECIPIENTS);
const CLASSICAL = await identityToRecipient(await generateX25519Identity());

/**
 * @param {number} count
 * @param {Bytes} plaintext
 */
async function sealTo(count, plaintext) {
  const envelope = await sealEnvelope(RECIPIENTS.slice(0, count), stream(plaintext));
  const bytes = await join(/** @type {ReadableStream<Bytes>} */ (envelope));
  assert.equal(envelope.size(plaintext.length), bytes.length);
  return bytes;
}

/** @type {(identity: string, envelope: Bytes) => Promise<Bytes>} */
const open = async (identity, envelope) => join(await openEnvelope(identity, stream(envelope)));

const TIP = utf8("tip");
const ENVELOPE = await sealTo(3, TIP);
const { sizeBytes: HEADER_BYTES } = readHeader(ENVELOPE);
const PAYLOAD = ENVELOPE.subarray(HEADER_BYTES);
const [FIRST, ...STANZAS] = /** @type {[string, ...string[]]} */ (
  text(ENVELOPE.subarray(0, HEADER_BYTES)).split(/(?=^-> )|(?=^--- )/m)
);
const MAC = /** @type {string} */ (STANZAS.pop());

/** @param {string[]} stanzas */
const withStanzas = (...stanzas) => concat(FIRST, ...stanzas, MAC, PAYLOAD);

/** @param {(stanza: string) => string} change */
const spoiled = (change) => withStanzas(...STANZAS.slice(0, 7), change(/** @type {string} */ (STANZAS[7])));

for (const [count, stanzas] of /** @type {const} */ ([
  [1, 8],
  [7, 8],
  [8, 8],
  [9, 16],
  [17, 24],
])) {
  test(`only the next multiple of eight shows: ${count}`, async () => {
    const envelope = await sealTo(count, TIP);
    assert.deepEqual(checkEnvelope(envelope, envelope.length), { stanzas, plaintextBytes: 3 });
    const [last, next] = [IDENTITIES[count - 1], IDENTITIES[count] ?? STRANGER];
    assert.deepEqual(await open(STEWARD, envelope), TIP);
    assert.deepEqual(await open(/** @type {string} */ (last), envelope), TIP);
    await refuses(() => open(next, envelope), "age-no-match");
    await refuses(() => open(STRANGER, envelope), "age-no-match");
  });
}

test("envelopes to fewer look like those to more", async () => {
  const shapes = [];
  for (const count of [1, 8]) {
    const { stanzas, sizeBytes } = readHeader(await sealTo(count, TIP));
    shapes.push([
      sizeBytes,
      stanzas.map(({ type, arguments: [enc], body }) => [type, enc?.length, body.length]),
    ]);
  }
  assert.deepEqual(shapes[0], shapes[1]);
});

test("who is who does not show by place: chi squared, seven degrees of freedom", () => {
  const places = Array(8).fill(0);
  for (let round = 0; round < 400; round += 1) places[shuffled([0, 1, 2, 3, 4, 5, 6, 7]).indexOf(0)] += 1;
  assert.ok(places.reduce((sum, count) => sum + (count - 50) ** 2 / 50, 0) < 40); // 1 in a million
});

test("a shuffle leaves all in, and a draw favours no number", () => {
  assert.deepEqual(new Set(shuffled(RECIPIENTS)), new Set(RECIPIENTS));
  for (const bound of [1, 2, 3, 8, 100, 128, 255, 256]) {
    const drawn = Array(bound).fill(0);
    for (let byte = 0; byte < 256; byte += 1) {
      const bytes = [byte, 0];
      // A byte that is not fair is drawn again, as zero.
      drawn[drawBelow(bound, () => bytes.shift() ?? 0)] += 1;
    }
    assert.ok(
      drawn.slice(1).every((count) => count === Math.floor(256 / bound)),
      `${bound}`,
    );
  }
});

test("there is a recipient, not too many, and none twice", async () => {
  for (const recipients of [[], Array(129).fill(RECIPIENT), [RECIPIENT, RECIPIENT]]) {
    await refuses(() => sealEnvelope(recipients, stream(TIP)), "age-recipients");
  }
});

test("no others are sealed to", async () => {
  for (const recipients of [[CLASSICAL], [RECIPIENT, CLASSICAL]]) {
    await refuses(() => sealEnvelope(recipients, stream(TIP)), "age-mixed");
  }
  await refuses(() => sealEnvelope([RECIPIENT.slice(0, -1)], stream(TIP)), "age-key");
});

for (const size of [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]) {
  test(`the size of the plaintext is read off: ${size}`, async () => {
    const envelope = await sealTo(1, new Uint8Array(size));
    const start = envelope.subarray(0, 20_000);
    assert.deepEqual(checkEnvelope(start, envelope.length), { stanzas: 8, plaintextBytes: size });
    assert.equal((await open(STEWARD, envelope)).length, size);
  });
}

const X25519_STANZA = `-> X25519 ${"A".repeat(43)}\n${"A".repeat(43)}\n`;

/** @type {[string, string, Bytes][]} */
const REFUSED = [
  ["seven stanzas", "age-recipients", withStanzas(...STANZAS.slice(1))],
  ["nine stanzas", "age-recipients", withStanzas(...STANZAS, ...STANZAS.slice(0, 1))],
  ["no stanzas", "age-header", withStanzas()],
  ["136 stanzas", "age-header", withStanzas(...Array(17).fill(STANZAS).flat())],
  ["a classical stanza", "age-mixed", spoiled(() => X25519_STANZA)],
  [
    "a stanza of another type",
    "age-mixed",
    spoiled((stanza) => stanza.replace("mlkem768x25519", "example.com/x")),
  ],
  ["another argument", "age-header", spoiled((stanza) => stanza.replace("\n", " x\n"))],
  ["no argument", "age-header", spoiled((stanza) => stanza.replace(/ [^ ]*\n/, "\n"))],
  ["a shorter enc", "age-header", spoiled((stanza) => stanza.replace(/ [^ ]*\n/, " AAAA\n"))],
  ["an enc with bits too many", "age-header", spoiled((stanza) => stanza.replace(/.\n/, "B\n"))],
  ["a longer body", "age-header", spoiled((stanza) => stanza.replace(/\n.*\n$/, `\n${"A".repeat(44)}\n`))],
  ["a body in two lines", "age-header", spoiled((stanza) => stanza.replace(/.\n$/, "\nA\n"))],
  ["a body with padding", "age-header", spoiled((stanza) => stanza.replace(/\n$/, "=\n"))],
  ["two spaces", "age-header", spoiled((stanza) => stanza.replace("-> ", "->  "))],
  ["a carriage return", "age-header", spoiled((stanza) => stanza.replaceAll("\n", "\r\n"))],
  [
    "a point of low order",
    "age-header",
    spoiled((stanza) => stanza.replace(/ [^ ]*\n/, ` ${"A".repeat(1_494)}\n`)),
  ],
  ["another version", "age-header", concat("age-encryption.org/v2\n", ENVELOPE.subarray(22))],
  ["a MAC with bits too many", "age-header", concat(FIRST, ...STANZAS, MAC.replace(/.\n/, "B\n"), PAYLOAD)],
  ["no payload", "age-payload", ENVELOPE.subarray(0, -PAYLOAD.length)],
  ["half a nonce", "age-payload", ENVELOPE.subarray(0, 8 - PAYLOAD.length)],
  ["half a tag", "age-payload", ENVELOPE.subarray(0, -12)],
  ["an empty last chunk", "age-payload", concat(ENVELOPE.subarray(0, -3), new Uint8Array(65_536 + 16))],
  ["no envelope", "age-header", utf8("PK\x03\x04")],
  ["armor", "age-header", concat("-----BEGIN AGE ENCRYPTED FILE-----\n", ENVELOPE)],
  ["no end within 256 KiB", "age-header", concat(FIRST, "-> x\n", `${"A".repeat(64)}\n`.repeat(5_000))],
  ["nothing", "age-header", new Uint8Array()],
];

for (const [what, code, envelope] of REFUSED) {
  test(`what is no envelope is refused unopened: ${what}`, async () => {
    await refuses(() => checkEnvelope(envelope, envelope.length), code);
  });
}

test("what breaks the rules of age is not opened either", async () => {
  for (const [what, code, envelope] of REFUSED) {
    if (code === "age-header") await refuses(() => open(STEWARD, envelope), "age-header");
    else await refuses(() => open(STEWARD, envelope)).catch((error) => assert.fail(`${what}: ${error}`));
  }
});

test("any byte of a header changed is noticed", async () => {
  for (let place = 0; place < HEADER_BYTES; place += 97) {
    const changed = ENVELOPE.slice();
    changed[place] = /** @type {number} */ (changed[place]) ^ 1;
    await refuses(() => open(STEWARD, changed));
  }
});

test("a payload that is changed, cut off or added to does not end well", async () => {
  const plaintext = new Uint8Array(150_000).map((_, index) => index);
  const envelope = await sealTo(1, plaintext);
  const flipped = envelope.slice();
  flipped[envelope.length - 70_000] = /** @type {number} */ (flipped[envelope.length - 70_000]) ^ 1;
  const boundary = readHeader(envelope).sizeBytes + 16 + 65_536 + 16;
  for (const changed of [
    flipped,
    envelope.slice(0, -1),
    envelope.slice(0, boundary),
    concat(envelope, "\0"),
  ]) {
    let seen = 0;
    await refuses(async () => {
      for await (const chunk of await openEnvelope(STEWARD, stream(changed))) {
        assert.ok(equal(chunk, plaintext.subarray(seen, seen + chunk.length)));
        seen += chunk.length;
      }
    }, "age-payload");
    assert.ok(seen <= 131_072);
  }
});

test("a source that fails is not taken for a damaged envelope, and one that is not wanted is let go of", async () => {
  const envelope = await sealTo(1, new Uint8Array(600_000));
  async function* failing() {
    yield envelope.slice(0, 400_000);
    throw new TypeError("network error");
  }
  await assert.rejects(join(await openEnvelope(STEWARD, failing())), /^TypeError: network error$/);
  let left = 0;
  const source = () =>
    new ReadableStream({
      start: (controller) => controller.enqueue(envelope.slice(0, 300_000)),
      pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
      cancel: () => {
        left += 1;
      },
    });
  await (await openEnvelope(STEWARD, source())).cancel();
  await setImmediate(); // pipes hand on what has happened a little later
  assert.equal(left, 1);
  const rest = source();
  await refuses(() => openEnvelope(STRANGER, rest), "age-no-match");
  assert.equal(left, 2);
});

test("an age file to one recipient is opened, and is no envelope", async () => {
  const encrypter = new Encrypter();
  encrypter.addRecipient(RECIPIENT);
  const file = new Uint8Array(await encrypter.encrypt(TIP));
  assert.deepEqual(await open(STEWARD, file), TIP);
  await refuses(() => checkEnvelope(file, file.length), "age-recipients");
});
