import { h, put, raw } from "../../kit/dom.js";
import { badge, button, emptyState, errorState, loadingState } from "../../kit/parts.js";
import { isAbort } from "../../kit/api.js";
import { zoned } from "../../kit/zone.js";
import { makeActions } from "./actions.js";
import { composer } from "./composer.js";
import { contactCard } from "./contact.js";
import { later, messageList } from "./messages.js";
import { addressOf, nameOf } from "./people.js";
import { assistantSteps } from "./steps.js";
import { post, unsent } from "./unsent.js";

const NEAR_PX = 80;
const MOST_SINGLE = 4;
const BADGES = { open: "good", pending: "warn", closed: "" };

/** One conversation: {element, heard(messageId), refresh(), focus()}. */
export function threadView(ctx, { id, who, members, channels, pauses, onBack, onChanged, showDetails }) {
  const { t, api, can, me, signal } = ctx;
  const path = `/api/v1/conversations/${id}`;
  const mayWrite = can("conversation:write");
  let conversation = null;
  let messages = [];
  let cursor = null;
  let pause = null;
  let waiting = new Set();

  const title = h("h2", { tabindex: "-1" });
  const sub = h("p", { class: "soft small" });
  const buttons = h("div", { class: "actions" });
  const details = button(t("details"), () => toggle(), { small: true, "aria-expanded": "false", class: "details-button" });
  const head = h("header", { class: "thread-head" }, button(t("back"), onBack, { kind: "plain", icon: "arrow", iconOnly: true, class: "back-button" }), h("div", { class: "thread-title" }, title, sub), buttons, details);
  const earlier = button(t("earlier"), loadEarlier, { small: true, hidden: true });
  const list = messageList(ctx, { who, name: () => ({ text: conversation.contact.name || addressOf(conversation.contact) || t("nameless"), isName: Boolean(conversation.contact.name || addressOf(conversation.contact)) }), onAgain: mayWrite && again, onDiscard: discard });
  const log = h("div", { class: "thread-log", role: "log", "aria-label": t("thread"), tabindex: "0", on: { scroll: () => { if (isNear()) newer.hidden = true; } } }, earlier, list.element);
  const newer = button(t("newer"), () => bottom(), { small: true, hidden: true, class: "newer" });
  const actions = makeActions(ctx, { id, who, now: () => conversation, changed, reload: refresh });
  const reply = mayWrite && composer(ctx, { id, send, reopen: actions.reopen, onResumed: loadPauses });
  const contact = contactCard(ctx, { actions, changed });
  const steps = assistantSteps(ctx, id);
  const outbox = unsent({ user: me.user?.id, id, signal, arrived: (message) => merge([message]), failed: draw });
  const handling = h("section", { class: "aside-part" });
  const aside = h("aside", { class: "thread-aside", "aria-label": t("details"), hidden: true }, handling, contact.element, steps.element);
  const column = h("div", { class: "thread-column" }, log, newer, reply && reply.element);
  const element = h("section", { class: "card thread", "aria-label": t("thread") }, loadingState(6));

  const isNear = () => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_PX;
  function bottom() {
    log.scrollTop = log.scrollHeight;
    newer.hidden = true;
  }
  function toggle(isOpen = aside.hidden) {
    aside.hidden = !isOpen;
    details.setAttribute("aria-expanded", String(isOpen));
    element.classList.toggle("has-aside", isOpen);
    showDetails.set(isOpen);
  }
  async function load() {
    try {
      const [first, page] = await Promise.all([api.get(path), api.get(`${path}/messages`, { query: { limit: 50 } })]);
      cursor = page.next;
      element.replaceChildren(head, column, aside);
      changed(first, true);
      merge(page.items);
      bottom();
      toggle(showDetails.get());
      loadPauses();
      markRead();
    } catch (error) {
      if (isAbort(error)) return;
      element.replaceChildren(error.status === 404 ? emptyState(t("gone"), t("goneText"), button(t("back"), onBack)) : errorState(error, load));
    }
  }
  async function loadPauses() {
    pause = (await pauses()).get(conversation.channel_id) ?? null;
    reply?.update?.(conversation, pause);
  }
  function changed(after, isFirst) {
    conversation = after;
    const person = who(after.assignee);
    title.replaceChildren(nameOf(after.contact, t));
    ctx.setTitle(after.contact.name || addressOf(after.contact) || t("nameless"));
    const place = channels.get(after.channel_id);
    const zone = zoned();
    const until = after.window_expires_at && new Date(after.window_expires_at) > Date.now() ? after.window_expires_at : null;
    sub.replaceChildren(...[badge(BADGES[after.status], t(`status.${after.status}`)), h("span", null, t(after.channel_kind)), place && raw(place), addressOf(after.contact) && raw(addressOf(after.contact)),
      h("span", null, t("answeredBy", { name: person.text })), until && h("span", null, t("windowUntil", { time: zone.time(until) }))].filter(Boolean));
    showButtons();
    contact.update(after);
    reply?.update?.(after, pause);
    if (!isFirst) onChanged();
  }
  function showButtons() {
    if (!mayWrite) return;
    const { status, assignee } = conversation;
    const isMine = assignee.kind === "person" && assignee.id === me.user?.id;
    // Members may be known later than the conversation.
    const state = `${status}|${assignee.kind}|${assignee.id}|${members.size}`;
    if (buttons.dataset.state === state) return;
    const [hadFocus, wasHandling] = [buttons, handling].map((part) => part.contains(document.activeElement));
    buttons.dataset.state = state;
    buttons.replaceChildren(...[me.user && !isMine && button(t("takeOver"), () => actions.assign({ kind: "person", id: me.user.id }), { small: true }),
      status === "open" && button(t("pending"), actions.pending, { small: true }),
      status === "closed" ? button(t("reopen"), actions.reopen, { small: true }) : button(t("close"), actions.close, { small: true })].filter(Boolean));
    if (hadFocus) buttons.firstChild?.focus();
    const people = [...members].map(([key, name]) => [key, name]);
    const chosen = assignee.kind === "person" ? assignee.id : assignee.kind;
    const options = [["nobody", t("by.nobody")], ["assistant", t("assistant")], ...(me.user && !members.has(me.user.id) ? [[me.user.id, me.user.name]] : []), ...people];
    if (!options.some(([key]) => key === chosen)) options.push([chosen, who(assignee).text]);
    const select = h("select", { "aria-label": t("assign"), on: { change: async () => {
      await actions.assign(["nobody", "assistant"].includes(select.value) ? { kind: select.value } : { kind: "person", id: select.value });
      select.value = chosen; // what was refused is not chosen
    } } },
      options.map(([key, text]) => h("option", { value: key, selected: key === chosen ? true : null, translate: key.startsWith("usr_") ? "no" : null }, text)));
    handling.replaceChildren(h("h3", null, t("assign")), select,
      assignee.kind === "assistant" ? button(t("handOver"), () => actions.handOver(people), { small: true }) : button(t("handBack"), () => actions.assign({ kind: "assistant" }), { small: true }));
    if (wasHandling) select.focus();
  }
  function draw() {
    if (!conversation) return;
    const wasNear = isNear();
    const length = list.element.childElementCount;
    list.update([...messages, ...outbox.messages()].sort(inOrder));
    earlier.hidden = !cursor;
    if (wasNear) bottom();
    else if (list.element.childElementCount > length) newer.hidden = false;
  }
  function merge(items) {
    const known = new Map(messages.map((one) => [one.id, one]));
    for (const item of items) known.set(item.id, later(known.get(item.id), item));
    messages = [...known.values()].sort(inOrder);
    draw();
  }
  async function loadEarlier() {
    earlier.disabled = true;
    const height = log.scrollHeight;
    try {
      const page = await api.get(`${path}/messages`, { query: { cursor, limit: 50 } });
      cursor = page.next;
      merge(page.items);
      log.scrollTop += log.scrollHeight - height;
      newer.hidden = true;
    } catch (error) {
      if (!isAbort(error)) earlier.after(errorState(error));
    } finally {
      earlier.disabled = false;
    }
  }
  async function refresh() {
    if (!conversation) return;
    try {
      const [now, page] = await Promise.all([api.get(path), api.get(`${path}/messages`, { query: { limit: 50 } })]);
      await outbox.sending();
      if (signal.aborted) return;
      changed(now, true);
      merge(page.items);
      markRead();
    } catch (error) {
      if (!isAbort(error) && error.status !== 404) put(newer, t("failed", { detail: error.message }));
    }
  }
  async function hear() {
    const ids = [...waiting];
    waiting = new Set();
    if (!conversation || !ids.length) return;
    // What is being sent is told here as well: its answer comes first, so that it is not there twice.
    await outbox.sending();
    if (ids.length > MOST_SINGLE) return void refresh();
    try {
      const items = await Promise.all(ids.map((one) => api.get(`/api/v1/conversations/messages/${one}`)));
      merge(items);
      if (items.some(({ author }) => author.kind === "assistant")) steps.refresh();
      if (items.some(({ direction }) => direction === "in")) changed(await api.get(path), true);
      markRead();
    } catch (error) {
      if (!isAbort(error)) refresh();
    }
  }
  async function markRead() {
    const last = messages.filter(({ direction }) => direction === "in").at(-1);
    if (!mayWrite || !last || !conversation.unread || document.hidden) return;
    try {
      await api.post(`${path}/read`, { up_to: last.position });
      conversation = { ...conversation, unread: 0 };
      onChanged();
    } catch { /* it stays unread, which the list tells */ }
  }
  async function send(given) {
    if (given.isStrict) merge([await post(id, given)]);
    else {
      outbox.add(given);
      draw();
    }
    bottom();
  }
  // With the key of the first try: what arrived although its answer did not is not sent twice.
  function again(message) {
    if (!message.isLocal) return send({ text: message.content.body, content: message.content.type === "text" ? undefined : message.content });
    outbox.again(message.id);
    draw();
  }
  function discard(message) {
    outbox.discard(message.id);
    draw();
  }
  document.addEventListener("visibilitychange", () => { if (conversation) markRead(); }, { signal });
  load();
  return {
    element, refresh,
    heard(messageId) {
      if (messageId) waiting.add(messageId);
      clearTimeout(hear.timer);
      hear.timer = setTimeout(hear, 120);
    },
    focus: () => (reply && element.contains(reply.element) ? reply.focus() : title.focus()),
  };
}

const inOrder = (a, b) => Date.parse(a.sent_at) - Date.parse(b.sent_at) || (a.position || Infinity) - (b.position || Infinity);
