import { formDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { number, relative, usd } from "../../kit/format.js";
import { button, card, emptyState } from "../../kit/parts.js";
import { showSecret } from "../../kit/secret.js";
import { table } from "../../kit/table.js";
import { toast } from "../../kit/toast.js";
import { ask, endOf, keyState, named, small } from "./shared.js";

const PATH = "/api/v1/llm/keys";
const PERIODS = ["month", "day", "total"];

/** Keys that ask models alone, with models, limits and a budget. */
export function modelKeysTab(panel, { t, api, can, me }) {
  const mayChange = (me.isOpen || me.second_factor?.is_active) && can("llm:write") && can("key:write");
  const add = async () => {
    const made = await formDialog({ title: t("addKey"), action: t("addKey"), broad: true, fields: [{ name: "name", label: t("keyName"), required: true }, { name: "until", type: "date", label: t("expiresAt"), hint: t("never") }, ...useFields(t)],
      submit: ({ name, until, ...values }) => api.post(PATH, { name, expires_at: endOf(until), ...useOf(values) }, { create: true }) });
    if (!made) return;
    await showSecret({ title: t("keyTitle"), text: t("keyText"), label: t("key"), value: made.key });
    list.reload();
  };
  const edit = async (key) => {
    const saved = await formDialog({ title: key.name, text: key.budgets.length > 1 ? t("budgetKept") : null, action: t("save"), broad: true, fields: useFields(t, key), submit: (values) => api.put(`${PATH}/${key.id}`, useOf(values, key), { ifMatch: key.version }) });
    if (saved) { toast(t("saved")); list.reload(); }
  };
  const revoke = async (key) => {
    if (await ask(t, { title: t("revokeKey"), text: t("revokeKeyText", { name: key.name }), action: t("revokeKey"), work: () => api.delete(`${PATH}/${key.id}`) })) { toast(t("keyRevoked")); list.reload(); }
  };
  const list = table({
    caption: t("modelKeys"), empty: emptyState(t("noKeys"), t("modelKeysAbout")),
    columns: [
      { label: t("name"), header: true, render: ({ name, prefix }) => [raw(name), h("p", { class: "small soft plain-weight mono" }, raw(`${prefix}…`))] },
      { label: t("models"), render: ({ models }) => (models?.length ? h("span", { class: "chips" }, models.map((one) => raw(one, { class: "chip" }))) : t("allModels")) },
      { label: t("budget"), wide: true, render: ({ budgets }) => (budgets.length ? budgets.map((one) => budgetOf(t, one)) : t("unlimited")) },
      { label: t("lastUsed"), render: ({ last_used_at: at }) => (at ? raw(relative(at)) : t("neverUsed")) },
      { label: t("state"), render: (key) => keyState(t, key) },
      { label: t("actions"), end: true, render: (key) => (mayChange && !key.revoked_at ? h("div", { class: "actions end" }, small(t("editKey"), () => edit(key)), small(t("revokeKey"), () => revoke(key))) : raw("")) },
    ],
    load: ({ cursor }) => api.get(PATH, { query: { cursor } }),
  });
  panel.append(card(t("modelKeys"), { about: t(me.isOpen || me.second_factor?.is_active ? "modelKeysAbout" : "needsPerson"), actions: mayChange && button(t("addKey"), add, { kind: "primary", icon: "plus" }) }, list.element));
}

function budgetOf(t, { limit, limit_tokens: tokens, spent, spent_tokens: spentTokens, period, resets_at: resets }) {
  const share = Math.max(limit ? Number(spent.usd) / Number(limit.usd) : 0, tokens ? spentTokens / tokens : 0);
  return h("div", { class: "budget" }, limit && h("p", null, t("spent", { spent: usd(spent.usd), limit: usd(limit.usd) })), tokens != null && h("p", null, t("spentTokens", { spent: number(spentTokens), limit: number(tokens) })),
    h("meter", { min: 0, max: 1, low: 0.8, high: 0.95, optimum: 0, "aria-label": t("budget"), value: Math.min(1, share) }), h("p", { class: "small soft" }, named(t, "period", period), resets && [raw(" · "), t("resets", { time: relative(resets) })]));
}

const useFields = (t, key) => {
  const [budget] = key?.budgets ?? [];
  return [
    { name: "models", label: t("models"), hint: t("modelsHint"), value: (key?.models ?? []).join(", ") },
    { name: "requests", type: "number", label: t("perMinute"), hint: t("unlimited"), value: key?.requests_per_minute ?? "", attributes: { min: 1 } },
    { name: "tokens", type: "number", label: t("tokensPerMinute"), hint: t("unlimited"), value: key?.tokens_per_minute ?? "", attributes: { min: 1 } },
    { name: "limit_usd", label: t("limitUsd"), hint: t("unlimited"), value: budget?.limit?.usd ?? "", attributes: { inputmode: "decimal" } },
    { name: "limit_tokens", type: "number", label: t("limitTokens"), hint: t("unlimited"), value: budget?.limit_tokens ?? "", attributes: { min: 1 } },
    { name: "period", type: "select", label: t("period"), value: budget?.period ?? "month", options: PERIODS.map((one) => [one, t(`period.${one}`)]) },
    { name: "soft", type: "checkbox", label: t("soft"), value: budget?.soft },
  ];
};

/** What the API is given; budgets beyond the first stay. */
function useOf({ models, requests, tokens, limit_usd: money, limit_tokens: most, period, soft }, key) {
  const list = models.split(",").map((one) => one.trim()).filter(Boolean);
  const offset = key?.budgets[0]?.offset_minutes ?? -new Date().getTimezoneOffset();
  const first = money.trim() || most ? [{ limit_usd: money.trim().replace(",", ".") || null, limit_tokens: most, period, soft, offset_minutes: offset }] : [];
  const others = (key?.budgets.slice(1) ?? []).map((one) => ({ limit_usd: one.limit?.usd ?? null, limit_tokens: one.limit_tokens ?? null, period: one.period, soft: one.soft, offset_minutes: one.offset_minutes }));
  return { models: list.length ? list : null, requests_per_minute: requests, tokens_per_minute: tokens, budgets: [...first, ...others] };
}
