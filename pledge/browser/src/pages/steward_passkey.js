/** A button that asks the device for a passkey: to sign in with, or to make one. */

import { enableCopying } from "../copy.js";
import { attempt, byId, readBlock } from "../dom.js";
import { malformed } from "../errors.js";
import { makePasskey, showPasskey } from "../steward/passkey.js";

/** @type {{publicKey: any}} */
const { publicKey } = readBlock("passkey-options");
const form = byId("passkey-form", HTMLFormElement);
const wrong = byId("passkey-wrong", HTMLElement);

async function ask() {
  let response = "";
  try {
    response = await ("user" in publicKey ? makePasskey(publicKey) : showPasskey(publicKey));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    if (location.hostname === "127.0.0.1") {
      const address = `http://localhost:${location.port}${location.pathname}`;
      throw malformed("Devices keep passkeys for names only. Open %(address)s instead.", { address });
    }
    throw malformed(
      "The device gave no passkey: it was cancelled, took too long, or there is none for this site.",
    );
  }
  byId("response", HTMLInputElement).value = response;
  form.submit();
}

enableCopying();
if (globalThis.PublicKeyCredential) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(wrong, ask);
  });
}
