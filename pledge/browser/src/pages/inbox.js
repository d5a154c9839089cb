/**
 * The stewards' inbox. Keys are unlocked once per page and live in its memory; what is opened stands in the page as
 * text. None of it goes anywhere else, and all of it goes when the page is left, locked, or not touched for long.
 */

import { enableCopying } from "../copy.js";
import { byId, on, readBlock, say, sayError } from "../dom.js";
import { malformed } from "../errors.js";
import { hasEd25519 } from "../keys.js";
import { fetchStewards, readPolicy } from "../source/trust.js";
import { showAccounts } from "../steward/accounting.js";
import { unwrapBundle } from "../steward/bundle.js";
import { openDesk } from "../steward/desk.js";
import { readWrapped } from "../steward/key_file.js";
import { watchIdleness } from "../steward/lock.js";
import { clone, fill, part } from "../steward/parts.js";
import { getThreads } from "../steward/server.js";
import { sayWrong, ThreadView } from "../steward/thread_view.js";
import { today } from "../steward/words.js";
import { dayInWords, gettext } from "../strings.js";

/** @typedef {import("../steward/thread.js").ListedThread} ListedThread */

/** @type {{labs: {[slug: string]: string}, bundle: string | null}} */
const block = readBlock("desk");
const wrong = byId("wrong", HTMLElement);
const said = byId("said", HTMLElement);
const passphrase = byId("passphrase", HTMLInputElement);
const ownFile = byId("bundle-file", HTMLInputElement);
const list = byId("threads", HTMLElement);

/** @type {import("../steward/desk.js").Desk | null} */
let desk = null;
/** @type {ListedThread[]} */
let threads = [];
/** @type {Map<string, ThreadView>} */
let views = new Map();
let stopWatching = () => {};

const WHY_LOCKED = {
  idle: gettext("Locked: nobody touched this page for half an hour. An answer that was not sent is gone."),
  left: gettext("Locked, because you left this page."),
};
const PAINT_MS = 50;

async function unlock() {
  const button = byId("unlock", HTMLFormElement).querySelector("button");
  say(said, gettext("Unlocking. This takes a second or two, and is meant to."));
  if (button !== null) button.disabled = true;
  await new Promise((resolve) => setTimeout(resolve, PAINT_MS)); // or nobody would see what it says
  try {
    const bundle = await unwrapBundle(await readWrapped(ownFile, block.bundle), passphrase.value);
    desk = await openDesk(bundle, () => fetchStewards(readPolicy()));
    passphrase.value = ownFile.value = "";
    await reload();
  } catch (error) {
    desk = null;
    throw error;
  } finally {
    if (button !== null) button.disabled = false;
    say(said, "");
  }
  stopWatching = watchIdleness((why) => lock(WHY_LOCKED[why]));
  showUnlocked(true);
  say(byId("mute", HTMLElement), desk.whyMute(today()));
  byId("unlocked-heading", HTMLElement).focus();
}

/** @param {string} why */
function lock(why) {
  stopWatching();
  desk = null;
  passphrase.value = ownFile.value = "";
  views = new Map();
  showList();
  byId("accounting", HTMLElement).hidden = true;
  part(byId("accounting", HTMLElement), "days", HTMLElement).replaceChildren();
  showUnlocked(false);
  say(wrong, "");
  say(said, why);
  passphrase.focus();
}

/** @param {boolean} isUnlocked */
function showUnlocked(isUnlocked) {
  byId("unlock", HTMLElement).hidden = isUnlocked;
  byId("unlocked", HTMLElement).hidden = !isUnlocked;
}

/** Fetch the list, keep what is open, and open what is new in it. */
async function reload() {
  threads = await getThreads();
  showList();
  for (const thread of threads) {
    const view = views.get(thread.id);
    await view?.refresh(thread).catch((error) => sayWrong(view, error));
  }
}

/** Show threads by the day on which they last moved, the newest first; those with a view stay as they are. */
function showList() {
  const days = [...new Set(threads.map(({ moved }) => moved))].sort().reverse();
  /** @type {Map<string, ThreadView>} */
  const kept = new Map();
  list.replaceChildren(
    ...days.map((day) => {
      const section = clone("day-template");
      fill(section, "day", dayInWords(day));
      const ofDay = threads.filter(({ moved }) => moved === day);
      section.append(...ofDay.map((thread) => viewOf(thread, kept)));
      return section;
    }),
  );
  views = kept;
  byId("empty", HTMLElement).hidden = threads.length > 0;
}

/**
 * @param {ListedThread} thread
 * @param {Map<string, ThreadView>} kept
 */
function viewOf(thread, kept) {
  const view = views.get(thread.id) ?? new ThreadView(clone("thread-template"), thread, office);
  view.canOpen = desk !== null;
  kept.set(thread.id, view);
  return view.root;
}

/** @type {import("../steward/thread_view.js").Office} */
const office = {
  get desk() {
    if (desk === null) throw malformed("This page is locked. Unlock it first.");
    return desk;
  },
  labs: block.labs,
  reload,
};

async function lookForNew() {
  const before = new Set(threads.flatMap(({ messages }) => messages.map(({ id }) => id)));
  await reload();
  const count = threads.flatMap(({ messages }) => messages).filter(({ id }) => !before.has(id)).length;
  say(
    said,
    count === 0 ? gettext("Nothing new.") : gettext("New: %(count)s. The newest stand first.", { count }),
  );
}

async function start() {
  enableCopying();
  if (!(await hasEd25519())) {
    byId("unsupported", HTMLElement).hidden = false;
    return;
  }
  on("unlock", wrong, unlock);
  on("reload", wrong, lookForNew);
  on("account", wrong, () =>
    showAccounts(byId("accounting", HTMLElement), threads, office.desk, readPolicy()),
  );
  on("lock", wrong, () => lock(gettext("Locked.")));
  addEventListener("beforeunload", (event) => {
    if ([...views.values()].some(({ hasDraft }) => hasDraft)) event.preventDefault();
  });
  byId("unlock", HTMLElement).hidden = false;
}

start().catch((error) => sayError(wrong, error));
