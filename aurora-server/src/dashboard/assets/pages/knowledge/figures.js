import { h, put, raw } from "../../kit/dom.js";
import { number } from "../../kit/format.js";
import { button, card, tile, tiles } from "../../kit/parts.js";
import { toast } from "../../kit/toast.js";
import { isAbort } from "../../kit/api.js";
import { chooseVersion } from "./log.js";

/** How far the feedback is, and the way back: {element, refresh()}. */
export function figuresCard(ctx, { settings }) {
  const { t, api, can } = ctx;
  const [ratings, reverted, revision] = [tile(t("ratings")), tile(t("reverted")), tile(t("revision"))];
  const problem = h("p", { class: "field-error", role: "alert", hidden: true });
  const back = can("knowledge:write") && button(t("revert"), revert, { small: true, disabled: true });
  const embedding = h("p", { class: "small soft" });
  let now = null;

  async function refresh() {
    try {
      now = await api.get("/api/v1/knowledge/feedback");
      problem.hidden = true;
      ratings.set(number(now.ratings));
      reverted.set(number(now.reverted));
      revision.set(number(now.version));
      if (back) back.disabled = now.version < 1;
    } catch (error) {
      if (isAbort(error)) return;
      problem.hidden = false;
      problem.replaceChildren(raw(error.message));
    }
  }
  async function revert() {
    const to = await chooseVersion(ctx, now.version);
    if (to == null) return;
    const made = await api.post("/api/v1/knowledge/feedback/revert", { version: to }, { create: true });
    refresh();
    toast(t("isReverted", { count: to }), { undo: async () => {
      try {
        await api.post("/api/v1/knowledge/feedback/restore", { version: made.version }, { create: true });
      } catch (error) {
        if (!isAbort(error)) toast(t("failed", { detail: error.message }));
      }
      refresh();
    } });
  }
  settings.then(({ embedding: model }) => put(embedding, `${t("embedding")}: ${model ? t("embeddingOn", { model: `${model.provider}/${model.model}` }) : t("embeddingOff")}`), () => { /* the figures are there without it */ });
  refresh();
  return { element: card(t("figures"), { about: t("figuresAbout"), actions: back }, tiles(ratings, reverted, revision), problem, embedding), refresh };
}
