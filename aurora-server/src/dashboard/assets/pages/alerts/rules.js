import { alertBadge, reading, ruleDescription, ruleName } from "../../kit/alert.js";
import { attempt } from "../../kit/attempt.js";
import { h, raw } from "../../kit/dom.js";
import { dateTime, duration } from "../../kit/format.js";
import { badge, button, card, choice, emptyState } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { principalName } from "../../kit/team.js";
import { toast } from "../../kit/toast.js";
import { conditionText } from "./condition.js";
import { editRule } from "./editor.js";

const SOURCES = { built_in: "", changed: "info", custom: "" };
const addressOf = (name) => `/api/v1/alerts/rules/${encodeURIComponent(name)}`;

/** Every rule, and what can be done with it: {element}. */
export function rules(ctx) {
  const { t, api, can } = ctx;
  const filter = choice(t("show"), ["every", "on", "off"].map((name) => [name, t(`filter.${name}`)]), "every", () => list.reload());
  const list = table({
    caption: t("tab.rules"), columns: columns(ctx, () => list.reload()), empty: emptyState(t("noRules"), t("noRulesText")),
    load: () => api.get("/api/v1/alerts/rules", { query: { enabled: { on: true, off: false }[filter.value] } }),
  });
  const add = can("alert:write") && button(t("newRule"), async () => { if (await editRule(ctx)) list.reload(); }, { kind: "primary", icon: "plus", small: true });
  return { element: card(t("rulesTitle"), { about: t("rulesAbout"), actions: [filter.element, add] }, list.element) };
}

function columns(ctx, reload) {
  const { t, can } = ctx;
  const changes = changesOf(ctx, reload);
  const actionsOf = (rule) => h("div", { class: "actions" },
    can("alert:write") && button(named(t("change"), rule), async () => { if (await editRule(ctx, rule)) reload(); }, { small: true }),
    can("alert:write") && button(named(t(rule.enabled ? "turnOff" : "turnOn"), rule), () => changes.toggle(rule), { small: true }),
    can("alert:write") && rule.source !== "built_in" && button(named(t(rule.source === "changed" ? "giveBack" : "delete"), rule), () => changes.remove(rule), { small: true }));
  return [
    { label: t("rule"), header: true, render: ({ name, description, labels }) => [raw(ruleName(name)), h("p", { class: "sub" }, raw([ruleDescription(description), ...Object.entries(labels).map(([key, value]) => `${key}=${value}`)].filter(Boolean).join(" · ")))] },
    { label: t("condition"), render: (rule) => [raw(rule.definition ? conditionText(rule.definition) : reading(rule) || rule.name, { class: rule.definition && "mono" }), patience(t, rule)] },
    { label: t("severity"), render: (rule) => alertBadge(rule) },
    { label: t("state"), render: ({ enabled, active_alerts: active, source, changed_by: by, changed_at: at }) => [
      badge(enabled ? (active ? "bad" : "good") : "", enabled ? (active ? t("activeNow", { count: active }) : t("on")) : t("off")),
      h("p", { class: "sub" }, source in SOURCES ? t(`source.${source}`) : raw(source), by && [raw(" · "), t("changedBy", { by: principalName(by), time: dateTime(at) })])] },
    { label: t("actions"), end: true, render: actionsOf },
  ];
}

// Which rule a button is about is seen, but has to be said.
const named = (word, { name }) => [word, h("span", { class: "unseen" }, " ", raw(ruleName(name)))];

const patience = (t, { for_seconds: holds, cooldown_seconds: cooldown, keep_firing_seconds: keeps, escalation }) => h("p", { class: "sub" }, [
  holds > 0 && t("holdsFor", { time: duration(holds) }), keeps > 0 && t("keepsFor", { time: duration(keeps) }), cooldown > 0 && t("cooldownOf", { time: duration(cooldown) }),
  escalation.length > 0 && t("escalatesTo", { names: escalation.map(({ receiver }) => receiver).join(" → ") }),
].filter(Boolean).flatMap((text, index) => (index ? [raw(" · "), text] : [text])));

/** Turning on and off, and deleting: all can be taken back. */
function changesOf({ t, api }, reload) {
  const toggle = async (rule) => {
    const [what, back] = rule.enabled ? ["disable", "enable"] : ["enable", "disable"];
    if (!(await attempt(() => api.post(`${addressOf(rule.name)}/${what}`, {}, { ifMatch: rule.version, create: true })))) return reload();
    reload();
    return toast(t(rule.enabled ? "turnedOff" : "turnedOn", { name: ruleName(rule.name) }), { undo: async () => {
      await attempt(() => api.post(`${addressOf(rule.name)}/${back}`));
      reload();
    } });
  };
  const remove = async (rule) => {
    if (!(await attempt(() => api.delete(addressOf(rule.name), { ifMatch: rule.version })))) return reload();
    reload();
    const isOwn = rule.source === "custom";
    const again = async () => {
      await attempt(async () => {
        if (isOwn) return api.post("/api/v1/alerts/rules", rule.definition, { create: true, query: { enabled: rule.enabled } });
        const { version } = await api.get(addressOf(rule.name));
        return api.put(addressOf(rule.name), rule.definition, { ifMatch: version });
      });
      reload();
    };
    return toast(t(isOwn ? "ruleDeleted" : "ruleGivenBack", { name: ruleName(rule.name) }), rule.definition ? { undo: again } : {});
  };
  return { toggle, remove };
}
