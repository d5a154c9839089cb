/** The passphrase that a steward's keys are wrapped under: how long it must be, and one that is drawn. */

import { wordlist } from "@scure/bip39/wordlists/english.js";
import { malformed } from "../errors.js";

export const MIN_CHARACTERS = 20;
const WORDS = 7;
/** Sixteen random bits hold a place in 2,048 words 32 times over, evenly. */
const PLACES = 2_048;

/** Draw seven words: 77 bits, and each try at them costs a second and 256 MiB. */
export function drawPassphrase() {
  const drawn = crypto.getRandomValues(new Uint16Array(WORDS));
  return Array.from(drawn, (number) => wordlist[number % PLACES]).join(" ");
}

/**
 * Refuse a passphrase that is too short, or that was typed in two ways.
 * @param {string} passphrase
 * @param {string} again
 */
export function checkPassphrase(passphrase, again) {
  if ([...passphrase].length < MIN_CHARACTERS) {
    throw malformed("A passphrase has at least %(least)s characters. Seven words are enough.", {
      least: MIN_CHARACTERS,
    });
  }
  if (passphrase !== passphrase.trim()) throw malformed("A passphrase does not begin or end with a space.");
  if (passphrase !== again) throw malformed("The two passphrases differ. Type the same one twice.");
}
