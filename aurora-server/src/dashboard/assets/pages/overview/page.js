import { alertBadge, alertTitle, reading, targetBadge } from "../../kit/alert.js";
import { chart } from "../../kit/chart.js";
import { fill, h, put, raw } from "../../kit/dom.js";
import { clock, duration, millis, number, percent, usd } from "../../kit/format.js";
import { card, emptyState, loadingState, pageHead, tile, tiles } from "../../kit/parts.js";
import { has } from "../../kit/words.js";
import { messageCard, overAfter } from "./message.js";
import { words } from "./words.js";

export { words };
export const style = "/dashboard/assets/pages/overview/page.css";

// So long an alert that is over still stands there.
const OVER_MS = 60_000;

/** The state of everything in one look; the numbers come with the beat of the server. */
export function mount(root, { t, api, pulse, signal, can, href }) {
  const about = raw("");
  const figures = Object.fromEntries(["rate", "success", "p95", "cost", "cache", "alerts"].map((name) => [name, tile(t(name === "rate" ? "rateShort" : name))]));
  const charts = trafficCharts(t);
  const providers = h("ul", { class: "rows" });
  const alerts = h("div", null, loadingState());
  const sent = h("div", null, loadingState());
  const message = messageCard({ t, api, can });
  root.append(
    pageHead(t("title"), { about }),
    tiles(...Object.values(figures)),
    h("div", { class: "columns" },
      h("div", { class: "stack two-thirds" },
        card(t("traffic"), { about: t("trafficAbout") }, h("div", { class: "overview-charts" }, charts.rate.element, charts.latency.element)),
        h("div", { class: "columns" }, card(t("alerts"), { class: "half" }, alerts), card(t("message"), { class: "half", about: t("messageAbout") }, message.element))),
      h("div", { class: "stack third" },
        card(t("providers"), { about: t("providersAbout"), actions: h("a", { href: href("providers") }, t("allProviders")) }, providers),
        card(t("sent"), {}, sent))),
  );

  let over = null;
  const show = (snapshot) => {
    const { totals } = snapshot;
    if (over && (Date.parse(snapshot.at) - Date.parse(over.resolved_at) > OVER_MS || snapshot.alerts.some(({ fingerprint, active_since: since }) => fingerprint === over.fingerprint && since > over.resolved_at))) over = null;
    put(about, t("about", { version: snapshot.version, environment: snapshot.environment, time: duration(snapshot.uptime_seconds) }));
    figures.rate.set(number(totals.requests_per_second, 1), { words: t("rateNote", { count: totals.requests }) });
    figures.success.set(percent(totals.success_rate), {
      words: totals.failed || !totals.fallbacks ? t("successNote", { count: totals.failed }) : t("fallbacks", { count: totals.fallbacks }),
      kind: totals.success_rate != null && totals.success_rate < 95 ? "bad" : "" });
    figures.p95.set(millis(totals.p95_ms), { words: t("p95Note", { time: millis(totals.p50_ms) }) });
    figures.cost.set(cost(totals.cost_usd_today), { words: t("costNote", { cost: cost(totals.cost_usd_per_minute) }) });
    figures.cache.set(percent(totals.cache_hit_rate), { words: t("cacheNote", { count: totals.cached }) });
    figures.alerts.set(number(snapshot.active_alerts), { words: t(snapshot.active_alerts ? "alertsSome" : "alertsNone"), kind: snapshot.active_alerts ? "bad" : "" });
    const at = pulse.points.map((point) => point.at);
    charts.rate.update(at, pulse.points.map(({ totals: one }) => one.requests_per_second));
    charts.latency.update(at, pulse.points.map(({ totals: one }) => one.p95_ms), pulse.points.map(({ totals: one }) => one.p50_ms ?? null));
    fill(providers, snapshot.providers.length ? snapshot.providers.map((one) => providerRow(t, one)) : h("li", null, emptyState(t("noProviders"), t("noProvidersText"))));
    fill(alerts, alertList(t, snapshot.alerts, over));
    fill(sent, sentList(t, snapshot.notifications));
    message.show(snapshot.alerts, over);
  };
  pulse.subscribe({ snapshot: show, alert: ({ change, alert }) => { if (change === "resolved") over = { ...alert, silenced_by: pulse.latest?.alerts.find(({ fingerprint }) => fingerprint === alert.fingerprint)?.silenced_by }; } }, signal);
  return () => Object.values(charts).forEach((one) => one.destroy());
}

function trafficCharts(t) {
  return {
    rate: chart({ label: t("rate"), series: [{ label: t("rate"), color: "chart-1", area: true }], format: (value) => number(value, 1) }),
    latency: chart({ label: t("latency"), format: millis, series: [{ label: t("percentile"), color: "chart-2" }, { label: t("median"), color: "chart-3" }] }),
  };
}

// As many figures at every beat, so that the number does not jump.
const cost = (dollars) => usd(dollars, Number(dollars) < 1 ? 4 : 2);

const providerRow = (t, { target, model, simulated, state, requests_per_second: rate, p95_ms: p95 }) =>
  h("li", null, h("div", null, raw(target, { class: "strong" }), h("p", { class: "sub" }, raw(model), simulated && [raw(" · "), t("madeUp")])), targetBadge(state),
    h("p", { class: "sub" }, t("perSecond", { rate: number(rate, 1) })), raw(p95 == null ? "" : `p95 ${millis(p95)}`, { class: "side-note" }));

function alertList(t, alerts, over) {
  if (!alerts.length && !over) return emptyState(t("noAlerts"), t("noAlertsText"), null, "check");
  return h("ul", { class: "rows" }, alerts.map((alert) =>
    h("li", null, alertTitle(alert), alertBadge(alert), h("p", { class: "sub" }, raw(reading(alert)), alert.acknowledgement && [raw(" · "), t("acknowledged")], alert.silenced_by.length > 0 && [raw(" · "), t("silenced")]),
      h("span", { class: "side-note" }, t("since", { time: clock(alert.active_since) })))),
    over && h("li", null, alertTitle(over), alertBadge(over), h("p", { class: "sub" }, overAfter(t, over)), raw(clock(over.resolved_at), { class: "side-note" })));
}

function sentList(t, records) {
  if (!records.length) return emptyState(t("noSent"), null, null, "notifications");
  return h("ul", { class: "rows" }, records.slice(0, 6).map((record) => {
    const outcome = has(words, `outcome.${record.outcome}`) ? t(`outcome.${record.outcome}`) : record.outcome;
    return h("li", null, alertTitle(record), alertBadge(record),
      h("p", { class: "sub" }, raw(`${record.channel}${record.target ? ` (${record.target})` : ""}: `), outcome), raw(clock(record.at), { class: "side-note" }));
  }));
}
