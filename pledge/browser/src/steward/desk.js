/**
 * What an unlocked page has at hand: the steward's keys, in memory only, and the log's word on who is a steward.
 *
 * @typedef {import("../keys.js").SigningKey} SigningKey
 * @typedef {import("./bundle.js").Bundle} Bundle
 * @typedef {import("./thread.js").Trusted} Trusted
 * @typedef {{identities: readonly string[], reader: import("./message_view.js").Reader, whyMute: string}} Unlocked
 *   identities, newest first; what messages are shown by; why the steward cannot answer, empty if nothing is in the way
 * @typedef {object} Desk
 * @property {Unlocked} unlocked
 * @property {() => Promise<Trusted>} trust by the keys that the log has now
 * @property {() => Promise<{key: SigningKey, recipients: string[]}>} signer the steward's own key, if it is current, and
 *   the recipients of all current stewards
 * @property {() => Promise<void>} reload fetches the list and refreshes what is shown
 */
