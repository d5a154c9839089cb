/**
 * Passkeys: what the page asks a device for, and what it answers, in a form that is then sent as any other.
 *
 * @typedef {{publicKey: any}} Options as the server gives them, in JSON
 */

import { PledgeError } from "../errors.js";

const NUMBERS = /^[0-9.]+$|^\[/;

/** Whether this browser can read the server's options, and the site has a name: there are no passkeys for numbers. */
export function hasPasskeys() {
  return (
    !NUMBERS.test(location.hostname) &&
    typeof PublicKeyCredential !== "undefined" &&
    "parseCreationOptionsFromJSON" in PublicKeyCredential &&
    "parseRequestOptionsFromJSON" in PublicKeyCredential
  );
}

/**
 * Ask a device to make a passkey; gives its answer as JSON.
 * @param {Options} options
 */
export async function makePasskey({ publicKey }) {
  return answered(() =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) }),
  );
}

/**
 * Ask a device to sign in; gives its answer as JSON.
 * @param {Options} options
 */
export async function usePasskey({ publicKey }) {
  return answered(() =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) }),
  );
}

/** @param {() => Promise<Credential | null>} ask */
async function answered(ask) {
  try {
    const credential = await ask();
    if (credential instanceof PublicKeyCredential) return JSON.stringify(credential.toJSON());
  } catch {
    // What the device says of itself is of no use to a person.
  }
  throw new PledgeError("passkey", "Your device gave no passkey, or you stopped it. Try again.");
}
