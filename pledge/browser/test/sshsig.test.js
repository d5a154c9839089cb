import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, fromBase64 } from "../src/bytes.js";
import { fingerprint, parsePublicLine, parseSshKey } from "../src/sshkey.js";
import { formatArmor, NAMESPACE, parseArmor, parseSshsig, verifySshsig } from "../src/sshsig.js";
import { cases, refuses } from "../testing/vectors.js";

for (const vector of cases("sshsig")) {
  test(`a signature by ssh-keygen verifies: ${vector.name}`, async () => {
    const blob = parseArmor(vector.armor);
    const publicKey = await parsePublicLine(vector.public_line);
    assert.equal(formatArmor(blob), vector.armor);
    assert.equal(fingerprint(publicKey), vector.fingerprint);
    assert.equal((await parseSshKey(publicKey)).type, vector.type);
    assert.equal((await parseSshsig(blob)).namespace, vector.namespace);
    const message = fromBase64(vector.message);
    if (vector.namespace === NAMESPACE) {
      assert.deepEqual(await verifySshsig(blob, message), publicKey);
      await refuses(() => verifySshsig(blob, concat(message, "x")), "not-verified");
    } else {
      await refuses(() => verifySshsig(blob, message), "not-verified");
    }
  });
}

for (const vector of cases("sshsig_refused")) {
  test(`a signature is refused: ${vector.name}`, async () => {
    await refuses(() => verifySshsig(fromBase64(vector.blob), fromBase64(vector.message)), vector.error);
  });
}
