import { alertBadge, alertTitle, reading, ruleDescription } from "../../kit/alert.js";
import { isAbort } from "../../kit/api.js";
import { attempt } from "../../kit/attempt.js";
import { formDialog } from "../../kit/dialog.js";
import { fill, h, keyed, newId, put, raw } from "../../kit/dom.js";
import { dateTime, relative } from "../../kit/format.js";
import { poll } from "../../kit/live.js";
import { button, choice, emptyState, errorState, loadingState } from "../../kit/parts.js";
import { soon } from "../../kit/soon.js";
import { principalName } from "../../kit/team.js";
import { toast } from "../../kit/toast.js";
import { showDetails } from "./detail.js";
import { askForSilence, matchersOf } from "./silence-form.js";

const POLL_SECONDS = 15;
const FILTERS = {
  all: () => true,
  open: ({ acknowledgement, silenced_by: by }) => !acknowledgement && !by.length,
  acknowledged: ({ acknowledgement }) => acknowledgement != null,
  silenced: ({ silenced_by: by }) => by.length > 0,
};

/** What is wrong now, with what can be done about it: {element}. Changes come with the beat, the rest is asked for. */
export function activeAlerts(ctx) {
  const { t, api, pulse, signal } = ctx;
  let items = null;
  const list = h("ul", { class: "alert-list" });
  const state = h("div", { class: "card" }, loadingState());
  const count = h("p", { class: "soft small", role: "status" });
  const update = keyed(list, ({ fingerprint }) => fingerprint, (alert) => alertRow(ctx, alert, () => turn()));

  const show = () => {
    if (!items) return;
    const chosen = items.filter(FILTERS[filter.value]);
    update(chosen);
    put(count, t("activeCount", { count: items.length }));
    list.hidden = !chosen.length;
    state.hidden = chosen.length > 0;
    if (!chosen.length) fill(state, items.length ? emptyState(t("noneOfThese"), t("noneOfTheseText")) : emptyState(t("noAlerts"), t("noAlertsText"), null, "check"));
  };
  const ask = async () => {
    try {
      ({ items } = await api.get("/api/v1/alerts", { query: { limit: 200 } }));
      show();
    } catch (error) {
      if (isAbort(error) || items) return;
      fill(state, errorState(error, () => turn()));
    }
  };
  const filter = choice(t("show"), Object.keys(FILTERS).map((name) => [name, t(`filter.${name}`)]), "all", show);
  const turn = poll(ask, POLL_SECONDS, signal);
  const changed = soon(turn, signal);
  pulse.subscribe({ alert: changed, record: changed, snapshot({ alerts }) {
    if (!items) return;
    const values = new Map(alerts.map(({ fingerprint, value }) => [fingerprint, value]));
    items = items.map((alert) => (values.has(alert.fingerprint) ? { ...alert, value: values.get(alert.fingerprint) } : alert));
    show();
  } }, signal);
  return { element: h("div", { class: "stack" }, h("div", { class: "bar" }, filter.element, count), list, state) };
}

function alertRow(ctx, first, changed) {
  const { t, api, can } = ctx;
  let alert = first;
  const about = newId("alert");
  const [head, sub, notes] = [h("div", { class: "alert-head", id: about }), h("p", { class: "sub" }), h("div", { class: "alert-notes" })];
  const take = button(t("acknowledge"), () => (alert.acknowledgement ? unacknowledge() : acknowledge()), { small: true, "aria-describedby": about });
  const silence = button(t("silence"), async () => {
    if (await askForSilence(ctx, { matchers: matchersOf(alert) })) changed();
  }, { small: true, "aria-describedby": about });
  const actions = h("div", { class: "actions" }, can("alert:write") && [take, silence], button(t("details"), () => showDetails(ctx, alert), { small: true, kind: "plain", "aria-describedby": about }));
  const call = (what, body) => api.post(`/api/v1/alerts/${alert.fingerprint}/${what}`, body, { create: true });

  const acknowledge = async () => {
    const done = await formDialog({
      title: t("acknowledgeTitle"), text: t("acknowledgeText"), action: t("acknowledge"),
      fields: [
        { name: "note", type: "textarea", label: t("comment"), attributes: { maxlength: 2000 } },
        { name: "lasts_seconds", type: "select", label: t("counts"), value: "", options: [["", t("untilOver")], ...[3600, 14_400, 86_400].map((seconds) => [String(seconds), t(`lasts.${seconds}`)])] },
      ],
      submit: ({ note, lasts_seconds: lasts }) => call("acknowledge", { note, lasts_seconds: lasts ? Number(lasts) : null }),
    });
    if (!done) return;
    changed();
    toast(t("acknowledgedToast"), { undo: unacknowledge });
  };
  const unacknowledge = async () => {
    if (await attempt(() => call("unacknowledge"))) toast(t("unacknowledgedToast"));
    changed();
  };
  const element = h("li", { class: "card alert-row" }, head, sub, notes, actions);
  return {
    element,
    update(item) {
      alert = item;
      const { acknowledgement: taken, silenced_by: by, description, active_since: since } = item;
      element.dataset.severity = item.severity;
      fill(head, alertTitle(item), alertBadge({ severity: item.severity, phase: item.state }));
      fill(sub, raw(reading(item)), raw(" · "), h("span", { title: dateTime(since), translate: "no" }, relative(since)));
      fill(notes, description && item.metric != null && h("p", { class: "soft" }, raw(ruleDescription(description))),
        taken && h("p", { class: "good-note" }, t("takenBy", { by: principalName(taken.by), time: relative(taken.at) }), taken.until && [" ", t("takenUntil", { time: dateTime(taken.until) })], taken.note && [raw(" "), raw(`“${taken.note}”`)]),
        by.length > 0 && h("p", { class: "soft" }, t("silenced", { count: by.length })));
      put(take, t(taken ? "unacknowledge" : "acknowledge"));
    },
  };
}
