import { isAbort } from "../../kit/api.js";
import { openDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { number } from "../../kit/format.js";
import { form } from "../../kit/form.js";
import { button, tile, tiles } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { toast } from "../../kit/toast.js";

const TIMEOUT_MS = 300_000;
const COUNTS = [["rows", "rows"], ["created", "new"], ["updated", "updated"], ["unchanged", "same"], ["skipped", "skipped"], ["refused", "refused"]];

/** Imports a CSV file after a check of every row; gives true when something was imported. */
export async function importClients({ t, api }) {
  let done = false;
  await openDialog(t("importTitle"), (close) => {
    const place = h("div", { class: "stack" });
    const status = h("p", { class: "hint", role: "status" });
    const call = (file, { duplicates, unknown }, query) =>
      api.post("/api/v1/clients/import", new Blob([file], { type: "text/csv" }), { timeout: TIMEOUT_MS, query: { duplicates, unknown_columns: unknown, ...query } });

    const choose = () => {
      const { element, controls } = form({
        action: t("check"), cancel: () => close(null),
        fields: [
          { name: "file", type: "file", label: t("file"), required: true, hint: t("checkNote"), attributes: { accept: ".csv,text/csv" } },
          { name: "duplicates", type: "select", label: t("duplicatesHow"), options: ["skip", "update", "fail"].map((one) => [one, t(`dup.${one}`)]) },
          { name: "unknown", type: "select", label: t("unknown"), options: ["ignore", "custom", "refuse"].map((one) => [one, t(`unknown.${one}`)]) },
        ],
        async submit(values) {
          status.textContent = t("checking");
          const [file] = controls.file.files;
          try {
            report(await call(file, values, { dry_run: true }), file, values);
          } finally {
            status.textContent = "";
          }
        },
      });
      place.replaceChildren(h("p", { class: "soft" }, t("importAbout")), element, status);
    };

    const report = (result, file, values) => {
      const { counts, errors, errors_beyond: beyond, dry_run: isCheck } = result;
      const good = counts.created + counts.updated;
      const problem = h("p", { class: "form-error", role: "alert", hidden: true });
      const go = button(t("importDo", { count: good }), async () => {
        go.disabled = true;
        status.textContent = t("importing");
        problem.hidden = true;
        try {
          const last = await call(file, values, { import_id: result.import_id });
          done = true;
          toast(t("importDone"));
          report(last, file, values);
        } catch (error) {
          if (isAbort(error)) return;
          problem.hidden = false;
          problem.replaceChildren(raw(error.message));
          go.disabled = false;
        } finally {
          status.textContent = "";
        }
      }, { kind: "primary" });
      const figures = COUNTS.map(([key, label]) => {
        const one = tile(t(label));
        one.set(number(counts[key]), { kind: key === "refused" && counts[key] ? "bad" : "" });
        return one;
      });
      const list = table({ caption: t("errors"), dense: true, columns: [
        { label: t("line"), header: true, render: ({ line }) => raw(number(line)) }, { label: t("column"), render: ({ header, field }) => raw(header ?? field) },
        { label: t("problem"), render: ({ message }) => raw(message) }] });
      if (errors.length) list.update(errors);
      const heading = h("h3", { tabindex: "-1" }, t(errors.length ? "errors" : isCheck ? "noErrors" : "importDone"));
      place.replaceChildren(h("div", { class: "import-counts" }, tiles(...figures)), heading, ...(errors.length ? [h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("errors") }, list.element)] : []),
        ...(beyond ? [h("p", { class: "soft" }, t("beyond", { count: beyond }))] : []), ...(isCheck && !good ? [h("p", { class: "soft" }, t("nothingToImport"))] : []), problem, status,
        h("div", { class: "form-foot" }, button(t("importFile"), choose), isCheck && good > 0 && go, button(t("close"), () => close(null), { kind: isCheck ? null : "primary" })));
      heading.focus();
    };
    choose();
    return place;
  }, { broad: true });
  return done;
}
