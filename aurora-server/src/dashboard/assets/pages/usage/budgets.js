import { isAbort } from "../../kit/api.js";
import { fill, h, raw } from "../../kit/dom.js";
import { compact, date, dateTime, percent, usd } from "../../kit/format.js";
import { poll } from "../../kit/live.js";
import { meter } from "../../kit/meter.js";
import { badge, card, emptyState, errorState, loadingState } from "../../kit/parts.js";
import { has } from "../../kit/words.js";
import { words } from "./words.js";

const POLL_SECONDS = 30;
const NEAR = 80;

/** The budgets of the workspace, its models and its keys, with how much is left: {element}. */
export function budgets({ t, api, signal }) {
  const place = h("div", null, loadingState());
  const turn = poll(async () => {
    try {
      const [own, keys] = await Promise.all([api.get("/api/v1/llm/budgets"), readKeys(api)]);
      const limited = keys.filter((key) => !key.revoked_at).map((key) => ({ ...key, scope: "key", subject: key.name }));
      const all = [...own.items, ...limited].filter((one) => one.budgets.length || one.requests_per_minute || one.tokens_per_minute || one.models);
      fill(place, all.length ? h("ul", { class: "budgets" }, all.map((one) => holder(t, one))) : emptyState(t("noBudgets"), t("noBudgetsText"), null, "usage"));
    } catch (error) {
      if (!isAbort(error)) fill(place, errorState(error, () => turn()));
    }
  }, POLL_SECONDS, signal);
  return { element: card(t("budgets"), { about: t("budgetsAbout") }, place) };
}

async function readKeys(api) {
  const items = [];
  let cursor = null;
  do {
    const page = await api.get("/api/v1/llm/keys", { query: { limit: 200, cursor } });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return items;
}

function holder(t, { scope, subject, prefix, budgets: own, requests_per_minute: requests, tokens_per_minute: tokens, models, expires_at: expires }) {
  const allowances = [
    requests && t("perMinute", { amount: compact(requests) }), tokens && t("tokensPerMinute", { amount: compact(tokens) }),
    models && t("onlyModels", { names: models.join(", ") }), expires && t("expires", { date: date(expires) }),
  ].filter(Boolean);
  return h("li", null, h("h3", null, has(words, `scope.${scope}`) ? t(`scope.${scope}`) : raw(scope), subject && [" ", raw(subject)], prefix && [" ", raw(`${prefix}…`, { class: "mono soft small" })]),
    own.map((budget) => budgetRow(t, budget)), allowances.map((text) => h("p", { class: "soft small" }, text)));
}

/** One budget; of one in dollars and tokens the more used of both decides. */
function budgetRow(t, { limit, limit_tokens: most, spent, reserved, spent_tokens: spentTokens, period, resets_at: resets, soft }) {
  const shares = [limit && share(spent.nanos + reserved.nanos, limit.nanos), most != null && share(spentTokens, most)].filter((one) => typeof one === "number");
  const used = Math.max(0, ...shares);
  const kind = used >= 100 ? (soft ? "warn" : "bad") : used >= NEAR ? "warn" : "";
  const name = has(words, `budget.${period}`) ? t(`budget.${period}`) : period;
  return h("div", { class: "budget" },
    h("div", { class: "budget-head" }, h("span", { class: "strong" }, name), used >= 100 ? badge(soft ? "warn" : "bad", t(soft ? "reached" : "refuses")) : soft ? badge("", t("soft")) : raw(percent(used))),
    meter(name, used, kind),
    limit && h("p", { class: "small" }, t("leftOf", { left: usd(Math.max(0, limit.nanos - spent.nanos - reserved.nanos) / 1e9), limit: usd(limit.usd) }), reserved.nanos > 0 && [" ", h("span", { class: "soft" }, t("held", { amount: usd(reserved.usd) }))]),
    most != null && h("p", { class: "small" }, t("tokensLeft", { left: compact(Math.max(0, most - spentTokens)), limit: compact(most) })),
    resets && h("p", { class: "soft small" }, t("resets", { time: dateTime(resets) })));
}

const share = (used, limit) => (limit > 0 ? (used / limit) * 100 : 100);
