const PAUSE_MS = 1_500;

/** Many calls in a short time are one of `work`, soon after the first: for changes that come in bursts. Ends with the signal. */
export function soon(work, signal) {
  let timer = null;
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      work();
    }, PAUSE_MS);
  };
}
