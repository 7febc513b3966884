// Taking a document in: written text, Markdown, or a file.
import { openDialog } from "../../kit/dialog.js";
import { h, newId, raw } from "../../kit/dom.js";
import { form } from "../../kit/form.js";
import { number } from "../../kit/format.js";
import { choice } from "../../kit/parts.js";
import { toast } from "../../kit/toast.js";
import { upload } from "../../kit/upload.js";

const ACCEPTED = ".pdf,.html,.htm,.md,.markdown,.txt";

/** Adds a document; gives it, null when dismissed. */
export const addDialog = (ctx, { settings }) => openDialog(ctx.t("add"), (close) => {
  const { t, api, me } = ctx;
  const megabytes = `${number(settings.max_bytes / 1_048_576)} MiB`;
  const fileId = newId("file");
  const file = h("input", { type: "file", id: fileId, accept: ACCEPTED, "aria-describedby": `${fileId}-hint ${fileId}-error` });
  const fileError = h("p", { class: "field-error", id: `${fileId}-error`, hidden: true });
  const fileField = h("div", { class: "field", hidden: true }, h("label", { for: fileId }, t("file")), file, h("p", { class: "hint", id: `${fileId}-hint` }, t("fileHint", { size: megabytes })), fileError);
  const bar = h("progress", { max: "1", value: "0", "aria-label": t("uploading") });
  const progress = h("div", { class: "upload", role: "status", hidden: true }, h("span", null, t("uploading")), bar);
  const ending = new AbortController();
  const kind = choice(t("kind"), [["text", t("text")], ["markdown", t("markdown")], ["file", t("file")]], "text", (value) => {
    fileField.hidden = value !== "file";
    for (const name of ["title", "content", "url"]) parts.controls[name].closest(".field").hidden = value === "file";
  });
  const refuse = (text) => {
    fileError.hidden = false;
    fileError.replaceChildren(text);
    file.setAttribute("aria-invalid", "true");
    file.focus();
  };
  const parts = form({ action: t("addDo"), cancel: () => close(null),
    fields: [{ name: "title", label: t("name"), attributes: { maxlength: "300" } }, { name: "content", label: t("content"), type: "textarea", rows: 9, hint: t("contentHint") }, { name: "url", label: t("url"), type: "url", hint: t("urlHint") }],
    submit: async ({ title, content, url }) => {
      if (kind.value === "file") return send();
      const missing = [["title", title], ["content", content]].filter(([, value]) => !value.trim()).map(([field]) => ({ field, message: t("required") }));
      if (missing.length) throw Object.assign(new Error(), { errors: missing });
      const { data, status } = await api.request("POST", "/api/v1/knowledge/documents", { title: title.trim(), content, format: kind.value, url: url.trim() || null }, { create: true });
      return done(data, status);
    } });
  async function send() {
    fileError.hidden = true;
    file.removeAttribute("aria-invalid");
    const chosen = file.files[0];
    if (!chosen) return refuse(t("noFile"));
    if (chosen.size > settings.max_bytes) return refuse(t("tooLarge", { size: megabytes }));
    progress.hidden = false;
    try {
      const fields = { title: chosen.name.replace(/\.[^.]+$/, ""), external_id: chosen.name.slice(0, 200) };
      return done(await upload("/api/v1/knowledge/documents/upload", { fields, file: chosen }, { me, signal: AbortSignal.any([ctx.signal, ending.signal]), onProgress: (part) => { bar.value = part; } }), 201);
    } catch (error) {
      const wrong = error.errors?.find(({ field }) => field === "file" || field === "content");
      if (!wrong) throw error;
      return refuse(raw(wrong.message));
    } finally {
      progress.hidden = true;
    }
  }
  function done(made, status) {
    toast(t(status === 200 ? "same" : "added", { title: made.title }));
    close(made);
  }
  parts.element.prepend(kind.element);
  // However the dialog is closed, nothing is sent any more.
  queueMicrotask(() => parts.element.closest("dialog")?.addEventListener("close", () => ending.abort()));
  parts.controls.url.closest(".field").after(fileField, progress);
  return parts.element;
}, { broad: true });
