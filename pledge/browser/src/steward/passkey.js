/**
 * What a site asks a device for (WebAuthn), from JSON and back: bytes are base64url. Browsers have functions for this,
 * but not all that have passkeys.
 *
 * @typedef {{type: "public-key", id: string, transports?: AuthenticatorTransport[]}} Named
 * @typedef {Omit<PublicKeyCredentialCreationOptions, "challenge" | "user" | "excludeCredentials"> & {challenge: string,
 *   user: {id: string, name: string, displayName: string}, excludeCredentials?: Named[]}} CreationOptions
 * @typedef {Omit<PublicKeyCredentialRequestOptions, "challenge" | "allowCredentials"> & {challenge: string,
 *   allowCredentials?: Named[]}} RequestOptions
 */

import { base64url, fromBase64url } from "../bytes.js";

/** @param {Named} named */
const credentialOf = (named) => ({ ...named, id: fromBase64url(named.id) });

/** @param {ArrayBuffer} buffer */
const written = (buffer) => base64url(new Uint8Array(buffer));

/**
 * Make a passkey.
 * @param {CreationOptions} options
 * @returns {Promise<string>} JSON
 */
export async function makePasskey(options) {
  const { challenge, user, excludeCredentials = [], ...others } = options;
  const made = await navigator.credentials.create({
    publicKey: {
      ...others,
      challenge: fromBase64url(challenge),
      user: { ...user, id: fromBase64url(user.id) },
      excludeCredentials: excludeCredentials.map(credentialOf),
    },
  });
  const { response, ...head } = parts(made);
  if (!(response instanceof AuthenticatorAttestationResponse)) throw new TypeError("no attestation");
  return JSON.stringify({
    ...head,
    response: {
      attestationObject: written(response.attestationObject),
      clientDataJSON: written(response.clientDataJSON),
    },
  });
}

/**
 * Show a passkey.
 * @param {RequestOptions} options
 * @returns {Promise<string>} JSON
 */
export async function showPasskey(options) {
  const { challenge, allowCredentials = [], ...others } = options;
  const shown = await navigator.credentials.get({
    publicKey: {
      ...others,
      challenge: fromBase64url(challenge),
      allowCredentials: allowCredentials.map(credentialOf),
    },
  });
  const { response, ...head } = parts(shown);
  if (!(response instanceof AuthenticatorAssertionResponse)) throw new TypeError("no assertion");
  return JSON.stringify({
    ...head,
    response: {
      authenticatorData: written(response.authenticatorData),
      clientDataJSON: written(response.clientDataJSON),
      signature: written(response.signature),
      userHandle: response.userHandle === null ? null : written(response.userHandle),
    },
  });
}

/** @param {Credential | null} credential */
function parts(credential) {
  if (!(credential instanceof PublicKeyCredential)) throw new TypeError("no passkey");
  const { id, rawId, response, type } = credential;
  return { id, rawId: written(rawId), response, type, clientExtensionResults: {} };
}
