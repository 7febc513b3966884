import { isAbort } from "../../kit/api.js";
import { chart } from "../../kit/chart.js";
import { h } from "../../kit/dom.js";
import { compact, number, percent, usd } from "../../kit/format.js";
import { poll } from "../../kit/live.js";
import { card, choice, errorState, pageHead, tile, tiles } from "../../kit/parts.js";
import { locale } from "../../kit/words.js";
import { budgets } from "./budgets.js";
import { PERIODS, daysOf, readAll, sum } from "./numbers.js";
import { breakdown } from "./breakdown.js";
import { words } from "./words.js";

export { words };
export const style = "/dashboard/assets/pages/usage/page.css";

const POLL_SECONDS = 20;
const LAST_CALLS = 40;

/** What was used and what it cost, by day and by whom, and how much of each budget is left. */
export function mount(root, ctx) {
  const { t, api, can, signal } = ctx;
  const chosen = { period: "month", place: can("usage:read") && !can("llm:read") ? "installation" : "workspace" };
  const figures = Object.fromEntries(["cost", "calls", "tokens", "cached", can("llm:read") && "hits", "unpriced"].filter(Boolean).map((name) => [name, tile(t(name))]));
  const charts = dayCharts(t);
  const problem = h("div", { hidden: true });
  const parts = breakdown(ctx, chosen);
  const limits = can("llm:read") && budgets(ctx);
  const changed = () => {
    turn();
    parts.reload();
  };
  const period = choice(t("period"), Object.keys(PERIODS).map((name) => [name, t(`period.${name}`)]), chosen.period, (name) => { chosen.period = name; changed(); });
  const place = can("usage:read") && can("llm:read") && choice(t("place"), [["workspace", t("workspaceOnly")], ["installation", t("installation")]], chosen.place, (name) => { chosen.place = name; changed(); });
  root.append(pageHead(t("title"), { about: t("about"), actions: [place && place.element, period.element] }), problem, tiles(...Object.values(figures)),
    card(t("byDay"), { about: t("byDayAbout") }, h("div", { class: "usage-charts" }, Object.values(charts).map((one) => one.element))),
    h("div", { class: "columns" }, h("div", { class: "two-thirds" }, parts.element), limits && h("div", { class: "third" }, limits.element)));

  // Answers to what was chosen before are not shown.
  let round = 0;
  const ask = async () => {
    const mine = (round += 1);
    try {
      const items = await readAll(api, chosen, "day");
      if (mine !== round) return;
      problem.hidden = true;
      show(t, figures, charts, items, daysOf(chosen.period));
    } catch (error) {
      if (isAbort(error) || mine !== round) return;
      problem.hidden = false;
      problem.replaceChildren(card(null, {}, errorState(error, () => turn())));
    }
  };
  const turn = poll(ask, POLL_SECONDS, signal);
  if (can("llm:read")) poll(() => showHits({ t, api, figures }), POLL_SECONDS, signal);
  return () => Object.values(charts).forEach((one) => one.destroy());
}

function dayCharts(t) {
  const time = (at) => new Date(at * 1000).toLocaleDateString(locale(), { day: "2-digit", month: "2-digit", timeZone: "UTC" });
  return {
    cost: chart({ label: t("costByDay"), series: [{ label: t("cost"), color: "chart-1", area: true }], format: (value) => usd(value), time }),
    calls: chart({ label: t("callsByDay"), series: [{ label: t("calls"), color: "chart-2", area: true }], format: compact, time }),
    tokens: chart({ label: t("tokensByDay"), series: [{ label: t("input"), color: "chart-3" }, { label: t("output"), color: "chart-4" }], format: compact, time }),
  };
}

function show(t, figures, charts, items, days) {
  const total = sum(items);
  figures.cost.set(usd(total.cost, total.cost < 1 ? 4 : 2), { words: total.estimated ? t("estimated", { count: total.estimated }) : t("costNote") });
  figures.calls.set(number(total.calls), { words: t("callsNote") });
  figures.tokens.set(compact(total.input + total.output), { words: t(total.reasoning ? "tokensReasoning" : "tokensNote", { input: compact(total.input), output: compact(total.output), amount: compact(total.reasoning) }) });
  figures.cached.set(total.input ? percent((total.cached / total.input) * 100) : null, { words: t("cachedNote") });
  figures.unpriced.set(number(total.unpriced), { words: t(total.unpriced ? "unpricedSome" : "unpricedNone"), kind: total.unpriced ? "warn" : "" });
  const byDay = new Map(items.map((item) => [item.group, item]));
  const at = days.map((day) => Date.parse(`${day}T00:00:00Z`) / 1000);
  const of = (read) => days.map((day) => (byDay.has(day) ? read(byDay.get(day)) : 0));
  charts.cost.update(at, of(({ cost }) => Number(cost.usd)));
  charts.calls.update(at, of(({ calls }) => calls));
  charts.tokens.update(at, of(({ tokens }) => tokens.input), of(({ tokens }) => tokens.output));
}

/** Answers from our own cache are not billed, so that they are in no total: the latest calls tell. A failure leaves the number of before. */
async function showHits({ t, api, figures }) {
  const { items } = await api.get("/api/v1/llm/requests", { query: { limit: LAST_CALLS } }).catch(() => ({ items: null }));
  if (!items) return;
  const hits = items.filter(({ cached }) => cached).length;
  figures.hits.set(items.length ? percent((hits / items.length) * 100) : null, { words: items.length ? t("hitsNote", { count: items.length }) : t("noCalls") });
}
