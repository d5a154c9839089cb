/**
 * One thread on the page: its row in the list and, opened in place, its messages and the form to answer.
 *
 * @typedef {import("./thread.js").ListedThread} ListedThread
 * @typedef {import("./thread.js").Shown} Shown
 * @typedef {object} Office
 * @property {import("./desk.js").Desk} desk
 * @property {{[slug: string]: string}} labs
 * @property {() => Promise<void>} reload fetches the list and refreshes what is shown
 */

import { attempt, messageOf, say } from "../dom.js";
import { malformed, PledgeError } from "../errors.js";
import { gettext } from "../strings.js";
import { answerable, frameAnswer, parseAnswer, sealAnswer } from "./answer.js";
import { messageView } from "./message_view.js";
import { fill, Meter, part } from "./parts.js";
import { fillRow } from "./row.js";
import { fetchEnvelope, postAnswer, postForm } from "./server.js";
import { judge, openThread } from "./thread.js";
import { today } from "./words.js";

const PASSES = 3; // once over the network, twice decrypted

export class ThreadView {
  /** @type {Shown[]} */
  #shown = [];
  #isOpen = false;
  /** @type {HTMLElement} */
  root;
  /** @type {ListedThread} */
  #listed;
  #office;

  /**
   * @param {HTMLElement} root a clone of the thread's template
   * @param {ListedThread} listed
   * @param {Office} office
   */
  constructor(root, listed, office) {
    this.root = root;
    this.#listed = listed;
    this.#office = office;
    fillRow(root, listed);
    const wrong = part(root, "wrong", HTMLElement);
    /** @type {[string, string, () => Promise<void>][]} */
    const acts = [
      ["open", "click", () => this.#toggle()],
      ["handling", "submit", () => this.#handle()],
      ["answer", "submit", () => this.#answer()],
      ["upload", "submit", () => this.#upload()],
    ];
    for (const [name, kind, act] of acts) {
      const control = part(root, name, HTMLElement);
      control.addEventListener(kind, (event) => {
        event.preventDefault();
        this.#busy(attempt(wrong, act));
      });
    }
  }

  /** Whether there are keys to open it with. @param {boolean} canOpen */
  set canOpen(canOpen) {
    part(this.root, "open", HTMLButtonElement).hidden = !canOpen;
  }

  get id() {
    return this.#listed.id;
  }

  /** Whether something that was typed here would be lost. */
  get hasDraft() {
    return part(this.root, "answer-text", HTMLTextAreaElement).value.trim() !== "";
  }

  /**
   * Take what the server lists now; where the thread is open, open what is new.
   * @param {ListedThread} listed
   */
  async refresh(listed) {
    this.#listed = listed;
    fillRow(this.root, listed);
    if (this.#isOpen && listed.messages.length !== this.#shown.length) await this.#load();
  }

  /** @param {Promise<void>} work during which nothing else is begun here */
  async #busy(work) {
    const focused = document.activeElement;
    const controls = [...this.root.querySelectorAll("button")].filter(({ disabled }) => !disabled);
    for (const control of controls) control.disabled = true;
    await work;
    for (const control of controls) control.disabled = false;
    // A button that is disabled lets go of the focus, and a keyboard would start from the top again.
    if (focused instanceof HTMLElement && document.activeElement === document.body) focused.focus();
  }

  async #toggle() {
    const open = part(this.root, "open", HTMLButtonElement);
    const opened = part(this.root, "opened", HTMLElement);
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#shown = [];
      part(opened, "messages", HTMLElement).replaceChildren();
    } else {
      await this.#load();
      this.#isOpen = true;
    }
    opened.hidden = !this.#isOpen;
    fill(open, "open-word", this.#isOpen ? gettext("Fold") : gettext("Open"));
    open.setAttribute("aria-expanded", String(this.#isOpen));
  }

  /** Open what is not open yet, and say whether the thread can be answered. */
  async #load() {
    const { desk, labs } = this.#office;
    const reader = { labs, ownKeys: desk.ownKeys, since: desk.since };
    const opened = part(this.root, "opened", HTMLElement);
    const list = part(opened, "messages", HTMLElement);
    const fresh = this.#listed.messages.slice(this.#shown.length);
    const bytes = fresh.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
    const meter = new Meter(this.root, gettext("Fetching and decrypting …"), PASSES * bytes);
    try {
      this.#shown = await openThread(this.#listed, {
        identities: desk.identities,
        trusted: await desk.trust(),
        known: this.#shown,
        fetchEnvelope: (listed) => fetchEnvelope(listed, meter.add),
        onShown: (shown) => list.append(messageView(shown, reader)),
        progress: meter.add,
      });
    } catch (error) {
      list.replaceChildren(...this.#shown.map((shown) => messageView(shown, reader)));
      throw error;
    } finally {
      meter.end();
    }
    this.#offerAnswer(opened);
  }

  /** @param {HTMLElement} opened */
  #offerAnswer(opened) {
    let why = this.#office.desk.whyMute(today());
    try {
      if (why === "") answerable(this.#shown);
    } catch (error) {
      why = messageOf(error);
    }
    fill(opened, "mute", why);
    part(opened, "answering", HTMLElement).hidden = why !== "";
  }

  async #answer() {
    const text = part(this.root, "answer-text", HTMLTextAreaElement);
    const chosen = part(this.root, "answer-files", HTMLInputElement);
    const files = [...(chosen.files ?? [])].map((file) => ({ name: file.name, data: file }));
    if (text.value.trim() === "" && files.length === 0) throw malformed("Write an answer, or choose a file.");
    const day = today();
    const nonce = crypto.getRandomValues(new Uint8Array(32));
    const answer = { text: text.value, files, day, nonce, ...(await this.#office.desk.signer(day)) };
    const { number, stream, sizeBytes } = await sealAnswer(this.#shown, answer);
    const meter = new Meter(this.root, gettext("Sealing …"), sizeBytes);
    try {
      const count = new TransformStream({
        transform(chunk, controller) {
          meter.add(chunk.length);
          controller.enqueue(chunk);
        },
      });
      const envelope = await new Response(stream.pipeThrough(count)).blob();
      await this.#send(frameAnswer(number, envelope), meter);
    } finally {
      meter.end();
    }
    text.value = chosen.value = "";
    await this.#office.reload();
    new Meter(this.root, "", 1).end(
      gettext("Sent. It stands above as the server holds it, opened and checked again."),
    );
  }

  /**
   * Send a frame. If something else came first, show it; what was typed stays.
   * @param {Blob} frame
   * @param {Meter} meter
   */
  async #send(frame, meter) {
    const upload = new Meter(this.root, gettext("Sending …"), 1);
    let sent = 0;
    try {
      await postAnswer(this.id, frame, (share) => {
        upload.add(share - sent);
        sent = share;
      });
    } catch (error) {
      if (!(error instanceof PledgeError) || error.code !== "conflict") throw error;
      meter.say(gettext("Opening what came …"));
      await this.#office.reload();
      throw new PledgeError(
        "conflict",
        "Another message came into this thread while you wrote. It stands above now. Nothing was sent; what you wrote is kept. Read, change it if need be, and send it again.",
      );
    }
  }

  /** Send an answer that was sealed offline, if it goes on with this thread. */
  async #upload() {
    const chosen = part(this.root, "upload-file", HTMLInputElement);
    const [file] = chosen.files ?? [];
    if (file === undefined) throw malformed("Choose the file that “pledge tips reply” has written.");
    const { number, envelope } = await parseAnswer(file);
    if (number !== this.#shown.length + 1) {
      throw malformed(
        "This file is message %(number)s, and the next one here is %(next)s. Is it for another thread, or did something come meanwhile? Then seal it again.",
        { number, next: this.#shown.length + 1 },
      );
    }
    const meter = new Meter(this.root, gettext("Checking …"), 2 * envelope.size);
    try {
      const problem = await this.#problemOf(envelope, number, meter);
      if (problem !== null) throw problem;
      await this.#send(file, meter);
    } finally {
      meter.end();
    }
    chosen.value = "";
    await this.#office.reload();
    new Meter(this.root, "", 1).end(
      gettext("Sent. It stands above as the server holds it, opened and checked again."),
    );
  }

  /**
   * @param {Blob} envelope
   * @param {number} number
   * @param {Meter} meter
   */
  async #problemOf(envelope, number, meter) {
    const listed = { id: "", number, from: "steward", sha256: "", size_bytes: envelope.size, day: today() };
    const { problem } = await judge(envelope, {
      listed: { ...listed, from: "steward", way: "sealed" },
      before: this.#shown.map((shown) => shown.listed.sha256),
      mailbox: this.#listed.mailbox,
      identities: this.#office.desk.identities,
      trusted: await this.#office.desk.trust(),
      progress: meter.add,
    });
    return problem;
  }

  /** Assign, label, close or reopen, without leaving the page and its keys. */
  async #handle() {
    await postForm(part(this.root, "handling", HTMLFormElement));
    await this.#office.reload();
  }
}

/**
 * Show what went wrong with a thread that a whole list was refreshed for.
 * @param {ThreadView} view
 * @param {unknown} error
 */
export function sayWrong(view, error) {
  say(part(view.root, "wrong", HTMLElement), messageOf(error));
}
