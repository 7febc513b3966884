import { confirm } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { filters } from "../../kit/filters.js";
import { relative } from "../../kit/format.js";
import { badge, button, card, emptyState } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { toast } from "../../kit/toast.js";
import { isAbort } from "../../kit/api.js";
import { has } from "../../kit/words.js";
import { words } from "./words.js";

const SOURCES = ["manual", "url", "file", "conversation", "correction"];
// Pages of a search that are asked for at once; there may be thousands of titles without the words.
const MOST_PAGES = 5;
const KINDS = { ready: "good", embedding: "info", words: "" };

/** The state of a document. */
export const statusBadge = ({ status }, t) => badge(KINDS[status] ?? "warn", has(words, `status.${status}`) ? t(`status.${status}`) : raw(status));
/** Where a document is from. */
export function sourceOf({ source }, t) {
  const name = has(words, `source.${source.kind}`) ? t(`source.${source.kind}`) : raw(source.kind);
  return source.kind === "url" && /^https?:\/\//.test(source.reference ?? "") ? h("a", { href: source.reference, target: "_blank", rel: "noopener noreferrer" }, name) : name;
}

/** Deletes a document after a question; true when it is gone, false when it could not be, null when nobody wanted to. */
export async function removeDocument({ t, api }, document) {
  if (!(await confirm({ title: t("deleteTitle"), text: [raw(document.title, { class: "strong" }), raw(". "), t("deleteText")], action: t("delete"), danger: true }))) return null;
  try {
    await api.delete(`/api/v1/knowledge/documents/${document.id}`, { ifMatch: `"v${document.version}"` });
    toast(t("deleted", { title: document.title }));
    return true;
  } catch (error) {
    if (!isAbort(error)) toast(error.status === 412 ? t("faster") : t("failed", { detail: error.message }));
    return false;
  }
}

/** The documents of the workspace, by title, source and state: {element, reload()}. */
export function documentsCard(ctx, { add }) {
  const { t, api, can, href } = ctx;
  const mayWrite = can("knowledge:write");
  const bar = filters(t("find"), [
    { name: "q", type: "search", label: t("find") },
    { name: "source", type: "select", label: t("source"), options: [["", t("all")], ...SOURCES.map((source) => [source, t(`source.${source}`)])] },
    { name: "status", type: "select", label: t("state"), options: [["", t("all")], ...Object.keys(KINDS).map((status) => [status, t(`status.${status}`)])] },
  ], () => list.reload());
  const empty = h("div");
  const list = table({
    caption: t("documents"), empty,
    load: async ({ cursor, signal }) => {
      const chosen = bar.values();
      const isNarrow = Object.values(chosen).some(Boolean);
      empty.replaceChildren(isNarrow ? emptyState(t("noneFound"), null, null, "search") : emptyState(t("none"), t("noneText"), mayWrite && button(t("add"), add, { icon: "plus" }), "knowledge"));
      // A search looks at so many titles at a time: a page without any is not yet the last.
      let page = { items: [], next: cursor };
      for (let pages = 0; pages < MOST_PAGES && !page.items.length && (pages === 0 || page.next); pages += 1) {
        page = await api.get("/api/v1/knowledge/documents", { query: { ...chosen, cursor: page.next }, signal });
      }
      return page;
    },
    columns: [
      { label: t("name"), header: true, render: (item) => h("a", { href: href("knowledge", item.id) }, raw(item.title)) },
      { label: t("state"), render: (item) => statusBadge(item, t) },
      { label: t("source"), render: (item) => sourceOf(item, t) },
      { label: t("revision"), end: true, render: (item) => raw(item.version) },
      { label: t("passagesHead"), end: true, render: (item) => raw(item.chunks) },
      { label: t("changed"), end: true, render: (item) => raw(relative(item.updated_at), { class: "nowrap" }) },
      { label: mayWrite ? t("actions") : "", end: true, bare: true, render: (item) => (mayWrite ? button(t("delete"), () => remove(item), { small: true, "data-deletes": item.id, "aria-label": `${t("delete")}: ${item.title}` }) : "") },
    ],
  });
  /** Deletes a document; the focus goes on to the button that stands in the place of its own. */
  async function remove(item) {
    const buttons = () => [...list.element.querySelectorAll("[data-deletes]")];
    const place = buttons().findIndex((one) => one.dataset.deletes === item.id);
    if ((await removeDocument(ctx, item)) == null) return;
    await list.reload();
    if (document.activeElement !== document.body) return;
    const left = buttons();
    (left[Math.min(place, left.length - 1)] ?? bar.element.querySelector("input")).focus({ preventScroll: true });
  }
  return { element: card(t("documents"), { about: t("documentsAbout") }, h("div", { class: "stack" }, bar.element, list.element)), reload: list.reload };
}
