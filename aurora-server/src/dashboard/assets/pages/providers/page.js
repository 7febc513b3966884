import { confirm } from "../../kit/dialog.js";
import { h, keyed, put, raw } from "../../kit/dom.js";
import { button, emptyState, pageHead } from "../../kit/parts.js";
import { toast } from "../../kit/toast.js";
import { isAbort } from "../../kit/api.js";
import { targetCard } from "./target.js";
import { recentRequests } from "./requests.js";
import { words } from "./words.js";

export { words };
export const style = "/dashboard/assets/pages/providers/page.css";

// Each has an order of its own.
const TASKS = ["chat", "embeddings", "rerank"];

/** Each target in its place of the fallback order, and the last requests with all that was tried for them. */
export function mount(root, ctx) {
  const { t, api, pulse, signal, can } = ctx;
  const fallbacks = raw("", { class: "soft small" });
  const reset = can("operation:write") && button(t("reset"), () => resetAll(t, api), { icon: "refresh" });
  const list = h("ol", { class: "targets" });
  const none = h("div", { class: "card", hidden: true }, emptyState(t("noProviders"), t("noProvidersText")));
  const requests = recentRequests(ctx);
  root.append(pageHead(t("title"), { about: t("about"), actions: [fallbacks, reset] }), list, none, requests.element);

  const cards = new Set();
  const update = keyed(list, ({ target }) => target, (provider) => {
    const entry = targetCard(ctx, provider);
    cards.add(entry);
    return entry;
  });
  let states = "";
  pulse.subscribe({
    snapshot({ providers, totals }) {
      none.hidden = providers.length > 0;
      update([...providers].sort((one, other) => TASKS.indexOf(one.task) - TASKS.indexOf(other.task)));
      put(fallbacks, t("fallbacks", { count: totals.fallbacks }));
      const now = providers.map(({ state }) => state).join();
      if (states && now !== states) requests.turn();
      states = now;
    },
  }, signal);
  return () => cards.forEach((entry) => entry.remove());
}

async function resetAll(t, api) {
  if (!(await confirm({ title: t("resetTitle"), text: t("resetText"), action: t("resetDo"), danger: true }))) return;
  try {
    await api.post("/api/fallback/reset");
    toast(t("resetDone"));
  } catch (error) {
    if (!isAbort(error)) toast(t("resetFailed", { detail: error.message }));
  }
}
