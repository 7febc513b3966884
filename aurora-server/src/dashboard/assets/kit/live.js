// Streams that outlive lost connections.
import { apiFor, chosenWorkspace } from "./api.js";

const WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;

/**
 * Listens to a stream of server-sent events until the signal ends: on = {eventName: (data, id) => …}. Resumes after the last id
 * (`after`), waits longer after each failure, and ends where it is refused. onState hears "connecting", "live", "lost" and "ended" (with a reason).
 */
export function listen(path, { on, signal, onState = () => {}, query = {} }) {
  let source = null;
  let address = path;
  let timer = null;
  let lastId = null;
  let wait = WAIT_MS;
  let failures = 0;

  const rest = () => {
    clearTimeout(timer);
    source?.close();
  };
  // A page that the browser only keeps for the way back would hold a connection of the few that there are.
  const wake = (event) => event.persisted && open();
  const stop = () => {
    rest();
    removeEventListener("pagehide", rest);
    removeEventListener("pageshow", wake);
  };
  const open = () => {
    if (signal?.aborted) return;
    rest();
    // An EventSource sends no header of ours.
    const wanted = { workspace: chosenWorkspace(), ...query };
    const asked = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value != null && value !== ""));
    if (lastId) asked.set("after", lastId);
    address = asked.size ? `${path}?${asked}` : path;
    source = new EventSource(address);
    source.addEventListener("open", () => {
      failures = 0;
      wait = WAIT_MS;
      onState("live");
    });
    for (const [name, hear] of Object.entries(on)) {
      source.addEventListener(name, (event) => {
        lastId = event.lastEventId || lastId;
        hear(JSON.parse(event.data), event.lastEventId);
      });
    }
    source.addEventListener("closing", (event) => closing(JSON.parse(event.data).reason));
    source.addEventListener("error", again);
  };
  const closing = (reason) => {
    source.close();
    if (reason === "forbidden") return end();
    if (reason === "unauthenticated") renew();
    again();
  };
  const end = () => {
    stop();
    onState("ended", "forbidden");
  };
  // Connected anew by us: a browser gives up for good after an answer that is no stream.
  const again = () => {
    source.close();
    clearTimeout(timer);
    onState("lost");
    failures += 1;
    timer = setTimeout(isTurn(failures) ? look : open, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  };
  // A stream does not say 401 or 403 to a page: the session may have to be renewed, or nothing is to be heard here.
  const look = async () => {
    await renew();
    if (signal?.aborted) return;
    if (await isRefused(address)) end();
    else open();
  };

  signal?.addEventListener("abort", stop, { once: true });
  addEventListener("pagehide", rest);
  addEventListener("pageshow", wake);
  onState("connecting");
  open();
  return stop;
}

/** After two failures, four, eight, …: looking costs calls. */
const isTurn = (failures) => failures > 1 && (failures & (failures - 1)) === 0;

/** Whether a stream is refused for good: no right to it, or no such workspace any more; its answer is not read. */
async function isRefused(address) {
  const ending = new AbortController();
  try {
    const { status, headers } = await fetch(address, { headers: { accept: "text/event-stream" }, signal: ending.signal });
    // A proxy answers 404 of its own while the server starts anew.
    return status === 403 || (status === 404 && headers.get("content-type")?.includes("problem+json"));
  } catch {
    return false;
  } finally {
    ending.abort();
  }
}

/** Any call that takes a session renews it, or leads to the entrance when it is over. */
const renew = () => apiFor().get("/api/v1/auth/me").catch(() => {});

/** Calls `work` now and then every `seconds` while the page is looked at; `work` handles its own failures. Gives a function that takes a turn at once. */
export function poll(work, seconds, signal) {
  let timer = null;
  let isBusy = false;
  const turn = async () => {
    if (isBusy || signal.aborted) return;
    clearTimeout(timer);
    isBusy = true;
    try {
      if (!document.hidden) await work();
    } finally {
      isBusy = false;
      if (!signal.aborted) timer = setTimeout(turn, seconds * 1000);
    }
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) turn(); }, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  turn();
  return turn;
}
