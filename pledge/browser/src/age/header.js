/**
 * The header of an age file (C2SP age, "Header"), as far as it can be checked without a key.
 *
 *     age-encryption.org/v1
 *     -> mlkem768x25519 base64(enc[1120])                         stanzas, one or more
 *     base64(body[32])
 *     --- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s             base64(MAC[32])
 *
 * Lines end in a newline, base64 has no padding, and bodies are in lines of 64 characters, the last one shorter. There
 * is one spelling for every header, and nothing in it means anything until its MAC is verified.
 *
 * @typedef {import("../bytes.js").Bytes} Bytes
 * @typedef {{type: string, arguments: string[], body: Bytes}} Stanza
 * @typedef {{stanzas: Stanza[], sizeBytes: number}} Header
 */

import { fromBase64 } from "../bytes.js";
import { malformed } from "../errors.js";
import { hasLowOrder } from "./x25519.js";

export const MAX_HEADER_BYTES = 262_144;
export const MAX_STANZAS = 128;
export const HYBRID = "mlkem768x25519";

const ENC_BYTES = 1_120;
const ML_KEM_CIPHERTEXT_BYTES = 1_088;
const BODY_BYTES = 32;

const VERSION_LINE = "age-encryption.org/v1\n";
const STANZA = /-> ([!-~]+(?: [!-~]+)*)\n((?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)/y;
const END = /\n--- [A-Za-z0-9+/]{43}\n/;
const MAC_LINE = /--- ([A-Za-z0-9+/]{43})\n$/y;

/**
 * Read a header without believing it.
 * @param {Uint8Array} start the file, or as much of it as its header takes: 256 KiB are always enough
 * @returns {Header}
 */
export function readHeader(start) {
  // One character for each byte; what is not ASCII is refused below.
  const text = new TextDecoder("latin1").decode(start.subarray(0, MAX_HEADER_BYTES));
  const end = END.exec(text);
  if (end === null || !text.startsWith(VERSION_LINE)) throw otherForm();
  const header = text.slice(0, end.index + end[0].length);
  /** @type {Stanza[]} */
  const stanzas = [];
  let place = VERSION_LINE.length;
  for (let match = matchAt(STANZA, header, place); match !== null; match = matchAt(STANZA, header, place)) {
    const [whole, line, body] = /** @type {[string, string, string]} */ (/** @type {string[]} */ (match));
    const [type, ...rest] = /** @type {[string, ...string[]]} */ (line.split(" "));
    stanzas.push({ type, arguments: rest, body: decode(body.replaceAll("\n", "")) });
    place += whole.length;
  }
  const mac = matchAt(MAC_LINE, header, place)?.[1];
  if (mac === undefined || stanzas.length < 1 || stanzas.length > MAX_STANZAS) throw otherForm();
  decode(mac);
  return { stanzas, sizeBytes: header.length };
}

/**
 * Check the form of a hybrid stanza, which takes no key: sizes, and an ephemeral share that is not of low order.
 * @param {Stanza} stanza
 */
export function checkHybrid({ arguments: [enc, ...others], body }) {
  if (enc === undefined || others.length > 0 || body.length !== BODY_BYTES) throw otherForm();
  const bytes = decode(enc);
  if (bytes.length !== ENC_BYTES || hasLowOrder(bytes.subarray(ML_KEM_CIPHERTEXT_BYTES))) throw otherForm();
}

/**
 * @param {RegExp} sticky
 * @param {string} text
 * @param {number} place
 */
function matchAt(sticky, text, place) {
  sticky.lastIndex = place;
  return sticky.exec(text);
}

/** @param {string} encoded base64 without padding */
function decode(encoded) {
  try {
    return fromBase64(encoded + "=".repeat(-encoded.length & 3));
  } catch {
    throw otherForm();
  }
}

function otherForm() {
  return malformed("This is not an age file of version 1, or its header has another form.", {}, "age-header");
}
