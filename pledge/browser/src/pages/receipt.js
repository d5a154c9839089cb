/** The receipt page: what the server says about the receipt is checked here, by the keys that this site claims. */

import { utf8 } from "../bytes.js";
import { showChecks, showUnchecked } from "../checks.js";
import { enableCopying } from "../copy.js";
import { attempt, byId, readBlock } from "../dom.js";
import { parsePolicy } from "../policy.js";
import { parseReceipt } from "../receipt.js";

const place = byId("checked", HTMLElement);

enableCopying();
attempt(byId("wrong", HTMLElement), async () => {
  const receipt = parseReceipt(utf8(readBlock("receipt")));
  const policy = parsePolicy(utf8(readBlock("policy")));
  const verified = await showChecks(place, receipt, policy, { labName: place.dataset.lab, isOwn: true });
  showUnchecked(verified);
  byId("by-browser", HTMLElement).hidden = verified === null;
});
