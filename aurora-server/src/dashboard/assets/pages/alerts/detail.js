import { alertBadge, alertTitle, reading, ruleDescription } from "../../kit/alert.js";
import { isAbort } from "../../kit/api.js";
import { openDialog } from "../../kit/dialog.js";
import { kindOf, sentence } from "../../kit/happening.js";
import { h, raw } from "../../kit/dom.js";
import { dateTime } from "../../kit/format.js";
import { emptyState, errorState, loadingState } from "../../kit/parts.js";
import { has } from "../../kit/words.js";
import { words } from "./words.js";

/** One alert in a dialog: where it stands, why who was or was not told, what happened to it. */
export function showDetails(ctx, { fingerprint }) {
  const { t, api } = ctx;
  return openDialog(t("details"), (close) => {
    const place = h("div", { class: "stack" }, loadingState());
    const ask = async () => {
      try {
        place.replaceChildren(...contents(t, await api.get(`/api/v1/alerts/${fingerprint}`)).filter(Boolean));
      } catch (error) {
        if (isAbort(error)) return;
        place.replaceChildren(error.status === 404 ? emptyState(t("gone"), t("goneText")) : errorState(error, ask));
      }
    };
    ask();
    return [place, h("div", { class: "form-foot" }, h("button", { type: "button", class: "button", autofocus: true, on: { click: () => close() } }, t("close")))];
  }, { broad: true });
}

function contents(t, alert) {
  const { explanation, history, labels, annotations } = alert;
  const facts = [
    [t("since"), dateTime(alert.active_since)], alert.fired_at && [t("fired"), dateTime(alert.fired_at)], alert.resolved_at && [t("ended"), dateTime(alert.resolved_at)],
    alert.resolve_reason && [t("endedBy"), has(words, `ended.${alert.resolve_reason}`) ? h("span", null, t(`ended.${alert.resolve_reason}`)) : alert.resolve_reason],
    explanation.fires_at && [t("firesAt"), dateTime(explanation.fires_at)], explanation.cooldown_until && [t("cooldownUntil"), dateTime(explanation.cooldown_until)],
    explanation.next_escalation && [t("nextEscalation"), dateTime(explanation.next_escalation[1])],
    ...Object.entries(labels).map(([name, value]) => [raw(name, { class: "mono" }), value]),
  ].filter(Boolean);
  return [
    h("div", { class: "alert-head" }, alertTitle(alert), alertBadge({ severity: alert.severity, phase: alert.state })),
    h("p", { class: "soft" }, raw([reading(alert), alert.metric != null && ruleDescription(alert.description)].filter(Boolean).join(" · "))),
    h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value instanceof Node ? value : raw(value))))),
    ...Object.entries(annotations).map(([name, value]) => h("p", null, raw(`${name}: `, { class: "strong" }), linked(value))),
    h("h3", null, t("whoWasTold")),
    h("ul", { class: "rows" }, explanation.groups.flatMap(({ targets }) => targets).map((target) => h("li", null, raw([target.channel, target.target].filter(Boolean).join(" · "), { class: "strong" }), h("p", { class: "sub" }, stage(t, target))))),
    explanation.groups.length === 0 && h("p", { class: "soft" }, t("nobody")),
    h("h3", null, t("whatHappened")),
    h("ol", { class: "rows" }, history.map((line) => {
      const text = sentence(kindOf(line), line);
      return h("li", null, h("p", null, text ?? raw(line.kind), line.comment && raw(` “${line.comment}”`)), raw(dateTime(line.at), { class: "side-note" }));
    })),
  ];
}

const linked = (value) => (/^https?:\/\//.test(value) ? h("a", { href: value, target: "_blank", rel: "noopener noreferrer", translate: "no" }, value) : raw(value));

function stage(t, target) {
  if (!has(words, `stage.${target.stage}`)) return raw(target.stage);
  const time = target.until ?? target.at ?? target.throttled_until ?? target.not_before ?? target.digest_at ?? target.since;
  return t(`stage.${target.stage}`, { time: dateTime(time), by: [target.by].flat().join(", "), detail: target.detail ?? "", count: target.attempts ?? target.attempt ?? 0 });
}
