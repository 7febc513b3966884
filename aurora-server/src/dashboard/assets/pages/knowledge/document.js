// One document: what it is, its versions and its passages.
import { formDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { dateTime } from "../../kit/format.js";
import { badge, button, card, emptyState, errorState, loadingState, pageHead } from "../../kit/parts.js";
import { toast } from "../../kit/toast.js";
import { isAbort } from "../../kit/api.js";
import { removeDocument, sourceOf, statusBadge } from "./documents.js";
import { quoted } from "./passage.js";

/** The page of a document. */
export function documentPage(root, ctx) {
  const { t, api, can, id, href, navigate, setTitle } = ctx;
  const path = `/api/v1/knowledge/documents/${id}`;
  const back = () => h("a", { class: "button small", href: href("knowledge") }, t("back"));
  const mayWrite = can("knowledge:write");

  /** Draws the page anew; `pressed` names the button that has the focus afterwards. */
  async function load(pressed) {
    root.replaceChildren(pageHead(t("documents"), { actions: back() }), loadingState(6));
    try {
      const document = await api.get(path);
      const [versions, chunks] = await Promise.all([api.get(`${path}/versions`), api.get(`${path}/chunks`)]);
      setTitle(document.title);
      show(document, versions.items, chunks.items);
      if (pressed && globalThis.document.activeElement === globalThis.document.body) root.querySelector(`[data-does="${pressed}"]`)?.focus({ preventScroll: true });
    } catch (error) {
      if (isAbort(error)) return;
      root.replaceChildren(pageHead(t("documents"), { actions: back() }), error.status === 404 ? emptyState(t("gone"), t("goneText")) : errorState(error, () => load(pressed)));
    }
  }
  function show(document, versions, chunks) {
    const fact = (label, ...content) => [h("dt", null, label), h("dd", null, content)];
    const isWritable = mayWrite && ["manual", "url", "correction"].includes(document.source.kind);
    root.replaceChildren(
      pageHead(raw(document.title), { actions: [back(), isWritable && button(t("newVersion"), () => write(document, versions), { kind: "primary", "data-does": "write" }), mayWrite && button(t("reindex"), () => reindex(), { icon: "refresh", "data-does": "reindex" }), mayWrite && button(t("delete"), () => remove(document), { "data-does": "remove" })] }),
      card(null, {}, h("dl", { class: "facts" }, fact(t("state"), statusBadge(document, t)), fact(t("source"), sourceOf(document, t)), fact(t("revision"), raw(document.version)), fact(t("language"), t(document.language === "en" ? "language.en" : "language.pt")),
        fact(t("identity"), raw(document.external_id, { class: "mono" })), fact(t("changed"), raw(dateTime(document.updated_at))), document.client_id && fact(t("aboutClient"), h("a", { href: href("clients", document.client_id) }, raw(document.client_id))))),
      h("div", { class: "columns" },
        card(t("passages", { count: chunks.length }), { class: "two-thirds" }, h("ol", { class: "passages" }, chunks.map((chunk) => h("li", { class: "passage" }, h("h3", null, raw(chunk.headings.join(" › ") || `${chunk.ordinal + 1}`)), quoted(t, chunk.text, chunk.headings), ratingsOf(chunk))))),
        card(t("versions"), { about: t("versionsAbout"), class: "third" }, h("ol", { class: "versions" }, versions.map((one) => h("li", null, h("details", null,
          h("summary", null, t("version", { count: one.version }), raw(" · "), raw(dateTime(one.created_at), { class: "soft" }), one.version === document.version && [raw(" "), badge("good", t("now"))]), h("pre", { class: "version-text", translate: "no", tabindex: "0" }, one.text))))))));
  }
  function ratingsOf(chunk) {
    const list = h("ul", { class: "small" });
    const ask = async () => {
      try {
        const { items } = await api.get(`/api/v1/knowledge/chunks/${chunk.id}/ratings`);
        list.replaceChildren(...(items.length ? items.map((one) => h("li", null, t(one.kind), raw(` · ${dateTime(one.at)} `), one.is_reverted && h("span", { class: "soft" }, t("isTaken")))) : [h("li", { class: "soft" }, t("noRatings"))]));
      } catch (error) {
        if (!isAbort(error)) list.replaceChildren(h("li", { class: "field-error", role: "alert" }, raw(error.message)));
      }
    };
    return h("details", { class: "small", on: { toggle: (event) => { if (event.target.open) ask(); } } }, h("summary", null, t("ratingsOf")), list);
  }
  async function write(document, versions) {
    const made = await formDialog({ title: t("newVersionTitle"), action: t("newVersionDo"), broad: true,
      fields: [{ name: "title", label: t("name"), required: true, value: document.title, attributes: { maxlength: "300" } }, { name: "content", label: t("content"), type: "textarea", rows: 14, required: true, value: versions[0]?.text, hint: t("contentHint") }],
      submit: ({ title, content }) => api.post("/api/v1/knowledge/documents", { title, content, format: "markdown", external_id: document.external_id, url: document.source.kind === "url" ? document.source.reference : null, client_id: document.client_id, language: document.language }, { create: true }) });
    if (!made) return;
    toast(made.version === document.version ? t("unchanged") : t("saved", { count: made.version }));
    load("write");
  }
  async function reindex() {
    try {
      await api.post(`${path}/reindex`, {}, { create: true });
      toast(t("reindexed"));
      load("reindex");
    } catch (error) {
      if (!isAbort(error)) toast(t("failed", { detail: error.message }));
    }
  }
  async function remove(document) {
    const isGone = await removeDocument(ctx, document);
    if (isGone) navigate(href("knowledge"), { replace: true });
    else if (isGone === false) load("remove");
  }
  load();
}
