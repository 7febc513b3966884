import { confirm } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { relative } from "../../kit/format.js";
import { badge, button, card, emptyState } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { toast } from "../../kit/toast.js";
import { isAbort } from "../../kit/api.js";
import { has } from "../../kit/words.js";
import { forget, known } from "./known.js";
import { words } from "./words.js";

const PASSAGES = 50;
const MOST = 20;
const KINDS = { ready: "good", embedding: "info", words: "" };

/** The state of a document. */
export const statusBadge = ({ status }, t) => badge(KINDS[status] ?? "warn", has(words, `status.${status}`) ? t(`status.${status}`) : raw(status));
/** Where a document is from. */
export function sourceOf({ source }, t) {
  const name = has(words, `source.${source.kind}`) ? t(`source.${source.kind}`) : raw(source.kind);
  return source.kind === "url" && /^https?:\/\//.test(source.reference ?? "") ? h("a", { href: source.reference, target: "_blank", rel: "noopener noreferrer" }, name) : name;
}

/** Deletes a document after a question; true when it is gone. */
export async function removeDocument({ t, api, me }, document) {
  if (!(await confirm({ title: t("deleteTitle"), text: [raw(document.title, { class: "strong" }), raw(". "), t("deleteText")], action: t("delete"), danger: true }))) return false;
  try {
    await api.delete(`/api/v1/knowledge/documents/${document.id}`, { ifMatch: `"v${document.version}"` });
    forget(me, document.id);
    toast(t("deleted", { title: document.title }));
    return true;
  } catch (error) {
    if (!isAbort(error)) toast(error.status === 412 ? t("faster") : t("failed", { detail: error.message }));
    return false;
  }
}

/** Documents that are known here or found by their words: {element, reload()}. */
export function documentsCard(ctx, { add }) {
  const { t, api, me, can, href } = ctx;
  const mayWrite = can("knowledge:write");
  const input = h("input", { type: "search", "aria-label": t("find"), placeholder: t("find"), maxlength: "200", autocomplete: "off" });
  const form = h("form", { class: "find-line", role: "search", on: { submit: (event) => { event.preventDefault(); list.reload(); } } }, input, button(t("findDo"), null, { type: "submit", icon: "search", small: true }));
  input.addEventListener("input", () => { if (!input.value) list.reload(); });
  const empty = h("div");
  const one = async (id) => {
    try { return await api.get(`/api/v1/knowledge/documents/${id}`); } catch (error) {
      if (error.status !== 404) throw error;
      forget(me, id);
      return null;
    }
  };
  const list = table({
    caption: t("documents"), empty,
    load: async () => {
      const question = input.value.trim();
      const found = question ? (await api.post("/api/v1/knowledge/search", { question, limit: PASSAGES, words_only: true })).items.map(({ citation }) => citation.document_id) : known(me);
      const items = (await Promise.all([...new Set(found)].slice(0, MOST).map(one))).filter(Boolean);
      empty.replaceChildren(question ? emptyState(t("noneFound"), null, null, "search") : emptyState(t("none"), t("noneText"), mayWrite && button(t("add"), add, { icon: "plus" }), "knowledge"));
      return { items };
    },
    columns: [
      { label: t("name"), header: true, render: (item) => h("a", { href: href("knowledge", item.id) }, raw(item.title)) },
      { label: t("state"), render: (item) => statusBadge(item, t) },
      { label: t("source"), render: (item) => sourceOf(item, t) },
      { label: t("revision"), end: true, render: (item) => raw(item.version) },
      { label: t("passagesHead"), end: true, render: (item) => raw(item.chunks) },
      { label: t("changed"), end: true, render: (item) => raw(relative(item.updated_at), { class: "nowrap" }) },
      { label: mayWrite ? t("actions") : "", end: true, bare: true, render: (item) => (mayWrite ? button(t("delete"), async () => { if (await removeDocument(ctx, item)) list.reload(); }, { small: true, "aria-label": `${t("delete")}: ${item.title}` }) : "") },
    ],
  });
  return { element: card(t("documents"), { about: t("documentsAbout") }, form, list.element), reload: list.reload };
}
