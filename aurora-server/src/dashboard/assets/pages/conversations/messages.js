// The history of a conversation: bubbles, notices, notes, with days between them.
import { h, keyed, raw } from "../../kit/dom.js";
import { dateTime } from "../../kit/format.js";
import { button } from "../../kit/parts.js";
import { isAbort } from "../../kit/api.js";
import { has } from "../../kit/words.js";
import { zoned } from "../../kit/zone.js";
import { contentOf, noticeOf } from "./content.js";
import { words } from "./words.js";

const ORDER = ["sending", "queued", "unknown", "accepted", "sent", "delivered", "read", "played"];
const FINAL = ORDER.indexOf("delivered");
const zone = zoned();

/** The later of two states of a message: what was told late does not take anything back. */
export function later(before, after) {
  if (!before) return after;
  const [old, fresh] = [ORDER.indexOf(before.delivery), ORDER.indexOf(after.delivery)];
  const isBack = after.delivery === "failed" ? old >= FINAL : before.delivery === "failed" ? fresh < FINAL && fresh >= 0 : fresh < old;
  return isBack ? { ...after, delivery: before.delivery, failure: before.failure } : after;
}

/** A list of messages: {element, update(messages)}; onAgain(message) and onDiscard(message) for what was not sent. */
export function messageList(ctx, { who, name, onAgain, onDiscard }) {
  const { t } = ctx;
  const element = h("ol", { class: "bubbles" });
  const update = keyed(element, ({ id }) => id, (item) => (item.day ? { element: dayLine(item.day) } : bubble(item)));

  function dayLine(day) {
    const today = zone.key(Date.now());
    const text = day === today ? t("today") : day === zone.add(today, -1) ? t("yesterday") : raw(zone.day(day, { weekday: "long", day: "numeric", month: "long" }));
    return h("li", { class: "bubble-day" }, h("h3", null, text));
  }
  function bubble(message) {
    if (message.content.type === "notice") return { element: h("li", { class: "bubble-notice" }, noticeOf(message.content, { t, who }), raw(` · ${zone.time(message.sent_at)}`)) };
    const foot = h("p", { class: "bubble-foot" });
    const author = message.direction === "in" ? name() : message.author.kind === "person" ? who(message.author) : { text: t(`by.${message.author.kind}`), isName: false };
    const isAssistant = message.author.kind === "assistant" && message.direction === "out";
    const node = h("li", { class: ["bubble", message.direction, message.author.kind] },
      h("p", { class: "bubble-author" }, message.direction === "note" ? [t("note"), raw(" · ")] : null, author.isName ? raw(author.text) : author.text),
      contentOf(message.content, t), isAssistant && message.position && sources(ctx, message.id), foot);
    let shown = null;
    return { element: node, update(item) {
      node.classList.toggle("follows", Boolean(item.follows));
      const state = `${item.delivery}|${item.failure}|${item.problem}|${item.reactions?.contact}|${item.reactions?.workspace}`;
      if (state === shown) return;
      shown = state;
      const isFailed = item.delivery === "failed";
      node.classList.toggle("failed", isFailed);
      foot.replaceChildren(...[raw(zone.time(item.sent_at), { title: dateTime(item.sent_at) }),
        item.direction === "out" && item.delivery && h("span", { class: "bubble-state", role: isFailed ? "alert" : null }, t(`delivery.${item.delivery}`)),
        ...[item.reactions?.contact, item.reactions?.workspace].filter(Boolean).map((emoji) => raw(emoji))].filter(Boolean));
      if (isFailed) foot.append(failureOf(item, t), ...[onAgain && button(t("again"), () => onAgain(item), { small: true, icon: "refresh" }), onDiscard && item.isLocal && button(t("discard"), () => onDiscard(item), { small: true, kind: "plain" })].filter(Boolean));
    } };
  }
  return { element, update(messages) {
    const rows = [];
    let [day, before] = [null, null];
    for (const message of messages) {
      const own = zone.key(message.sent_at);
      if (own !== day) rows.push({ id: `day-${own}`, day: own });
      const voice = `${own}|${message.direction}|${message.author.kind}|${message.author.id}|${message.content.type === "notice"}`;
      rows.push({ ...message, follows: voice === before });
      [day, before] = [own, voice];
    }
    update(rows);
  } };
}

function failureOf({ failure, problem }, t) {
  if (problem) return h("span", { class: "bubble-why" }, raw(problem));
  const code = failure?.split(":")[0];
  return h("span", { class: "bubble-why" }, has(words, `failure.${code}`) ? t(`failure.${code}`) : raw(failure ?? ""));
}

/** The passages that an answer of the assistant rests on, asked for when they are opened. */
function sources({ t, api }, id) {
  const list = h("div", { class: "bubble-sources" });
  const load = async () => {
    try {
      const { items } = await api.get(`/api/v1/assistant/messages/${id}/citations`);
      list.replaceChildren(...(items.length ? items.map((one) => citation(one, t)) : [h("p", { class: "soft" }, t("noSources"))]));
    } catch (error) {
      if (!isAbort(error)) list.replaceChildren(h("p", { class: "field-error", role: "alert" }, raw(error.message)));
    }
  };
  return h("details", { class: "small", on: { toggle: (event) => { if (event.target.open && !list.childNodes.length) load(); } } }, h("summary", null, t("sources")), list);
}

/** A passage with its document: where it stands, and what it says. */
export const citation = ({ title, headings, quote, version }, t) => h("blockquote", { class: "citation" },
  h("p", { class: "strong" }, raw([title, ...headings].join(" › ")), raw(" · "), h("span", { class: "soft" }, t("version", { count: version }))), h("p", { translate: "no" }, quote));
