/** Parts of the inbox's page: pieces of markup that the server wrote as templates, cloned and filled in with text. */

/**
 * Clone what a `<template>` holds.
 * @param {string} id of the template, which holds one element
 * @returns {HTMLElement}
 */
export function clone(id) {
  const template = document.getElementById(id);
  const first = template instanceof HTMLTemplateElement ? template.content.firstElementChild : null;
  if (!(first instanceof HTMLElement)) throw new Error(`The page lacks #${id}.`);
  return /** @type {HTMLElement} */ (first.cloneNode(true));
}

/**
 * Find the part of a piece by its name, `data-part`.
 * @template {Element} T
 * @param {ParentNode} piece
 * @param {string} name
 * @param {new () => T} kind
 * @returns {T}
 */
export function part(piece, name, kind) {
  const found = piece.querySelector(`[data-part="${name}"]`);
  if (!(found instanceof kind)) throw new Error(`The page lacks ${name}.`);
  return found;
}

/**
 * Set the text of a part; hide it where there is none.
 * @param {ParentNode} piece
 * @param {string} name
 * @param {string} text
 */
export function fill(piece, name, text) {
  const found = part(piece, name, HTMLElement);
  found.textContent = text;
  found.hidden = text === "";
}

/** Shows how far something is, in a `<progress>` and in words. */
export class Meter {
  #bar;
  #words;
  #done = 0;

  /**
   * @param {ParentNode} piece with the parts `bar` and `doing`
   * @param {string} words what is being done
   * @param {number} total in the unit in which `add` counts
   */
  constructor(piece, words, total) {
    this.#bar = part(piece, "bar", HTMLProgressElement);
    this.#words = part(piece, "doing", HTMLElement);
    this.#bar.max = Math.max(total, 1);
    this.#bar.value = 0;
    this.say(words);
  }

  /** @param {string} words */
  say(words) {
    this.#words.textContent = words;
    this.#bar.hidden = this.#words.hidden = false;
  }

  /** @type {(more: number) => void} */
  add = (more) => {
    this.#done += more;
    this.#bar.value = this.#done;
  };

  /** @param {string} [words] what came of it; nothing to say nothing */
  end(words = "") {
    this.#bar.hidden = true;
    this.#words.textContent = words;
    this.#words.hidden = words === "";
  }
}
