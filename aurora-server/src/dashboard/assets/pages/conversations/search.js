import { h, raw } from "../../kit/dom.js";
import { dateTime } from "../../kit/format.js";
import { button, emptyState, errorState, loadingState } from "../../kit/parts.js";
import { isAbort } from "../../kit/api.js";
import { nameOf } from "./people.js";
import { textOf } from "./content.js";

const SHOWN = 30;
const NAMED = 12;
const CONTACTS = 8;

/** Contacts by their names and numbers, and messages by their words: {form, element, focus(), onShow(listener)}. */
export function searchResults({ t, api, href }, { open, onEnd }) {
  const input = h("input", { type: "search", "aria-label": t("search"), placeholder: t("search"), autocomplete: "off", maxlength: "200" });
  const form = h("form", { class: "talks-search", role: "search", on: { submit: (event) => { event.preventDefault(); look(); } } }, input,
    button(t("search"), null, { type: "submit", icon: "search", iconOnly: true }));
  const element = h("div", { class: "talks-body", hidden: true });
  const named = new Map();
  let tell = () => {};
  let round = 0;

  input.addEventListener("input", () => { if (!input.value.trim()) end(); });
  input.addEventListener("keydown", (event) => { if (event.key === "Escape" && !element.hidden) end(); });
  function end() {
    round += 1;
    element.hidden = true;
    input.value = "";
    onEnd();
  }
  async function look() {
    const q = input.value.trim();
    if (!q) return end();
    const mine = (round += 1);
    element.hidden = false;
    tell();
    element.replaceChildren(loadingState());
    try {
      const [{ items }, { items: talks }] = await Promise.all([api.get("/api/v1/conversations/search", { query: { q, limit: SHOWN } }), api.get("/api/v1/conversations", { query: { q, limit: CONTACTS } })]);
      for (const { id, contact } of talks) named.set(id, contact);
      const unknown = [...new Set(items.map(({ conversation_id: id }) => id))].filter((id) => !named.has(id)).slice(0, NAMED);
      await Promise.all(unknown.map(async (id) => named.set(id, (await api.get(`/api/v1/conversations/${id}`)).contact)));
      if (mine !== round) return;
      element.replaceChildren(...[h("div", { class: "talks-found" }, h("p", { class: "soft small", role: "status" }, t("results", { count: items.length + talks.length })), button(t("endSearch"), end, { small: true, kind: "plain" })),
        talks.length > 0 && h("p", { class: "talks-kind" }, t("foundContacts")), talks.length > 0 && h("ul", { class: "talks" }, talks.map(talk)),
        talks.length > 0 && items.length > 0 && h("p", { class: "talks-kind" }, t("foundMessages")), items.length > 0 && h("ul", { class: "talks" }, items.map(result)),
        !talks.length && !items.length && emptyState(t("noFound"), t("noFoundText"), null, "search")].filter(Boolean));
    } catch (error) {
      if (!isAbort(error) && mine === round) element.replaceChildren(errorState(error, look));
    }
  }
  const opens = (id) => (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(id);
  };
  function talk({ id, contact, last_message_at: at }) {
    return h("li", null, h("a", { href: href("conversations", id), on: { click: opens(id) } }, h("span", { class: "talk-name" }, nameOf(contact, t)), raw(dateTime(at), { class: "talk-when" })));
  }
  function result({ conversation_id: id, content, sent_at: at, author }) {
    const contact = named.get(id);
    return h("li", null, h("a", { href: href("conversations", id), on: { click: opens(id) } },
      h("span", { class: "talk-name" }, contact ? nameOf(contact, t) : t(`by.${author.kind}`)), raw(dateTime(at), { class: "talk-when" }), raw(textOf(content) ?? "", { class: "talk-sub" })));
  }
  return { form, element, focus: () => input.focus(), onShow: (listener) => { tell = listener; } };
}
