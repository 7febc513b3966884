// Calls of the server. Whatever goes wrong is an ApiError with words that may be shown.
import { c } from "./common.js";
import { duration } from "./format.js";
import { locale } from "./words.js";
import { readEvents } from "./sse.js";

const TIMEOUT_MS = 20_000;
const hooks = { stepUp: async () => false, signedOut: () => {} };
let workspace = null;
let refreshing = null;

/** What a call ended in: `status`, `code`, `message`, `errors` [{field, code, message}], `requestId`, `retryAfter` (s). */
export class ApiError extends Error {
  constructor(status, problem, retryAfter) {
    super(status === 429 && retryAfter ? c("tooMany", { time: duration(retryAfter) }) : problem.detail ?? c("unexpected", { status }));
    Object.assign(this, { status, code: problem.code ?? "unexpected", detail: problem.detail, errors: problem.errors ?? [],
      requestId: problem.request_id ?? null, retryAfter });
  }
}

/** Whether a call was ended by us: its page is gone. */
export const isAbort = (error) => error?.name === "AbortError";

/** What the shell does when a call takes a fresher login (`stepUp() → Promise<bool>`) or the session is over (`signedOut()`). */
export const setHooks = (given) => Object.assign(hooks, given);
/** The workspace that calls act in; null for that of the session. */
export const setWorkspace = (id) => { workspace = id; };

/**
 * Calls bound to a signal. Each takes options {query, ifMatch, create, blob, signal, timeout, headers}; `create: true` sends an
 * Idempotency-Key, `ifMatch` an ETag or a version; `blob: true` gives the body as a Blob; a Blob as body is sent as it is, with its type. get/post/put/patch/delete give the body, request {data, etag, headers, status},
 * stream(path, body, on) hands each server-sent event to on(name, data).
 */
export function apiFor(pageSignal) {
  const request = (method, path, body, options = {}) => call(method, path, body, { ...options, pageSignal });
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

/** Asks for new cookies, once for all who wait. True when the session goes on. */
function refresh() {
  refreshing ??= fetch("/api/v1/auth/refresh", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" })
    .then((answer) => answer.ok, () => false)
    .finally(() => { refreshing = null; });
  return refreshing;
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
  let answer = await attempt(place, init, options);
  if (answer.status === 401 && !options.isEntry) {
    const problem = await problemOf(answer.clone());
    const again = problem.code === "step_up_required" ? await hooks.stepUp(problem) : await refresh();
    if (again) answer = await attempt(place, init, options);
    else if (problem.code !== "step_up_required") hooks.signedOut();
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
