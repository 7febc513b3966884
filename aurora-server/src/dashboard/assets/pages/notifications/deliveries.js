import { alertBadge, ruleName } from "../../kit/alert.js";
import { OUTCOMES, errorText, outcomeBadge, outcomeText, reasonText } from "../../kit/delivery.js";
import { h, raw } from "../../kit/dom.js";
import { filters, hoursAgo } from "../../kit/filters.js";
import { dateTime, millis } from "../../kit/format.js";
import { button, card, emptyState } from "../../kit/parts.js";
import { table } from "../../kit/table.js";

const PERIODS = [1, 24, 168, 720, 0];

/** What became of each message, with filters: {element, reload(), heard()}. */
export function deliveries({ t, api, signal }) {
  const bar = filters(t("filterLog"), [
    { name: "channel", type: "select", label: t("channel"), options: [["", t("allChannels")]] },
    { name: "outcome", type: "select", label: t("outcome"), options: [["", t("allOutcomes")], ...OUTCOMES.map((name) => [name, outcomeText(name)])] },
    { name: "rule", type: "select", label: t("rule"), options: [["", t("allRules")]] },
    { name: "hours", type: "select", label: t("period"), value: "24", options: PERIODS.map((hours) => [String(hours), t(`hours.${hours}`)]) },
  ], () => reload());
  const fresh = button(t("newer"), () => reload(), { small: true, icon: "refresh", hidden: true });
  const list = table({
    caption: t("log"), columns: columns(t), dense: true, empty: emptyState(t("noneSent"), t("noneSentText"), null, "notifications"),
    load: ({ cursor }) => {
      const { channel, outcome, rule, hours } = bar.values();
      return api.get("/api/v1/notifications/deliveries", { query: { channel, outcome, rule, from: hoursAgo(Number(hours)), cursor } });
    },
  });
  const reload = () => {
    fresh.hidden = true;
    return list.reload();
  };
  api.get("/api/v1/notifications/channels", { signal }).then(({ items }) => bar.options("channel", [["", t("allChannels")], ...items.map(({ channel }) => [channel, channel, true])]), () => {});
  api.get("/api/v1/alerts/rules", { signal }).then(({ items }) => bar.options("rule", [["", t("allRules")], ...items.map(({ name }) => [name, ruleName(name), true])]), () => {});
  const element = card(t("log"), { about: t("logAbout"), actions: fresh }, h("div", { class: "stack" }, bar.element, list.element));
  // Whoever reads is not disturbed: what is new is fetched when they ask for it.
  return { element, reload, heard: () => { fresh.hidden = false; } };
}

const columns = (t) => [
  { label: t("time"), render: ({ at }) => raw(dateTime(at), { class: "nowrap" }) },
  { label: t("channel"), header: true, render: ({ channel, target }) => [raw(channel, { class: "nowrap" }), target && h("p", { class: "sub" }, raw(target))] },
  { label: t("aboutWhat"), wide: true, render: ({ rule, reason, severity, status, alerts, error, detail, next_at: next }) => [
    raw(ruleName(rule)), " ", (severity || status === "resolved") && alertBadge({ severity, status }), h("p", { class: "sub" }, reasonText(reason, status), alerts > 1 && [raw(" · "), t("alertCount", { count: alerts })], error && [raw(" · "), errorText(error)], detail && [raw(" · "), raw(detail)], next && [raw(" · "), t("nextAt", { time: dateTime(next) })])] },
  { label: t("attempt"), end: true, render: ({ attempt }) => raw(attempt || null) },
  { label: t("tookTime"), end: true, render: ({ took_ms: took, attempt }) => raw(attempt ? millis(took) : null, { class: "nowrap" }) },
  { label: t("outcome"), bare: true, render: ({ outcome }) => outcomeBadge(outcome) },
];
