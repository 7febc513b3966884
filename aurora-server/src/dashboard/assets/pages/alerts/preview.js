import { isAbort } from "../../kit/api.js";
import { setBusy } from "../../kit/attempt.js";
import { chart } from "../../kit/chart.js";
import { fill, h, raw } from "../../kit/dom.js";
import { clock, compact, duration, millis, number, percent, usd } from "../../kit/format.js";
import { button, errorState } from "../../kit/parts.js";

const MINUTES = 60;
const POINTS = 120;
// More lines in one chart cannot be told apart.
const LINES = 4;
const UNITS = { percent, seconds: (value) => millis(value == null ? null : value * 1000), milliseconds: millis, bytes: compact, usd };

/** What a rule would have done with what was measured lately: {element}. `read` gives its definition, `form` says what is wrong with it, `fail` at its fields. */
export function rulePreview({ t, api }, read, form, fail) {
  const result = h("div", { role: "status" });
  const drawn = chart({ label: t("previewChart"), series: [{ label: t("previewFiring"), color: "chart-bad", area: true }], format: (value) => number(value), height: 90, time: (at) => clock(at * 1000) });
  const values = h("div", { class: "stack" });
  const plot = h("div", { class: "stack", hidden: true }, values, drawn.element);
  let shown = [];
  const turn = async () => {
    setBusy(ask, true);
    form.clear();
    try {
      const definition = read();
      const report = await api.post("/api/v1/alerts/rules/preview", { minutes: MINUTES, rules: [{ ...definition, name: definition.name || "…" }] }, { timeout: 30_000 });
      plot.hidden = false;
      fill(result, ...told(t, report));
      drawn.update(...timeline(report));
      shown.forEach((one) => one.destroy());
      shown = measured(t, report.measured, values);
    } catch (error) {
      if (isAbort(error)) return;
      plot.hidden = true;
      fill(result);
      if (error.errors?.length) fail(error);
      else fill(result, errorState(error));
    } finally {
      setBusy(ask, false);
    }
  };
  const ask = button(t("preview"), turn, { icon: "refresh", small: true });
  return { element: h("section", { class: "preview", "aria-label": t("previewTitle") }, h("div", { class: "bar" }, h("p", { class: "soft small" }, t("previewAbout")), ask), result, plot) };
}

function told(t, { from, to, samples, alerts, targets }) {
  const firings = alerts.rules.reduce((sum, { firings: one }) => sum + one, 0);
  const took = alerts.rules.reduce((sum, { firing_ms: one }) => sum + one, 0);
  const sent = targets.filter(({ total }) => total > 0);
  return [
    h("p", { class: "strong" }, firings ? t("wouldFire", { count: firings, time: duration(took / 1000) }) : t("wouldNotFire")),
    h("p", { class: "soft small" }, t("previewOf", { count: samples, from: clock(from), to: clock(to) })),
    sent.length > 0 && h("p", { class: "small" }, t("wouldSend"), " ", raw(sent.map(({ channel, target, total }) => `${[channel, target].filter(Boolean).join(" · ")}: ${number(total)}`).join(", "))),
  ].filter(Boolean);
}

/** What the rule looked at, a chart for each metric with its limits as lines. */
function measured(t, { series, limits, series_left_out: leftOut }, into) {
  const metrics = Map.groupBy(series, ({ metric }) => metric);
  const hidden = [...metrics.values()].reduce((sum, all) => sum + Math.max(0, all.length - LINES), leftOut);
  const charts = [...metrics].map(([metric, all]) => {
    // Those that went furthest say most.
    const furthest = (one) => Math.max(...one.points.map(({ value }) => Math.abs(value)));
    const lines = all.toSorted((one, other) => furthest(other) - furthest(one)).slice(0, LINES);
    const own = limits.filter((limit) => limit.metric === metric);
    const at = [...new Set(lines.flatMap(({ points }) => points.map((point) => Date.parse(point.at))))].sort((one, other) => one - other);
    const drawn = chart({
      label: t("previewMeasured", { metric }), height: 120, format: UNITS[lines[0].unit] ?? ((value) => number(value, 2)), time: (second) => clock(second * 1000),
      series: [...lines.map(({ labels }, index) => ({ name: labelsOf(labels) || metric, color: `chart-${index + 1}`, joined: true })),
        ...own.map(({ operator, value }) => ({ label: t("previewLimit", { limit: `${operator} ${value}` }), color: "chart-bad", dash: true, joined: true }))],
    });
    const ys = lines.map(({ points }) => {
      const known = new Map(points.map((point) => [Date.parse(point.at), point.value]));
      return at.map((instant) => known.get(instant) ?? null);
    });
    return { drawn, data: [at.map((instant) => instant / 1000), ...ys, ...own.map(({ value }) => at.map(() => value))] };
  });
  into.replaceChildren(...charts.map(({ drawn }) => drawn.element), ...(hidden ? [h("p", { class: "soft small" }, t("previewHidden", { count: hidden }))] : []));
  // Drawn once they have a place.
  for (const { drawn, data } of charts) drawn.update(...data);
  return charts.map(({ drawn }) => drawn);
}

const labelsOf = (labels) => Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(", ");

/** How many alerts would have fired at each of some instants. */
function timeline({ from, to, alerts: { firings } }) {
  const [begin, end] = [Date.parse(from), Math.max(Date.parse(to), Date.parse(from) + 1000)];
  const spans = firings.map(({ fired_at: fired, resolved_at: over }) => [Date.parse(fired), over ? Date.parse(over) : end]);
  const instants = Array.from({ length: POINTS + 1 }, (_, index) => begin + ((end - begin) * index) / POINTS);
  return [instants.map((at) => at / 1000), instants.map((at) => spans.filter(([first, last]) => at >= first && at <= last).length)];
}
