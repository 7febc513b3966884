// What is shown once: keys, links, recovery codes.
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { button } from "./parts.js";
import { texts } from "./words.js";

const t = texts({
  en: { copy: "Copy", copied: "Copied", notCopied: "The browser does not allow it: mark the text and copy it.", done: "I have kept it" },
  "pt-BR": { copy: "Copiar", copied: "Copiado", notCopied: "O navegador não permite: selecione o texto e copie.", done: "Já guardei" },
});

/** A text with a button that copies it. */
export function copyable(label, value, { rows } = {}) {
  const field = rows ? h("textarea", { readonly: true, rows, class: "mono", "aria-label": label, translate: "no", value }) : h("input", { readonly: true, class: "mono", "aria-label": label, translate: "no", value });
  const said = h("span", { class: "soft small", role: "status" });
  const copy = async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(value);
      said.textContent = t("copied");
    } catch {
      // Without https browsers give no clipboard; what is marked can be copied by hand.
      said.textContent = document.execCommand("copy") ? t("copied") : t("notCopied");
    }
  };
  return h("div", { class: "stack tight" }, h("div", { class: "with-button" }, field, button(t("copy"), copy, { icon: "copy" })), said);
}

/** Shows something that cannot be shown again; closed by a button alone, so that it is not lost by a slip. */
export const showSecret = ({ title, text, label, value, rows }) =>
  openDialog(title, (close) => {
    const done = button(t("done"), () => close(true), { kind: "primary" });
    const element = h("div", { class: "stack" }, text && h("p", { class: "body" }, text), copyable(label, value, { rows }), h("div", { class: "form-foot" }, done));
    queueMicrotask(() => {
      element.closest("dialog")?.setAttribute("data-kept", "");
    });
    return element;
  }, { broad: true });
