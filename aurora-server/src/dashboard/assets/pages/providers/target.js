import { targetBadge } from "../../kit/alert.js";
import { attempt } from "../../kit/attempt.js";
import { chart } from "../../kit/chart.js";
import { fill, h, put, raw } from "../../kit/dom.js";
import { duration, millis, number, percent, usd } from "../../kit/format.js";
import { confirm } from "../../kit/dialog.js";
import { button } from "../../kit/parts.js";
import { toast } from "../../kit/toast.js";
import { has } from "../../kit/words.js";
import { words } from "./words.js";

/** One target: where it stands, what it did, and its last minutes. */
export function targetCard({ t, api, pulse, can }, provider) {
  const turn = turnButton(t, api, provider.target);
  const reset = button(t("resetTarget", { target: provider.target }), () => resetOne(t, api, provider.target), { small: true, icon: "refresh", iconOnly: true });
  const state = h("span");
  const again = h("span", { class: "soft" });
  const underWay = raw("–");
  const figures = Object.fromEntries(["served", "failed", "skipped", "errors"].map((name) => [name, raw("–")]));
  const place = raw("", { class: "place", "aria-hidden": "true" });
  const placeWords = h("span", { class: "unseen" });
  const price = h("span");
  const rate = chart({ label: t("rate"), height: 96, series: [{ label: t("rate"), color: "chart-1", area: true }], format: (value) => number(value, 1) });
  const latency = chart({ label: t("latency"), height: 96, series: [{ label: t("latency"), color: "chart-2" }], format: millis });
  const element = h("li", { class: "card target" },
    h("div", { class: "target-head" }, place, h("h2", null, placeWords, raw(provider.target)), can("operation:write") && [turn.element, reset]),
    h("div", { class: "target-model" }, h("p", { class: "soft" }, raw([provider.provider, provider.model].filter(Boolean).join(" / ")), provider.task && [raw(" · "), taskName(t, provider.task)], provider.simulated && provider.provider !== "simulated" && [raw(" · "), t("madeUp")]), h("span", { class: "target-state" }, state, again)),
    h("dl", { class: "target-figures" }, Object.entries(figures).map(([name, figure]) => h("div", null, h("dt", null, t(name)), h("dd", null, figure))),
      h("div", { class: "target-price" }, h("dt", null, t("price")), h("dd", null, price)),
      h("div", { class: "target-price" }, h("dt", null, t("underWay")), h("dd", null, underWay))),
    rate.element, latency.element);
  return {
    element,
    update(now) {
      fill(state, targetBadge(now.state));
      put(again, now.open_until ? t("again", { time: duration((Date.parse(now.open_until) - Date.parse(pulse.latest.at)) / 1000) }) : "");
      turn.show(now.broken);
      put(place, now.priority);
      put(placeWords, `${t("order", { place: now.priority })} `);
      put(figures.served, number(now.served));
      put(figures.failed, number(now.failed));
      put(figures.skipped, number(now.skipped));
      put(figures.errors, percent(now.error_rate));
      put(underWay, number(now.in_flight));
      put(price, now.price ? t("prices", { input: usd(now.price.input_usd), output: usd(now.price.output_usd) }) : t("unpriced"));
      const known = pulse.points.filter((point) => point.providers[now.target]);
      const at = known.map((point) => point.at);
      const read = (name) => known.map((point) => point.providers[now.target][name] ?? null);
      rate.update(at, read("requests_per_second"));
      latency.update(at, read("p95_ms"));
    },
    remove() {
      rate.destroy();
      latency.destroy();
    },
  };
}

const taskName = (t, task) => (has(words, `task.${task}`) ? t(`task.${task}`) : raw(task));

/** Closes the circuit of one target, after a question: its counts do not come back. */
async function resetOne(t, api, target) {
  const named = { target };
  if (!(await confirm({ title: t("resetTargetTitle", named), text: t("resetTargetText"), action: t("resetTargetDo") }))) return;
  if (await attempt(() => api.post(`/api/fallback/${encodeURIComponent(target)}/reset`))) toast(t("resetTargetDone", named));
}

/** Breaks or heals a target of the demo; elsewhere the server says nothing of that, and there is no button. */
function turnButton(t, api, target) {
  const label = h("span");
  let isBroken = null;
  const show = (broken) => {
    isBroken = broken;
    element.hidden = broken == null;
    put(label, t(broken ? "heal" : "break"));
  };
  const element = button([label, h("span", { class: "unseen" }, " ", raw(target))], async () => {
    const verb = isBroken ? "heal" : "break";
    const isDone = await attempt(async () => show((await api.post(`/api/demo/${verb}/${encodeURIComponent(target)}`)).broken));
    if (isDone) toast(t(isBroken ? "broken" : "healed", { target }));
  }, { small: true, hidden: true });
  return { element, show };
}
