/**
 * Files that go with a message, as a list that can still be changed. Pictures are gone through when they are chosen, and
 * go without what they say of their making, unless their owner wants them as they are.
 *
 * @typedef {import("../tip/seal.js").GivenFile} GivenFile
 * @typedef {import("../strip/strip.js").Stripped} Stripped
 * @typedef {{name: string, original: Blob, stripped: Stripped, isStripped: boolean}} Attachment
 */

import { attempt, element } from "../dom.js";
import { PledgeError } from "../errors.js";
import { sizeInWords } from "../readable.js";
import { gettext } from "../strings.js";
import { stripped } from "../strip/strip.js";
import { MAX_FILES, MAX_FILES_BYTES } from "../tip/message.js";

export class Attachments {
  /** @type {Attachment[]} */
  #attached = [];
  #input;
  #list;
  #together = element("p", { class: "quiet", hidden: "" });
  /** What is being gone through, which sealing waits for. @type {Promise<void>} */
  #reading = Promise.resolve();

  /**
   * @param {HTMLInputElement} input where files are chosen; it is emptied, and what was chosen stands in the list
   * @param {HTMLElement} list
   * @param {HTMLElement} wrong for what goes wrong
   */
  constructor(input, list, wrong) {
    this.#input = input;
    this.#list = list;
    list.after(this.#together);
    input.addEventListener("change", () => {
      const chosen = [...(input.files ?? [])];
      input.value = "";
      this.#reading = attempt(wrong, () => this.#add(chosen));
    });
  }

  /**
   * Give what is to be sealed.
   * @returns {Promise<GivenFile[]>}
   */
  async given() {
    await this.#reading;
    return this.#attached.map(({ name, original, stripped: { data }, isStripped }) => ({
      name,
      data: isStripped ? data : original,
    }));
  }

  /** Forget all of it. */
  clear() {
    this.#attached = [];
    this.#show();
  }

  /** @param {readonly File[]} chosen */
  async #add(chosen) {
    const sizes = [...this.#attached.map(({ original }) => original), ...chosen].map(({ size }) => size);
    if (sizes.length > MAX_FILES) {
      throw new PledgeError("too-large", "One message has at most %(most)s files.", { most: MAX_FILES });
    }
    if (sizes.reduce((sum, size) => sum + size, 0) > MAX_FILES_BYTES) {
      throw new PledgeError("too-large", "The files of one message have at most 500 MiB together.");
    }
    for (const original of chosen) {
      const found = await stripped(original);
      this.#attached.push({
        name: original.name,
        original,
        stripped: found,
        isStripped: found.kind !== null,
      });
    }
    this.#show();
  }

  #show() {
    const bytes = this.#attached.reduce((sum, { original }) => sum + original.size, 0);
    this.#together.textContent = gettext("Together %(size)s of 500 MiB.", { size: sizeInWords(bytes) });
    this.#list.replaceChildren(...this.#attached.map((attachment) => this.#item(attachment)));
    this.#list.hidden = this.#together.hidden = this.#attached.length === 0;
  }

  /** @param {Attachment} attachment */
  #item(attachment) {
    const { name, original, stripped: found } = attachment;
    const remove = element(
      "button",
      { type: "button", class: "button-quiet", "aria-label": gettext("Leave out %(name)s", { name }) },
      gettext("Leave out"),
    );
    remove.addEventListener("click", () => {
      this.#attached = this.#attached.filter((other) => other !== attachment);
      this.#show();
      this.#input.focus();
    });
    const title = element("p", {}, element("strong", {}, name), ` ${sizeInWords(original.size)} `, remove);
    if (found.kind !== null) return element("li", {}, title, this.#choice(attachment));
    const warning =
      found.warning ?? gettext("It goes as it is. If it says who made it, where or when, that goes along.");
    return element("li", {}, title, element("p", { class: "warning" }, warning));
  }

  /** @param {Attachment} attachment */
  #choice(attachment) {
    const box = element("input", { type: "checkbox" });
    if (box instanceof HTMLInputElement) {
      box.checked = attachment.isStripped;
      box.addEventListener("change", () => {
        attachment.isStripped = box.checked;
      });
    }
    const removed = sizeInWords(attachment.stripped.removedBytes);
    return element(
      "label",
      { class: "choice" },
      box,
      element(
        "span",
        {},
        gettext(
          "Leave out what this picture says of its making: %(removed)s. What it shows stays as it is, and may still tell where it was taken.",
          { removed },
        ),
      ),
    );
  }
}
