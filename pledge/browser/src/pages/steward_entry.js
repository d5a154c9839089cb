/** Joining and signing in with a passkey, and adding one; the rest of these pages are forms. */

import { byId, messageOf, on, readBlock, say } from "../dom.js";
import { hasPasskeys, makePasskey, usePasskey } from "../steward/passkey.js";

const wrong = byId("wrong", HTMLElement);

function start() {
  if (!hasPasskeys()) return;
  const form = byId("passkey", HTMLFormElement);
  const ask = form.dataset.act === "sign-in" ? usePasskey : makePasskey;
  on("passkey-button", wrong, async () => {
    byId("passkey-response", HTMLInputElement).value = await ask(readBlock("passkey-options"));
    form.submit();
  });
  byId("by-passkey", HTMLElement).hidden = false;
}

try {
  start();
} catch (error) {
  say(wrong, messageOf(error));
}
