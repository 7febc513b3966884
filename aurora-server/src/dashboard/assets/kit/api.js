// Calls of the server. Whatever goes wrong is an ApiError with words that may be shown.
import { c } from "./common.js";
import { duration } from "./format.js";
import { locale } from "./words.js";
import { readEvents } from "./sse.js";

const TIMEOUT_MS = 20_000;
const hooks = { stepUp: async () => false, signedOut: async () => false };
let workspace = null;
let refreshing = null;
let entering = null; // signing in again, for all who wait
let entries = 0; // how often somebody signed in again

/** What a call ended in: `status`, `code`, `message`, `errors` [{field, code, message}], `attempts` (of a lookup), `requestId`, `retryAfter` (s). */
export class ApiError extends Error {
  constructor(status, problem, retryAfter) {
    super(status === 429 && retryAfter ? c("tooMany", { time: duration(retryAfter) }) : problem.detail ?? c("unexpected", { status }));
    Object.assign(this, { status, code: problem.code ?? "unexpected", detail: problem.detail, errors: problem.errors ?? [],
      attempts: problem.attempts ?? [], requestId: problem.request_id ?? null, retryAfter });
  }
}

/** What went wrong, in a sentence: that about a field where the problem itself only says that some are not allowed. */
export function sentenceOf(error) {
  const [first] = error.errors ?? [];
  return first?.message && /^invalid(_|$)/.test(error.code) ? first.message : error.message;
}

/** Whether a call was ended by us: its page is gone. */
export const isAbort = (error) => error?.name === "AbortError";

/** What the shell does when a call takes a fresher login (`stepUp()`) or the session is over (`signedOut()`); both give whether the call is to be repeated. */
export const setHooks = (given) => Object.assign(hooks, given);
/** The workspace that calls act in; null for that of the session. */
export const setWorkspace = (id) => { workspace = id; };
export const chosenWorkspace = () => workspace;

/**
 * Calls bound to a signal; changes that are begun after its end, such as taking something back, are not ended by it. Each takes options {query, ifMatch, create, blob, signal, timeout, headers}; `create: true` sends an
 * Idempotency-Key, `ifMatch` an ETag or a version; `blob: true` gives the body as a Blob; a Blob as body is sent as it is, with its type. get/post/put/patch/delete give the body, request {data, etag, headers, status},
 * stream(path, body, on) hands each server-sent event to on(name, data).
 */
export function apiFor(pageSignal) {
  const signalOf = (method) => (method !== "GET" && pageSignal?.aborted ? null : pageSignal);
  const request = (method, path, body, options = {}) => call(method, path, body, { ...options, pageSignal: signalOf(method) });
  const data = async (...args) => (await request(...args)).data;
  return {
    request,
    get: (path, options) => data("GET", path, undefined, options),
    post: (path, body, options) => data("POST", path, body ?? {}, options),
    put: (path, body, options) => data("PUT", path, body, options),
    patch: (path, body, options) => data("PATCH", path, body, options),
    delete: (path, options) => data("DELETE", path, undefined, options),
    stream: async (path, body, on, options = {}) => {
      const answer = await send("POST", path, body, { ...options, pageSignal, timeout: 0, accept: "text/event-stream" });
      await readEvents(answer.body, on);
    },
  };
}

/** Asks for new cookies, once for all who wait. True when the session goes on, null when that could not be found out. */
function refresh() {
  refreshing ??= fetch("/api/v1/auth/refresh", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" })
    .then(({ ok, status }) => ok || (status === 401 ? false : null), () => null)
    .finally(() => { refreshing = null; });
  return refreshing;
}

/** Whether a call that was refused may be repeated: with new cookies, or after signing in again, once for all who wait. */
async function renew(before) {
  // Somebody did while the call was on its way.
  if (entries !== before) return true;
  if (!entering) {
    const goesOn = await refresh();
    if (goesOn || entries !== before) return true;
    if (goesOn === null) return false;
  }
  entering ??= hooks.signedOut().finally(() => { entering = null; });
  const isBack = await entering;
  if (isBack && entries === before) entries += 1;
  return isBack;
}

async function call(method, path, body, options) {
  const answer = await send(method, path, body, options);
  const kind = answer.headers.get("content-type") ?? "";
  const data = answer.status === 204 ? null : options.blob ? await answer.blob() : kind.includes("json") ? await answer.json() : await answer.text();
  return { data, etag: answer.headers.get("etag"), headers: answer.headers, status: answer.status };
}

async function send(method, path, body, options) {
  const init = { method, headers: headersOf(body, options), body: body === undefined || body instanceof Blob ? body : JSON.stringify(body) };
  const place = withQuery(path, options.query);
  const before = entries;
  let answer = await attempt(place, init, options);
  if (answer.status === 401 && !options.isEntry) {
    const problem = await problemOf(answer.clone());
    const again = problem.code === "step_up_required" ? await hooks.stepUp(problem) : await renew(before);
    if (again) answer = await attempt(place, init, options);
  }
  if (answer.ok) return answer;
  throw new ApiError(answer.status, await problemOf(answer), Number(answer.headers.get("retry-after")) || null);
}

async function attempt(place, init, { pageSignal, signal, timeout = TIMEOUT_MS }) {
  const limit = timeout ? AbortSignal.timeout(timeout) : null;
  const signals = [pageSignal, signal, limit].filter(Boolean);
  try {
    return await fetch(place, { ...init, signal: signals.length ? AbortSignal.any(signals) : undefined });
  } catch (error) {
    if (isAbort(error)) throw error;
    if (error.name === "TimeoutError") throw new ApiError(0, { code: "timeout", detail: c("slow") });
    throw new ApiError(0, { code: "offline", detail: c("offline") });
  }
}

function headersOf(body, { ifMatch, create, accept, headers }) {
  const all = { accept: accept ?? "application/json", "accept-language": locale(), ...headers };
  if (body !== undefined) all["content-type"] = body instanceof Blob ? body.type : "application/json";
  if (ifMatch != null) all["if-match"] = typeof ifMatch === "number" ? `"v${ifMatch}"` : ifMatch;
  if (create) all["idempotency-key"] = newKey();
  if (workspace) all["x-workspace-id"] = workspace;
  return all;
}

function withQuery(path, query) {
  const pairs = Object.entries(query ?? {}).filter(([, value]) => value != null && value !== "");
  return pairs.length ? `${path}?${new URLSearchParams(pairs)}` : path;
}

async function problemOf(answer) {
  try { return await answer.json(); } catch { return {}; }
}

// crypto.randomUUID is not there on plain http, where a first look at a server often happens.
const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
