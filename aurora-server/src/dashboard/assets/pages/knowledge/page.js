import { h } from "../../kit/dom.js";
import { button, pageHead } from "../../kit/parts.js";
import { isAbort } from "../../kit/api.js";
import { toast } from "../../kit/toast.js";
import { addDialog } from "./add.js";
import { askCard } from "./ask.js";
import { documentPage } from "./document.js";
import { documentsCard } from "./documents.js";
import { figuresCard } from "./figures.js";
import { words } from "./words.js";

export { words };
export const style = "/dashboard/assets/pages/knowledge/page.css";

/** The documents of the workspace: asked, found, rated, added; or one of them. */
export function mount(root, ctx) {
  if (ctx.id) return documentPage(root, ctx);
  const { t, api, can } = ctx;
  const settings = api.get("/api/v1/knowledge/settings");
  const figures = figuresCard(ctx, { settings });
  const documents = documentsCard(ctx, { add });
  const ask = askCard(ctx, { onFeedback: () => { figures.refresh(); documents.reload(); } });
  const opener = can("knowledge:write") && button(t("add"), add, { kind: "primary", icon: "plus" });
  async function add() {
    try {
      if (!(await addDialog(ctx, { settings: await settings }))) return;
      await documents.reload();
      // The button of an empty list is gone with its emptiness.
      if (document.activeElement === document.body) opener.focus({ preventScroll: true });
    } catch (error) {
      if (!isAbort(error)) toast(t("failed", { detail: error.message }));
    }
  }
  root.append(pageHead(t("title"), { about: t("about"), actions: opener }),
    h("div", { class: "columns" }, h("div", { class: "two-thirds" }, ask.element), h("div", { class: "third" }, figures.element), documents.element));
  return null;
}
