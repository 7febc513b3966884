import { isAbort } from "../../kit/api.js";
import { chart } from "../../kit/chart.js";
import { fill, h, raw } from "../../kit/dom.js";
import { clock, duration, number } from "../../kit/format.js";
import { button, errorState } from "../../kit/parts.js";

const MINUTES = 60;
const POINTS = 120;

/** What a rule would have done with what was measured lately: {element}. `read` gives its definition, `form` says what is wrong with it. */
export function rulePreview({ t, api }, read, form) {
  const result = h("div", { role: "status" });
  const drawn = chart({ label: t("previewChart"), series: [{ label: t("previewFiring"), color: "chart-bad", area: true }], format: (value) => number(value), height: 90, time: (at) => clock(at * 1000) });
  const plot = h("div", { hidden: true }, drawn.element);
  const turn = async () => {
    ask.disabled = true;
    form.clear();
    try {
      const definition = read();
      const report = await api.post("/api/v1/alerts/rules/preview", { minutes: MINUTES, rules: [{ ...definition, name: definition.name || "…" }] }, { timeout: 30_000 });
      plot.hidden = false;
      fill(result, ...told(t, report));
      drawn.update(...timeline(report));
    } catch (error) {
      if (isAbort(error)) return;
      plot.hidden = true;
      fill(result);
      if (error.errors?.length) form.fail(error);
      else fill(result, errorState(error));
    } finally {
      ask.disabled = false;
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

/** How many alerts would have fired at each of some instants. */
function timeline({ from, to, alerts: { firings } }) {
  const [begin, end] = [Date.parse(from), Math.max(Date.parse(to), Date.parse(from) + 1000)];
  const spans = firings.map(({ fired_at: fired, resolved_at: over }) => [Date.parse(fired), over ? Date.parse(over) : end]);
  const instants = Array.from({ length: POINTS + 1 }, (_, index) => begin + ((end - begin) * index) / POINTS);
  return [instants.map((at) => at / 1000), instants.map((at) => spans.filter(([first, last]) => at >= first && at <= last).length)];
}
