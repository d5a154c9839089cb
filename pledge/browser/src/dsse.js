/**
 * DSSE envelopes (secure-systems-lab/dsse v1.0.0) in canonical JSON: what a leaf of the log is.
 *
 *     {"payload": b64, "payloadType": "application/vnd.pledge.<kind>+json", "signatures": [{"keyid", "sig"}, …]}
 *
 * @typedef {import("./bytes.js").Bytes} Bytes
 * @typedef {{keyid: string, sig: Bytes}} Signature
 * @typedef {{payload: Bytes, payloadType: string, signatures: Signature[]}} Envelope
 */

import { base64, concat, fromBase64, utf8 } from "./bytes.js";
import { formatJson, MAX_BYTES, parseJson } from "./canonical.js";
import { matching, octets, record, sequence } from "./members.js";

const PAYLOAD_TYPE = /^application\/vnd\.pledge\.(.*)\+json$/;
// Visible ASCII that JSON writes as it is: neither a quotation mark nor a backslash.
const VISIBLE = matching(
  /^[!#-[\]-~]{1,128}$/,
  "1 to 128 visible ASCII characters but quotes and backslashes",
);
const SIGNATURE = record({ keyid: VISIBLE, sig: octets(1, 8_192) });
const ENVELOPE = record({
  payload: octets(0, MAX_BYTES),
  payloadType: VISIBLE,
  signatures: sequence(SIGNATURE, 0, 16),
});

/**
 * The pre-authentication encoding, which is what gets signed:
 * `DSSEv1 <len type> <type> <len payload> <payload>`.
 * @param {string} payloadType
 * @param {Uint8Array} payload
 * @returns {Bytes}
 */
export function pae(payloadType, payload) {
  const type = utf8(payloadType);
  return concat(`DSSEv1 ${type.length} `, type, ` ${payload.length} `, payload);
}

/**
 * The kind of statement that a payload type names, such as `signing`; a type that is not ours names none.
 * @param {string} payloadType
 */
export function kindOf(payloadType) {
  return PAYLOAD_TYPE.exec(payloadType)?.[1] ?? "";
}

/**
 * @param {Uint8Array} bytes
 * @returns {Envelope}
 */
export function parseEnvelope(bytes) {
  const value = parseJson(bytes, MAX_BYTES);
  ENVELOPE(value);
  const { payload, payloadType, signatures } = /** @type {{payload: string, payloadType: string,
    signatures: {keyid: string, sig: string}[]}} */ (value);
  return {
    payload: fromBase64(payload),
    payloadType,
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: fromBase64(sig) })),
  };
}

/**
 * @param {Envelope} envelope
 * @returns {Bytes}
 */
export function formatEnvelope({ payload, payloadType, signatures }) {
  return formatJson({
    payload: base64(payload),
    payloadType,
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: base64(sig) })),
  });
}
