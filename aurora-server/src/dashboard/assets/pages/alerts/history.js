import { ruleName } from "../../kit/alert.js";
import { filters, hoursAgo } from "../../kit/filters.js";
import { kindOf, sentence } from "../../kit/happening.js";
import { h, raw } from "../../kit/dom.js";
import { dateTime } from "../../kit/format.js";
import { card, emptyState } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { showDetails } from "./detail.js";

const KINDS = ["alert", "delivery", "acknowledged", "unacknowledged", "escalated", "silence", "channel", "flapping"];
const PERIODS = [1, 24, 168, 720, 0];

/** What happened, by kind, rule and period, and the same as a file: {element}. */
export function history(ctx) {
  const { t, api, signal } = ctx;
  const query = () => {
    const { kind, rule, hours } = bar.values();
    return { kind, rule, from: hoursAgo(Number(hours)) };
  };
  const bar = filters(t("filterHistory"), [
    { name: "kind", type: "select", label: t("kind"), options: [["", t("allKinds")], ...KINDS.map((kind) => [kind, t(`kind.${kind}`)])] },
    { name: "rule", type: "select", label: t("rule"), options: [["", t("allRules")]] },
    { name: "hours", type: "select", label: t("period"), value: "24", options: PERIODS.map((hours) => [String(hours), t(`hours.${hours}`)]) },
  ], () => {
    list.reload();
    link();
  });
  const exported = h("a", { class: "button small", download: "alerts.csv" }, t("asFile"));
  const link = () => exported.setAttribute("href", `/api/v1/alerts/history/export?${new URLSearchParams(Object.entries({ ...query(), format: "csv" }).filter(([, value]) => value))}`);
  const list = table({
    caption: t("tab.history"), dense: true, empty: emptyState(t("noHistory"), t("noHistoryText")),
    columns: [
      { label: t("time"), render: ({ at }) => raw(dateTime(at), { class: "nowrap" }) },
      { label: t("what"), header: true, wide: true, render: (line) => says(ctx, line) },
      { label: t("kind"), bare: true, render: ({ kind }) => (KINDS.includes(kind) ? h("span", { class: "soft" }, t(`kind.${kind}`)) : raw(kind)) },
    ],
    load: ({ cursor }) => api.get("/api/v1/alerts/history", { query: { ...query(), cursor } }),
  });
  link();
  api.get("/api/v1/alerts/rules", { signal }).then(({ items }) => bar.options("rule", [["", t("allRules")], ...items.map(({ name }) => [name, ruleName(name), true])]), () => {});
  return { element: card(t("historyTitle"), { about: t("historyAbout"), actions: exported }, h("div", { class: "stack" }, bar.element, list.element)) };
}

function says(ctx, line) {
  const text = sentence(kindOf(line), line);
  const words = text ? h("span", { class: "saying" }, text) : raw(JSON.stringify(line), { class: "mono" });
  // Sets of matchers of which one must hold.
  const silenced = line.matchers?.map((set) => h("p", { class: "sub mono", translate: "no" }, set.join(", ")));
  if (!line.fingerprint || line.kind === "delivery") return [words, silenced];
  return h("button", { type: "button", class: "link", on: { click: () => showDetails(ctx, line) } }, words);
}
