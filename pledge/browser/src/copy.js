/** Copying with one click: whole hashes that the page shows shortened, and snippets. */

import { element } from "./dom.js";
import { gettext } from "./strings.js";

const SAID_FOR_MS = 2_000;

/** Make every `[data-copy]` and `.snippet` of the page copy itself. */
export function enableCopying() {
  if (!navigator.clipboard) return;
  for (const part of document.querySelectorAll("[data-copy]")) {
    if (!(part instanceof HTMLElement)) continue;
    part.tabIndex = 0;
    part.setAttribute("role", "button");
    part.addEventListener("click", () => copy(part.dataset.copy ?? "", part));
    part.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      copy(part.dataset.copy ?? "", part);
    });
  }
  for (const part of document.querySelectorAll(".snippet")) {
    const name = part instanceof HTMLElement ? part.dataset.name : undefined;
    const label = {
      "aria-label": gettext("Copy %(what)s", { what: name ?? part.textContent?.trim() ?? "" }),
    };
    const button = element(
      "button",
      { type: "button", class: "button-quiet no-print", ...label },
      gettext("Copy"),
    );
    button.addEventListener("click", () => copy(part.textContent ?? "", button));
    part.after(button);
  }
}

/**
 * @param {string} text
 * @param {Element} beside what says that it was done
 */
export async function copy(text, beside) {
  const said = element("span", { role: "status", class: "quiet" });
  beside.after(" ", said);
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = gettext("Copied");
  } catch {
    said.textContent = gettext("Not copied: your browser did not allow it");
  }
  setTimeout(() => said.remove(), SAID_FOR_MS);
}
