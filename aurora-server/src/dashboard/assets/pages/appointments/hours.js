import { isAbort } from "../../kit/api.js";
import { openDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { form } from "../../kit/form.js";
import { toast } from "../../kit/toast.js";

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const SPANS = 2;
// A Monday, to name days of the week by.
const A_MONDAY = "2024-01-01";

/** The week in a line: "seg.–sex. 08:00–12:00, 13:30–18:00". */
export function hoursText({ t }, data, { id }) {
  const place = h("span", { class: "hours-text" }, raw("…"));
  data.hoursOf(id).then((items) => {
    const days = WEEKDAYS.map((day) => items.filter(({ weekday }) => weekday === day).map(({ from, until }) => `${from}–${until}`).join(", "));
    const groups = [];
    days.forEach((text, index) => {
      if (text && groups.at(-1)?.text === text && groups.at(-1).last === index - 1) groups.at(-1).last = index;
      else if (text) groups.push({ text, first: index, last: index });
    });
    const name = (index) => data.zone.day(data.zone.add(A_MONDAY, index), { weekday: "short" });
    place.replaceChildren(...(groups.length ? groups.map(({ text, first, last }) => h("span", { translate: "no" }, `${name(first)}${last > first ? `–${name(last)}` : ""} ${text}`)) : [h("span", { class: "soft" }, t("noHours"))]));
  }, (error) => { if (!isAbort(error)) place.replaceChildren(h("span", { class: "field-error" }, raw(error.message))); });
  return place;
}

/** The whole week of a professional; true when it was saved. */
export const hoursDialog = async (ctx, data, one) => {
  const { t, api } = ctx;
  const { data: answer } = await api.request("GET", `/api/v1/professionals/${one.id}/hours`);
  const usual = answer.items.filter(({ valid_from: from, valid_until: until }) => !from && !until);
  // What is valid on certain dates only, or is a third span of a day, has no place in this form and is kept.
  const kept = answer.items.filter((item) => !usual.includes(item) || usual.filter(({ weekday }) => weekday === item.weekday).indexOf(item) >= SPANS);
  return openDialog(t("editHours", { name: one.name }), (close) => {
    const rows = WEEKDAYS.map((weekday, index) => {
      const name = data.zone.day(data.zone.add(A_MONDAY, index), { weekday: "long" });
      const own = usual.filter((item) => item.weekday === weekday);
      const spans = Array.from({ length: SPANS }, (_, at) => ["from", "until"].map((end) => h("input", { type: "time", step: "300", "aria-label": t("spanLabel", { day: name, count: at + 1, end: t(end) }), value: own[at]?.[end] === "24:00" ? "23:59" : own[at]?.[end] ?? "" })));
      return { weekday, spans, element: h("div", { class: "hours-row", role: "group", "aria-label": name }, raw(name, { class: "strong" }), spans.map((pair) => h("span", { class: "hours-span" }, pair[0], raw("–"), pair[1]))) };
    });
    const parts = form({ fields: [], action: t("save"), cancel: () => close(null), submit: async () => {
      const hours = rows.flatMap(({ weekday, spans }) => spans.map(([from, until]) => ({ weekday, from: from.value, until: until.value === "23:59" ? "24:00" : until.value })).filter(({ from, until }) => from || until));
      if (hours.some(({ from, until }) => !from || !until || from >= until)) throw Object.assign(new Error(), { errors: [], words: t("hoursWrong") });
      await api.put(`/api/v1/professionals/${one.id}/hours`, { hours: [...hours, ...kept] }, { ifMatch: `"v${one.version}"` });
      toast(t("hoursSaved"));
      close(true);
    } });
    parts.element.prepend(...rows.map(({ element }) => element));
    return [h("p", { class: "body" }, t("hoursText"), kept.length > 0 && [raw(" "), t("hoursDated")]), parts.element];
  }, { broad: true });
};
