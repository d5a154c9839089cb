/** The chunks that make a PNG file move (Portable Network Graphics, third edition, section 11.3.4). */

import { malformed } from "../errors.js";
import { viewOf } from "./join.js";

const CONTROL_LENGTH = 8;
const FRAME_LENGTH = 26;

/** Whether the chunks of an animation go together; they are kept only then. */
export class Animation {
  /** As declared; zero without an animation. */
  #frames = 0;
  #seen = 0;
  #sequence = 0;
  /** The last frame is without picture data yet. */
  #open = false;
  /** The last frame has its picture data in chunks of its own. */
  #apart = false;

  /** @param {{ width: number, height: number }} canvas */
  constructor(canvas) {
    this.canvas = canvas;
  }

  /** @param {Uint8Array} data of acTL */
  control(data) {
    if (this.#frames > 0 || data.length !== CONTROL_LENGTH) throw inconsistent();
    this.#frames = viewOf(data).getUint32(0);
    if (this.#frames === 0) throw inconsistent();
  }

  /**
   * @param {Uint8Array} data of fcTL
   * @param {boolean} first before the picture that other programs show
   */
  frame(data, first) {
    if (this.#open || (first && this.#seen > 0) || data.length !== FRAME_LENGTH) throw inconsistent();
    this.#inSequence(data);
    const view = viewOf(data);
    const [width = 0, height = 0, left = 0, top = 0] = [4, 8, 12, 16].map((at) => view.getUint32(at));
    const fits = left + width <= this.canvas.width && top + height <= this.canvas.height;
    if (!fits || width === 0 || height === 0 || view.getUint8(24) > 2 || view.getUint8(25) > 1) {
      throw inconsistent();
    }
    if (first && (width !== this.canvas.width || height !== this.canvas.height)) throw inconsistent();
    this.#seen += 1;
    this.#open = true;
    this.#apart = !first;
  }

  /** The picture that other programs show too. */
  picture() {
    this.#open = false;
  }

  /** @param {Uint8Array} data of fdAT */
  data(data) {
    if (!this.#apart || data.length < 4) throw inconsistent();
    this.#inSequence(data);
    this.#open = false;
  }

  end() {
    if (this.#open || this.#seen !== this.#frames) throw inconsistent();
  }

  /** @param {Uint8Array} data */
  #inSequence(data) {
    if (this.#frames === 0 || viewOf(data).getUint32(0) !== this.#sequence) throw inconsistent();
    this.#sequence += 1;
  }
}

function inconsistent() {
  return malformed("The animation in this PNG file does not go together.");
}
