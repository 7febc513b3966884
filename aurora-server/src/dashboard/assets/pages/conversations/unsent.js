// Messages on their way. They outlive the view of their conversation, and are kept while the page is open, and nowhere else.
import { apiFor } from "../../kit/api.js";
import { raw } from "../../kit/dom.js";
import { toast } from "../../kit/toast.js";

const MOST = 100;
// Without a signal: what was written is sent although its writer goes on.
const api = apiFor();
const held = new Map(); // by id, in the order of writing: {conversation, given, message, way}
const views = new Map(); // by conversation
let owner = null;
let count = 0;

const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Sends {text, content, isNote, key}; with the key of an earlier try nothing is sent twice. */
export const post = (id, { text, content, isNote, key = newKey() }) =>
  api.post(`/api/v1/conversations/${id}/${isNote ? "notes" : "messages"}`, content ? { content } : { text }, { headers: { "idempotency-key": key } });

/** What a user has not sent yet in a conversation: {messages(), sending(), add(given), again(id), discard(id)}; `arrived(message)` and `failed()` are told until the signal. */
export function unsent({ user, id, signal, arrived, failed }) {
  if (user !== owner) held.clear();
  owner = user;
  const view = { arrived, failed };
  views.set(id, view);
  signal.addEventListener("abort", () => { if (views.get(id) === view) views.delete(id); }, { once: true });
  const own = () => [...held.values()].filter(({ conversation }) => conversation === id);
  return {
    messages: () => own().map(({ message }) => message),
    sending: () => Promise.all(own().map(({ way }) => way)),
    add(given) {
      const local = `local-${(count += 1)}`;
      const entry = { conversation: id, given: { ...given, key: newKey() }, message: { id: local, isLocal: true, direction: given.isNote ? "note" : "out", author: user ? { kind: "person", id: user } : { kind: "system" },
        content: given.content ?? { type: "text", body: given.text }, sent_at: new Date().toISOString(), position: 0 } };
      held.set(local, entry);
      if (held.size > MOST) held.delete(held.keys().next().value);
      start(entry);
    },
    again: (local) => { if (held.has(local)) start(held.get(local)); },
    discard: (local) => held.delete(local),
  };
}

function start(entry) {
  entry.message = { ...entry.message, delivery: "sending", problem: null };
  entry.way = deliver(entry);
}

async function deliver(entry) {
  const { conversation, given } = entry;
  try {
    const message = await post(conversation, given);
    held.delete(entry.message.id);
    views.get(conversation)?.arrived(message);
  } catch (error) {
    entry.message = { ...entry.message, delivery: "failed", problem: error.errors?.[0]?.message ?? error.message };
    const view = views.get(conversation);
    if (view) view.failed();
    else if (error.status !== 401) toast(raw(entry.message.problem));
  }
}
