// Days side by side with their appointments at their times.
import { h, raw } from "../../kit/dom.js";
import { button } from "../../kit/parts.js";
import { draggable } from "./drag.js";

const PIXELS = 1.8; // a minute
const LEAST_PX = 26;
const TINY_PX = 40; // below it there is room for one line
const USUAL = [8 * 60, 18 * 60];
const AWAKE = [6 * 60, 22 * 60];
const QUIET = ["cancelled", "rejected", "expired"];
const STEP = 15;

/**
 * Draws days: grid(ctx, data, {onOpen, onMove, onBook, mayMove(appointment), onDrop(appointment, start)}) → {element, draw({days, appointments, open, holidays}), tick()}. `open` holds spans of
 * minutes by day, in which somebody works.
 */
export function grid({ t, can, signal }, data, { onOpen, onMove, onBook, mayMove, onDrop }) {
  const element = h("div", { class: "agenda", on: { keydown: onKey } });
  let line = null;
  let first = USUAL[0];
  let shown = new Map();
  let later = null; // what is to be drawn once nothing is held any more

  function draw(wanted) {
    if (drag.isActive()) {
      later = wanted;
      return;
    }
    later = null;
    const { days, appointments, open, holidays } = wanted;
    shown = new Map(appointments.map((one) => [one.id, one]));
    const { zone } = data;
    const focused = element.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const byDay = new Map(days.map((day) => [day, []]));
    for (const one of appointments) byDay.get(zone.key(one.starts_at))?.push(place(one, zone));
    const spans = [...open.values()].flat();
    const all = [...byDay.values()].flat();
    // The line of the present moment is to be seen in the evening, too.
    const now = days.includes(zone.key(Date.now())) ? [zone.minutes(Date.now())].filter((minute) => minute > AWAKE[0] && minute < AWAKE[1]) : [];
    first = Math.floor(Math.min(USUAL[0], ...now, ...spans.map(([from]) => from), ...all.map(({ from }) => from)) / 60) * 60;
    const last = Math.ceil(Math.max(USUAL[1], ...now.map((minute) => minute + 30), ...spans.map(([, until]) => until), ...all.map(({ until }) => until)) / 60) * 60;
    const height = (last - first) * PIXELS;
    const marks = Array.from({ length: (last - first) / 60 }, (_, index) => first + index * 60);
    const gutter = h("div", { class: "agenda-hours", "aria-hidden": "true" }, h("div", { class: "agenda-head" }), h("div", { class: "agenda-body" }, marks.map((minute) => at(h("span", { translate: "no" }, zone.time(zone.instant(days[0], minute))), minute))));
    gutter.lastChild.style.height = `${height}px`;
    element.style.setProperty("--days", days.length);
    line = null;
    element.replaceChildren(gutter, ...days.map((day) => column(day, byDay.get(day), { open: open.get(day) ?? [], holiday: holidays.get(day), height, marks, isOnly: days.length === 1 })));
    tick();
    if (focused) element.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
  function column(day, items, { open, holiday, height, marks, isOnly }) {
    const { zone } = data;
    const isToday = day === zone.key(Date.now());
    const long = zone.day(day, { weekday: "long", day: "numeric", month: "long" });
    lanes(items);
    const body = h("div", { class: "agenda-body", dataset: { day } },
      open.map(([from, until]) => sized(h("div", { class: "agenda-open", "aria-hidden": "true" }), from, until)),
      marks.map((minute) => at(h("div", { class: "agenda-rule", "aria-hidden": "true" }), minute)),
      h("ol", { "aria-label": t("appointmentsOf", { day: long }) }, items.map(block)));
    body.style.height = `${height}px`;
    if (isToday) {
      line = h("div", { class: "agenda-now", "aria-hidden": "true" });
      body.append(line);
    }
    return h("section", { class: ["agenda-day", isToday && "is-today"] },
      h("div", { class: "agenda-head" }, h("h2", null, raw(isOnly ? long : `${zone.day(day, { weekday: "short" }).replace(".", "")} ${zone.day(day, { day: "numeric" })}`), isToday && h("span", { class: "unseen" }, t("isToday"))),
        can("appointment:write") && button(t("bookOn", { day: long }), () => onBook(day), { small: true, kind: "plain", icon: "plus", iconOnly: true }),
        holiday && h("p", { class: "agenda-holiday" }, raw(holiday.name), holiday.closes && [raw(" · "), t("closed")])),
      body);
  }
  function block(item) {
    const { one, from, until, lane, of } = item;
    const person = data.professionals.get(one.professional_id);
    const isShort = until - from < 35;
    const state = one.status === "confirmed" ? null : h("span", { class: "slot-state", translate: "yes" }, t(`status.${one.status}`));
    const time = data.zone.time(one.starts_at);
    const name = data.clientName(one.client_id);
    const [service, professional] = [data.nameOf("services", one.service_id), data.nameOf("professionals", one.professional_id)];
    const node = h("button", { type: "button", class: ["slot", `is-${one.status}`, `tone-${person?.colour ?? 0}`, isShort && "short", (until - from) * PIXELS < TINY_PX && "tiny", of > 1 && "beside", mayMove(one) && "movable", QUIET.includes(one.status) && "quiet"], dataset: { id: one.id }, translate: "no", title: [`${time} ${name}`, service, professional].join(" · "), on: { click: () => onOpen(one) } },
      h("span", { class: "slot-who" }, raw(time, { class: "slot-time" }), raw(name)),
      state, h("span", { class: "slot-what" }, raw([service, professional].join(" · "))));
    const row = sized(h("li", null, node), from, until);
    row.style.insetInlineStart = `${(lane / of) * 100}%`;
    row.style.width = `${100 / of}%`;
    return row;
  }
  const at = (node, minute) => {
    node.style.top = `${(minute - first) * PIXELS}px`;
    return node;
  };
  const sized = (node, from, until) => {
    node.style.height = `${Math.max(LEAST_PX, (until - from) * PIXELS)}px`;
    return at(node, from);
  };
  function tick() {
    if (line) at(line, data.zone.minutes(Date.now()));
  }
  function onKey(event) {
    const now = document.activeElement.closest?.(".slot");
    if (!now) return;
    const columns = [...element.querySelectorAll("ol")].map((list) => [...list.querySelectorAll(".slot")]);
    const where = columns.findIndex((list) => list.includes(now));
    const index = columns[where].indexOf(now);
    const beside = (step) => {
      const next = columns.slice(step > 0 ? where + 1 : 0, step > 0 ? undefined : where).filter((list) => list.length);
      const list = step > 0 ? next[0] : next.at(-1);
      return list?.reduce((best, one) => (Math.abs(one.offsetParent.offsetTop - now.offsetParent.offsetTop) < Math.abs(best.offsetParent.offsetTop - now.offsetParent.offsetTop) ? one : best));
    };
    const turn = { ArrowDown: () => columns[where][index + 1], ArrowUp: () => columns[where][index - 1], ArrowRight: () => beside(1), ArrowLeft: () => beside(-1) }[event.key];
    if (turn) {
      event.preventDefault();
      turn()?.focus();
    } else if (event.key.toLowerCase() === "m" && !event.ctrlKey && !event.metaKey) onMove(now.dataset.id);
  }
  const drag = draggable(element, {
    signal,
    find: (id) => {
      const one = shown.get(id);
      if (!one || !mayMove(one)) return null;
      const { from, until } = place(one, data.zone);
      return { day: data.zone.key(one.starts_at), minute: from, length: until - from, step: data.services.get(one.service_id)?.granularity_minutes ?? STEP, name: data.clientName(one.client_id) };
    },
    minuteAt: (px) => first + px / PIXELS,
    place: sized,
    timeOf: (day, minute) => data.zone.time(data.zone.instant(day, minute)),
    onDrop: (id, day, minute) => onDrop(shown.get(id), data.zone.instant(day, minute)),
    onEnd: () => { if (later) draw(later); },
  });
  return { element, draw, tick };
}

function place(one, zone) {
  const from = zone.minutes(one.starts_at);
  return { one, from, until: Math.max(from + 5, from + (Date.parse(one.ends_at) - Date.parse(one.starts_at)) / 60_000) };
}

/** Gives what stands at the same time places beside each other. */
function lanes(items) {
  items.sort((a, b) => a.from - b.from || b.until - a.until);
  let group = [];
  let end = 0;
  const close = () => {
    const of = Math.max(1, ...group.map(({ lane }) => lane + 1));
    group.forEach((item) => { item.of = of; });
    group = [];
  };
  for (const item of items) {
    const least = Math.max(item.until, item.from + LEAST_PX / PIXELS);
    if (item.from >= end) close();
    const taken = new Set(group.filter((other) => other.least > item.from).map(({ lane }) => lane));
    item.lane = [...Array(taken.size + 1).keys()].find((lane) => !taken.has(lane));
    item.least = least;
    end = group.length ? Math.max(end, least) : least;
    group.push(item);
  }
  close();
}
