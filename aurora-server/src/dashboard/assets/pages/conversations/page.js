import { h } from "../../kit/dom.js";
import { apiFor } from "../../kit/api.js";
import { listen, poll } from "../../kit/live.js";
import { emptyState, pageHead } from "../../kit/parts.js";
import { conversationList } from "./list.js";
import { loadChannels, loadMembers, makeWho } from "./people.js";
import { threadView } from "./thread.js";
import { words } from "./words.js";

export { words };
export const style = "/dashboard/assets/pages/conversations/page.css";

const POLL_SECONDS = 45;
const REST_MS = 2_000;
const LONGEST_REST_MS = 15_000;
const WIDE = matchMedia("(min-width: 861px)");
const ROOMY = matchMedia("(min-width: 1500px)");

/** The inbox: the list, and the conversation that is open; on a phone one of the two. */
export function mount(root, ctx) {
  const { t, api, signal } = ctx;
  const members = new Map();
  const channels = new Map();
  const who = makeWho(ctx, members);
  const list = conversationList(ctx, { open, who, channels });
  const nothing = h("section", { class: "card thread nothing", "aria-label": t("thread") }, emptyState(t("pick"), t("pickText"), null, "conversations"));
  const inbox = h("div", { class: "inbox" }, list.element, nothing);
  let current = null;
  let details = ROOMY.matches;
  root.append(pageHead(t("title"), { about: t("about") }), inbox);

  function show(id) {
    current?.ending.abort();
    current = null;
    list.select(id);
    inbox.classList.toggle("has-thread", Boolean(id));
    if (!id) return inbox.replaceChildren(list.element, nothing);
    const ending = new AbortController();
    signal.addEventListener("abort", () => ending.abort(), { once: true, signal: ending.signal });
    const view = threadView({ ...ctx, signal: ending.signal, api: apiFor(ending.signal) }, {
      id, who, members, channels, pauses, onBack: () => back(), onChanged: refreshSoon,
      showDetails: { get: () => details, set: (isOpen) => { details = isOpen; } } });
    current = { id, view, ending };
    inbox.replaceChildren(list.element, view.element);
    return view;
  }
  function open(id, { focus } = {}) {
    if (id !== current?.id) {
      goTo(ctx.href("conversations", id), WIDE.matches);
      show(id);
    }
    if (focus && !WIDE.matches) current.view.element.querySelector(".back-button")?.focus();
  }
  function back() {
    goTo(ctx.href("conversations"), true);
    show(null);
    ctx.setTitle(t("list"));
    list.focus();
  }
  // On a wide screen choosing is no step back; on a phone the browser's way back leads to the list.
  function goTo(path, isReplaced) {
    const address = new URL(location);
    address.pathname = path;
    history[isReplaced ? "replaceState" : "pushState"](null, "", address);
  }
  const pauses = async () => new Map((await api.get("/api/v1/conversations/paused").catch(() => ({ items: [] }))).items.map((one) => [one.channel, one]));

  let rest = null;
  let wait = REST_MS;
  let isDue = false;
  // At once, and less and less often while much happens: calls are counted.
  function refreshSoon() {
    if (rest) { isDue = true; return; }
    list.refresh();
    rest = setTimeout(() => {
      rest = null;
      wait = isDue ? Math.min(wait * 2, LONGEST_REST_MS) : REST_MS;
      if (isDue) refreshSoon();
      isDue = false;
    }, wait);
  }
  listen("/api/v1/conversations/events", { signal, on: {
    ready() {}, renew() {},
    conversation({ conversation_id: id }) {
      if (id === current?.id) current.view.refresh();
      refreshSoon();
    },
    message({ conversation_id: id, message_id: message }) {
      if (id === current?.id) current.view.heard(message);
      refreshSoon();
    },
  } });
  poll(list.refresh, POLL_SECONDS, signal);
  Promise.all([loadMembers(ctx), loadChannels(ctx)]).then(([people, ends]) => {
    people.forEach((name, id) => members.set(id, name));
    ends.forEach((name, id) => channels.set(id, name));
    list.fillChannels();
    list.refresh();
    current?.view.refresh();
  }, () => { /* names are missing, ids are not shown; everything else works */ });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select, dialog")) return;
    event.preventDefault();
    list.focusSearch();
  }, { signal });
  if (ctx.id) show(ctx.id);
  return () => { current?.ending.abort(); clearTimeout(rest); };
}
