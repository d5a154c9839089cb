/**
 * When keys are forgotten: after so much time without a key pressed or the page touched, and when the page is left.
 */

export const IDLE_MS = 30 * 60_000;
const LOOK_MS = 15_000;
const SIGNS_OF_LIFE = ["pointerdown", "keydown", "wheel", "touchstart"];

/**
 * Call `lock` once when nobody has been at the page for half an hour, also where the machine slept meanwhile, and when
 * the page is left.
 * @param {(why: "idle" | "left") => void} lock
 * @returns {() => void} to stop watching
 */
export function watchIdleness(lock) {
  const watch = new AbortController();
  const { signal } = watch;
  let last = Date.now();
  const touch = () => {
    last = Date.now();
  };
  const stop = () => {
    watch.abort();
    clearInterval(timer);
  };
  /** @param {"idle" | "left"} why */
  const end = (why) => {
    stop();
    lock(why);
  };
  const isIdle = () => Date.now() - last >= IDLE_MS;
  const look = () => {
    if (isIdle()) end("idle");
  };
  const timer = setInterval(look, LOOK_MS);
  // In the capturing phase, and before anything else: coming back after too long is no sign of life.
  for (const name of SIGNS_OF_LIFE) {
    addEventListener(name, () => (isIdle() ? end("idle") : touch()), { capture: true, signal });
  }
  document.addEventListener("visibilitychange", look, { signal });
  addEventListener("pagehide", () => end("left"), { signal });
  return stop;
}
