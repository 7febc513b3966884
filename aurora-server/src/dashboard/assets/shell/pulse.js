// The server's beat: one stream for the frame and all pages, with the last minutes of its numbers.
import { listen } from "../kit/live.js";

const POINTS = 300;
const STALE_AFTER_MS = 5_000;

/** latest: the last snapshot; points: [{at (seconds), totals, providers}]; subscribe(on, signal) hears {snapshot, alert, delivery, state}. */
export function makePulse() {
  const listeners = new Set();
  const pulse = { latest: null, points: [], state: "connecting", subscribe, start };
  let heardAt = 0;

  const tell = (name, value) => listeners.forEach((on) => on[name]?.(value));
  function setState(state) {
    if (pulse.state === state) return;
    pulse.state = state;
    tell("state", state);
  }
  function subscribe(on, signal) {
    listeners.add(on);
    signal?.addEventListener("abort", () => listeners.delete(on), { once: true });
    if (pulse.latest) on.snapshot?.(pulse.latest);
    on.state?.(pulse.state);
  }
  function hearSnapshot(snapshot) {
    heardAt = Date.now();
    pulse.latest = snapshot;
    const providers = Object.fromEntries(snapshot.providers.map((provider) => [provider.target, provider]));
    const at = Date.parse(snapshot.at) / 1000;
    // The history ends with the beat that follows it.
    if (pulse.points.at(-1)?.at === at) pulse.points.pop();
    pulse.points.push({ at, totals: snapshot.totals, providers });
    if (pulse.points.length > POINTS) pulse.points.shift();
    setState("live");
    tell("snapshot", snapshot);
  }
  function hearHistory(points) {
    if (pulse.points.length) return;
    pulse.points = points.map(({ at, targets, ...totals }) => ({ at: Date.parse(at) / 1000, totals, providers: targets }));
  }
  function start(signal) {
    listen("/api/events", {
      signal,
      onState: (state) => { if (state !== "live") setState(state); },
      on: {
        history: hearHistory, snapshot: hearSnapshot,
        alert: (change) => tell("alert", change), delivery: (record) => tell("delivery", record), record: (record) => tell("record", record),
      },
    });
    const watch = setInterval(() => { if (pulse.state === "live" && Date.now() - heardAt > STALE_AFTER_MS) setState("lost"); }, 1000);
    signal.addEventListener("abort", () => clearInterval(watch), { once: true });
  }
  return pulse;
}
