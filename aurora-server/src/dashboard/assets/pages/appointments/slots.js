// Choosing a free time: the day, with whom, and what the API says is free.
import { h, newId, raw } from "../../kit/dom.js";
import { button, errorState, loadingState } from "../../kit/parts.js";
import { isAbort } from "../../kit/api.js";

const PARTS = [["morning", 0], ["afternoon", 12 * 60], ["evening", 18 * 60]];
const WEEKS_AHEAD = 56;

/** A choice of free times: slotChoice(ctx, data, {day, professional, mayOutside}) → {element, setService(id), value() → {starts_at, professional_id, outside_hours} or null, fail(words), reload()}. */
export function slotChoice({ t, api }, data, { day, professional = "", mayOutside }) {
  const { zone } = data;
  const name = newId("slot");
  const date = h("input", { type: "date", id: newId("date"), value: day, min: zone.key(Date.now()), on: { change: reload } });
  const who = h("select", { id: newId("who"), on: { change: reload } });
  const list = h("div", { class: "slots" });
  const problem = h("p", { class: "field-error", role: "alert", hidden: true });
  const outside = h("input", { type: "checkbox", id: newId("outside"), on: { change: showOutside } });
  const time = h("input", { type: "time", id: newId("time") });
  const timeField = h("div", { class: "field", hidden: true }, h("label", { for: time.id }, t("time")), time);
  const free = h("fieldset", { class: "field" }, h("legend", { class: "label-text" }, t("free")), list);
  const element = h("div", { class: "form" },
    h("div", { class: "field-pair" }, h("div", { class: "field" }, h("label", { for: who.id }, t("professional")), who), h("div", { class: "field" }, h("label", { for: date.id }, t("date")), date)),
    free, mayOutside && h("div", { class: "field check" }, outside, h("label", { for: outside.id }, t("outside")), h("p", { class: "hint" }, t("outsideHint"))), timeField, problem);
  let service = null;
  let slots = [];
  let round = 0;
  list.replaceChildren(h("p", { class: "soft" }, t("pickService")));

  function setService(id) {
    service = id;
    const able = [...data.professionals.values()].filter((one) => !id || !data.services.get(id) || data.services.get(id).professionals.includes(one.id));
    const wanted = who.value || professional;
    who.replaceChildren(h("option", { value: "" }, t("anybody")), ...able.map((one) => h("option", { value: one.id, translate: "no", selected: one.id === wanted ? true : null }, one.name)));
    return reload();
  }
  async function reload() {
    problem.hidden = true;
    if (!service || outside.checked || !date.value) return;
    const mine = (round += 1);
    list.replaceChildren(loadingState(2));
    const from = zone.instant(date.value);
    const query = { service, professional: who.value, from: new Date(Math.max(from, Date.now())).toISOString(), until: zone.instant(zone.add(date.value, 1)).toISOString(), any_notice: true, limit: 200 };
    try {
      slots = Date.parse(query.from) < Date.parse(query.until) ? (await api.get("/api/v1/appointments/slots", { query })).items : [];
      if (mine === round) show();
    } catch (error) {
      if (!isAbort(error) && mine === round) list.replaceChildren(errorState(error, reload));
    }
  }
  function show() {
    if (!slots.length) return list.replaceChildren(h("p", { class: "soft" }, t("noFree")), button(t("nextFree"), findNext, { small: true }));
    const minute = ({ starts_at: at }) => zone.minutes(at);
    return list.replaceChildren(...PARTS.map(([part, from], index) => [part, slots.map((slot, at) => [slot, at]).filter(([slot]) => minute(slot) >= from && minute(slot) < (PARTS[index + 1]?.[1] ?? 1440))])
      .filter(([, own]) => own.length).map(([part, own]) => h("div", null, h("p", { class: "small soft" }, t(part)), h("div", { class: "slot-chips" }, own.map(([slot, at]) =>
        h("label", { class: "slot-chip", title: data.nameOf("professionals", slot.professional_id), translate: "no" }, h("input", { type: "radio", name, value: at }), raw(zone.time(slot.starts_at))))))));
  }
  async function findNext() {
    const from = Math.max(Date.now(), zone.instant(zone.add(date.value, 1)).getTime());
    try {
      const { items } = await api.get("/api/v1/appointments/slots", { query: { service, professional: who.value, from: new Date(from).toISOString(), until: new Date(from + WEEKS_AHEAD * 86_400_000 - 1000).toISOString(), any_notice: true, limit: 1 } });
      if (!items.length) return list.replaceChildren(h("p", { class: "soft" }, t("noNextFree")));
      date.value = zone.key(items[0].starts_at);
      await reload();
      list.querySelector("input")?.focus();
    } catch (error) {
      if (!isAbort(error)) list.replaceChildren(errorState(error, findNext));
    }
    return null;
  }
  function showOutside() {
    free.hidden = outside.checked;
    timeField.hidden = !outside.checked;
    reload();
  }
  const fail = (text) => {
    problem.hidden = false;
    problem.replaceChildren(text);
  };
  return {
    element, setService, reload, fail,
    value() {
      problem.hidden = true;
      if (mayOutside && outside.checked) {
        if (!who.value) { fail(t("needsProfessional")); who.focus(); return null; }
        if (!time.value) { fail(t("pickTime")); time.focus(); return null; }
        const [hour, minute] = time.value.split(":").map(Number);
        return { starts_at: zone.instant(date.value, hour * 60 + minute).toISOString(), professional_id: who.value, outside_hours: true };
      }
      const chosen = slots[list.querySelector("input:checked")?.value];
      if (!chosen) { fail(t("pickTime")); (list.querySelector("input") ?? date).focus(); return null; }
      return { starts_at: chosen.starts_at, professional_id: chosen.professional_id };
    },
  };
}
