// The view of a week or a day, with what stands around the grid.
import { h, raw } from "../../kit/dom.js";
import { button, card, choice, emptyState, errorState, loadingState } from "../../kit/parts.js";
import { poll } from "../../kit/live.js";
import { toast } from "../../kit/toast.js";
import { isAbort } from "../../kit/api.js";
import { zoned } from "../../kit/zone.js";
import { appointmentActions } from "./appointment.js";
import { bookDialog } from "./booking.js";
import { grid } from "./grid.js";

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const POLL_SECONDS = 60;
const QUIET = ["cancelled", "rejected", "expired"];
const NARROW = matchMedia("(max-width: 860px)");

/** The agenda: {element, reload(), book(preset), open(id)}. */
export function agendaView(ctx, data, { toSettings }) {
  const { t, api, can, signal, query } = ctx;
  let span = NARROW.matches ? "day" : "week";
  let day = /^\d{4}-\d{2}-\d{2}$/.test(query.get("day") ?? "") ? query.get("day") : null;
  let chosen = new Set();
  let shown = [];
  let round = 0;

  const actions = appointmentActions(ctx, data, () => load());
  const mayMove = (one) => one.may_move;
  const days = grid(ctx, data, { onOpen: actions.show, onBook: (on) => book({ day: on }), mayMove, onDrop: actions.moveTo, onMove: (id) => {
    const one = shown.find((item) => item.id === id);
    if (one && mayMove(one)) actions.move(one);
  } });
  const title = h("p", { class: "agenda-title", role: "status" });
  const date = h("input", { type: "date", "aria-label": t("pickDay"), on: { change: () => date.value && goTo(date.value) } });
  const spanChoice = choice(t("span"), [["week", t("week")], ["day", t("day")]], span, (value) => { span = value; load(); });
  const people = h("div", { class: "agenda-people", role: "group", "aria-label": t("withWhom") });
  const off = h("input", { type: "checkbox", on: { change: () => load() } });
  const state = h("div", null, loadingState(8));
  const body = h("div", { class: "agenda-scroll" }, days.element);
  const foot = h("p", { class: "hint agenda-keys" }, t("keys"));
  const element = card(null, { class: "agenda-card" },
    h("div", { class: "agenda-bar" },
      h("div", { class: "actions" }, button(t("today"), () => goTo(data.zone.key(Date.now())), { small: true }), button(t("before"), () => step(-1), { small: true, icon: "arrow", iconOnly: true, class: "back" }), button(t("after"), () => step(1), { small: true, icon: "arrow", iconOnly: true }), title),
      h("div", { class: "actions" }, date, spanChoice.element)),
    h("div", { class: "agenda-bar" }, people, h("label", { class: "agenda-check" }, off, t("calledOff"))), state, body, foot);

  function goTo(to) {
    day = to;
    const address = new URL(location);
    address.searchParams.set("day", to);
    // Booking for a client was asked for once.
    address.searchParams.delete("client");
    history.replaceState(history.state, "", address);
    load();
  }
  const step = (by) => goTo(data.zone.add(day, span === "week" ? by * 7 : by));
  const monday = () => data.zone.add(day, 1 - data.zone.weekday(day));

  async function load() {
    const mine = (round += 1);
    try {
      if (!data.ready) await data.load();
      day ??= data.zone.key(Date.now());
      showPeople();
      if (!data.professionals.size || !data.services.size) return showNothing();
      const first = span === "week" ? monday() : day;
      const all = Array.from({ length: span === "week" ? 7 : 1 }, (_, index) => data.zone.add(first, index));
      const end = data.zone.add(first, all.length);
      const [{ items, isCut }, open, dates] = await Promise.all([data.appointments(data.zone.instant(first), data.zone.instant(end)), openSpans(all), holidays(first, all.at(-1))]);
      if (mine !== round) return null;
      shown = items;
      show(all, open, dates);
      state.replaceChildren(...(isCut ? [h("p", { class: "form-error" }, t("tooMany", { count: items.length }))] : []));
    } catch (error) {
      if (!isAbort(error) && mine === round) state.replaceChildren(errorState(error, load));
    }
    return null;
  }
  function show(all, open, dates) {
    const visible = shown.filter((one) => (off.checked || !QUIET.includes(one.status)) && (!chosen.size || chosen.has(one.professional_id)));
    const used = new Set(visible.map(({ starts_at: at }) => data.zone.key(at)));
    // A weekend on which nobody works takes no room.
    const days7 = all.filter((one) => span === "day" || data.zone.weekday(one) < 6 || used.has(one) || open.get(one)?.length);
    const [from, to] = [days7[0], days7.at(-1)];
    title.replaceChildren(raw(span === "day" ? data.zone.day(from, { weekday: "long", day: "numeric", month: "long" }) : `${data.zone.day(from, { day: "numeric", month: "short" })} – ${data.zone.day(to, { day: "numeric", month: "short", year: "numeric" })}`, { class: "strong" }),
      h("span", { class: "soft small" }, visible.length ? t("count", { count: visible.length }) : t("noDay")));
    date.value = day;
    body.hidden = foot.hidden = false;
    days.draw({ days: days7, appointments: visible, open, holidays: dates });
  }
  function showNothing() {
    body.hidden = foot.hidden = true;
    const way = !data.professionals.size ? ["toProfessionals", "professionals"] : ["toServices", "services"];
    state.replaceChildren(emptyState(t("nothingSetUp"), t("nothingSetUpText"), can("schedule:write") && button(t(way[0]), () => toSettings(way[1]), { kind: "primary" }), "appointments"));
    return null;
  }
  function showPeople() {
    if (people.childElementCount === data.professionals.size + 1) return;
    chosen = new Set([...chosen].filter((id) => data.professionals.has(id)));
    const all = h("button", { type: "button", class: "person", "aria-pressed": "true", on: { click: () => { chosen.clear(); pressed(); load(); } } }, t("everybody"));
    const chips = [...data.professionals.values()].map((one) => h("button", { type: "button", class: ["person", `tone-${one.colour}`], dataset: { id: one.id }, on: { click: () => {
      if (!chosen.delete(one.id)) chosen.add(one.id);
      pressed();
      load();
    } } }, h("span", { class: "person-dot", "aria-hidden": "true" }), raw(one.name)));
    const pressed = () => {
      all.setAttribute("aria-pressed", String(!chosen.size));
      chips.forEach((chip) => chip.setAttribute("aria-pressed", String(chosen.has(chip.dataset.id))));
    };
    people.replaceChildren(all, ...chips);
    pressed();
  }
  /** In which minutes of each day somebody of those who are shown works. */
  async function openSpans(all) {
    const ids = chosen.size ? [...chosen] : [...data.professionals.keys()];
    const [weeks, exceptions] = await Promise.all([Promise.all(ids.map((id) => data.hoursOf(id).catch(() => []))), exceptionsOf(all)]);
    return new Map(all.map((date) => {
      const special = exceptions.get(date);
      if (special) return [date, special.map(({ from, until }) => [minute(from), minute(until)])];
      return [date, weeks.flatMap((items, index) => {
        const own = zoned(data.professionals.get(ids[index]).time_zone);
        const move = (text) => (own.name === data.zone.name ? minute(text) : data.zone.minutes(own.instant(date, minute(text))));
        return items.filter(({ weekday, valid_from: from, valid_until: until }) => weekday === WEEKDAYS[data.zone.weekday(date) - 1] && (!from || from <= date) && (!until || until >= date)).map((item) => [move(item.from), move(item.until)]);
      })];
    }));
  }
  const exceptionsOf = async (all) => new Map((await api.get("/api/v1/schedule/exceptions", { query: { whose: "workspace", from: all[0], until: all.at(-1) } })).items.map((one) => [one.date, one.open]));
  const holidays = async (from, until) => new Map((await api.get("/api/v1/schedule/holidays", { query: { from, until } })).items.map((one) => [one.date, one]));

  async function book({ day: on, client } = {}) {
    if (!data.ready) await data.load();
    const today = data.zone.key(Date.now());
    const made = await bookDialog(ctx, data, { client, professional: chosen.size === 1 ? [...chosen][0] : "", day: [on ?? day ?? today, today].sort().at(-1) });
    if (!made) return;
    actions.booked(made);
    day = data.zone.key(made.starts_at);
    goTo(day);
  }
  async function open(id) {
    try {
      const one = await api.get(`/api/v1/appointments/${id}`);
      if (!data.ready) await data.load();
      data.hear([one]);
      goTo(data.zone.key(one.starts_at));
      actions.show(one);
    } catch (error) {
      if (!isAbort(error)) toast(t("failed", { detail: error.message }));
    }
  }
  poll(load, POLL_SECONDS, signal);
  const timer = setInterval(days.tick, 60_000);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  return { element, reload: load, book, open };
}

const minute = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
