import { fill, h, keyed, put, raw } from "../../kit/dom.js";
import { relative } from "../../kit/format.js";
import { badge, button, choice, emptyState, errorState, loadingState } from "../../kit/parts.js";
import { isAbort } from "../../kit/api.js";
import { searchResults } from "./search.js";
import { nameOf } from "./people.js";

const PAGE = 50;
const MOST = 200;
const STATUS = { pending: "warn", closed: "" };
// What a message without words is called.
const LAST = { media: "lastMedia", location: "location", contacts: "contacts" };

/** The list of conversations with its filters: {element, refresh(), select(id), focus(), focusSearch(), filters}. */
export function conversationList(ctx, { open, who, channels }) {
  const { t, api, me, query } = ctx;
  const filters = { assignee: query.get("assignee") ?? "", status: query.get("status") ?? "open", channel: query.get("channel") ?? "", tag: query.get("tag") ?? "", unread: query.get("unread") ?? "" };
  const tags = new Set(filters.tag ? [filters.tag] : []);
  let items = [];
  let next = null;
  let current = null;
  let round = 0;

  const rows = h("ul", { class: "talks", "aria-label": t("list"), on: { keydown: onKey } });
  const state = h("div", null, loadingState());
  const more = button(t("more"), loadMore, { small: true, hidden: true });
  const found = searchResults(ctx, { open: (id) => open(id), onEnd: () => showSearch(false) });
  const whoChoice = choice(t("who"), [["me", t("me")], ["nobody", t("nobody")], ["assistant", t("assistant")], ["", t("everybody")]].filter(([key]) => key !== "me" || me.user), filters.assignee, (value) => change("assignee", value));
  const counts = new Map([...whoChoice.element.children].map((one, index) => [(me.user ? ["me", "nobody", "assistant", ""] : ["nobody", "assistant", ""])[index], one.appendChild(h("span", { class: "tally", hidden: true }))]));
  const status = select(t("state"), [["", t("anyStatus")], ...["open", "pending", "closed"].map((key) => [key, t(`status.${key}`)])], filters.status, (value) => change("status", value));
  const channel = select(t("channel"), [["", t("anyChannel")]], filters.channel, (value) => change("channel", value));
  const tag = select(t("tag"), [["", t("anyTag")]], filters.tag, (value) => change("tag", value));
  const unread = h("input", { type: "checkbox", checked: filters.unread ? true : null, on: { change: () => change("unread", unread.checked ? "true" : "") } });
  const body = h("div", { class: "talks-body" }, rows, state, more);
  const element = h("section", { class: "card talks-card", "aria-label": t("list") }, found.form,
    h("div", { class: "talks-filters", role: "group", "aria-label": t("filters") }, whoChoice.element, h("div", { class: "talks-selects" }, status, channel, tag, h("label", { class: "talks-check" }, unread, t("unreadOnly")))), found.element, body);
  const update = keyed(rows, ({ id }) => id, (item) => row(item));
  fillTags();
  loadTags();

  function select(label, options, value, onChange) {
    return h("select", { "aria-label": label, on: { change: (event) => onChange(event.target.value) } }, options.map(([key, text]) => h("option", { value: key, selected: key === value ? true : null }, text)));
  }
  function fillChannels() {
    channel.append(...[...channels].map(([id, name]) => h("option", { value: id, translate: "no", selected: id === filters.channel ? true : null }, name)));
    channel.hidden = channels.size < 2;
  }
  /** Labels that are in use anywhere; those of the conversations that are loaded come as they are seen. */
  async function loadTags() {
    try {
      for (const { tag: name } of (await api.get("/api/v1/conversations/tags")).items) tags.add(name);
    } catch { return; /* those that are seen are offered */ }
    fillTags();
  }
  function fillTags() {
    const known = new Set([...tag.options].map(({ value }) => value));
    for (const name of tags) if (!known.has(name)) tag.append(h("option", { value: name, translate: "no", selected: name === filters.tag ? true : null }, name));
    tag.hidden = tags.size === 0;
  }
  function change(name, value) {
    filters[name] = value;
    const address = new URL(location);
    for (const [key, given] of Object.entries(filters)) {
      if (given === (key === "status" ? "open" : "")) address.searchParams.delete(key);
      else address.searchParams.set(key, given);
    }
    history.replaceState(history.state, "", address);
    items = [];
    update([]);
    more.hidden = true;
    state.replaceChildren(loadingState());
    refresh();
  }
  async function refresh() {
    const mine = (round += 1);
    const limit = Math.min(MOST, Math.max(PAGE, items.length));
    try {
      const [page, tally] = await Promise.all([api.get("/api/v1/conversations", { query: { ...filters, limit } }), api.get("/api/v1/conversations/unread")]);
      if (mine !== round) return;
      const isWhole = items.length <= limit;
      const heard = new Set(page.items.map(({ id }) => id));
      items = isWhole ? page.items : [...page.items, ...items.slice(limit).filter(({ id }) => !heard.has(id))];
      if (isWhole) next = page.next;
      showTally(tally.items);
      show();
    } catch (error) {
      if (isAbort(error) || mine !== round) return;
      if (!items.length) state.replaceChildren(errorState(error, refresh));
    }
  }
  async function loadMore() {
    more.disabled = true;
    try {
      const page = await api.get("/api/v1/conversations", { query: { ...filters, cursor: next, limit: PAGE } });
      const heard = new Set(items.map(({ id }) => id));
      items = [...items, ...page.items.filter(({ id }) => !heard.has(id))];
      next = page.next;
      show();
    } catch (error) {
      if (!isAbort(error)) state.replaceChildren(errorState(error, loadMore));
    } finally {
      more.disabled = false;
    }
  }
  function show() {
    // Rows that change their places lose the focus.
    const focused = rows.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    for (const { tags: own } of items) for (const one of own) tags.add(one);
    fillTags();
    update(items);
    more.hidden = !next;
    const isFiltered = Object.entries(filters).some(([key, value]) => value !== (key === "status" ? "open" : ""));
    state.replaceChildren(...(items.length ? [] : [isFiltered || channels.size ? emptyState(t("none"), t("noneText")) : emptyState(t("noneAtAll"), t("noneAtAllText"))]));
    if (focused) link(focused)?.focus({ preventScroll: true });
    mark();
  }
  function showTally(list) {
    const sums = { "": 0 };
    for (const { assignee, conversations } of list) {
      const key = assignee.kind !== "person" ? assignee.kind : assignee.id === me.user?.id ? "me" : "other";
      sums[key] = (sums[key] ?? 0) + conversations;
      sums[""] += conversations;
    }
    for (const [key, node] of counts) {
      node.hidden = !sums[key];
      node.replaceChildren(...(sums[key] ? [raw(sums[key], { class: "talk-unread", "aria-hidden": "true" }), h("span", { class: "unseen" }, raw(" "), t("unreadTalks", { count: sums[key] }))] : []));
    }
  }
  function row(first) {
    const name = h("span", { class: "talk-name" });
    const when = raw("", { class: "talk-when" });
    const said = h("span", { class: "talk-said" });
    const sub = h("span", { class: "talk-sub" });
    const tally = raw("", { class: "talk-unread" });
    const foot = h("span", { class: "talk-tags" });
    const anchor = h("a", { href: ctx.href("conversations", first.id), dataset: { id: first.id }, on: { click: (event) => follow(event, first.id) } }, name, when, said, tally, sub, foot);
    return { element: h("li", null, anchor), update(item) {
      name.replaceChildren(nameOf(item.contact, t));
      put(when, relative(item.last_message_at));
      fill(said, lastOf(item.last_message));
      const person = who(item.assignee);
      const place = channels.get(item.channel_id);
      sub.replaceChildren(place ? raw(place) : t(item.channel_kind), raw(" · "), person.isName ? raw(person.text) : person.text);
      anchor.classList.toggle("is-unread", item.unread > 0);
      tally.hidden = !item.unread;
      tally.replaceChildren(String(item.unread));
      foot.replaceChildren(...[item.unread > 0 && h("span", { class: "unseen" }, t("unread", { count: item.unread })), item.status !== "open" && badge(STATUS[item.status], t(`status.${item.status}`)), ...item.tags.map((one) => raw(one, { class: "label" }))].filter(Boolean));
    } };
  }
  /** What was said last, in a line; what was not sent says so. */
  function lastOf(last) {
    if (!last) return t("nothingSaid");
    const author = last.direction === "out" && who(last.author);
    const text = last.words ? raw(last.words) : t(LAST[last.kind] ?? "unsupported");
    return [last.delivery === "failed" && [badge("bad", t("delivery.failed")), raw(" ")], author && [author.isName ? raw(author.text) : author.text, raw(": ")], text];
  }
  function follow(event, id) {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(id, { focus: true });
  }
  function onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...rows.querySelectorAll("a")];
    all[Math.min(all.length - 1, Math.max(0, all.indexOf(document.activeElement) + step))]?.focus();
  }
  const link = (id) => rows.querySelector(`a[data-id="${CSS.escape(id)}"]`);
  function mark() {
    for (const one of rows.querySelectorAll("a")) {
      if (one.dataset.id === current) one.setAttribute("aria-current", "true");
      else one.removeAttribute("aria-current");
    }
  }
  const showSearch = (isOn) => { body.hidden = isOn; };
  found.onShow(() => showSearch(true));
  return {
    element, refresh, fillChannels, focusSearch: found.focus,
    select(id) { current = id; mark(); },
    focus() { (current && link(current) ? link(current) : rows.querySelector("a"))?.focus(); },
  };
}
