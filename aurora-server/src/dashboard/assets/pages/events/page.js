import { isAbort } from "../../kit/api.js";
import { setBusy } from "../../kit/attempt.js";
import { filters } from "../../kit/filters.js";
import { fill, h, keyed, put } from "../../kit/dom.js";
import { listen } from "../../kit/live.js";
import { button, card, emptyState, errorState, loadingState, pageHead } from "../../kit/parts.js";
import { GROUPS, KINDS, matches, merged } from "./lines.js";
import { row } from "./row.js";
import { words } from "./words.js";

export { words };
export const style = "/dashboard/assets/pages/events/page.css";

const DRAW_MS = 250;
const KEPT = 1_000;

/** The log of what happens, the newest first; it follows while its top is seen and nobody has paused it. */
export function mount(root, ctx) {
  const { t, api, signal } = ctx;
  let [events, waiting, cursor] = [[], [], null];
  let [isPaused, isTopSeen, round, following, timer] = [false, true, 0, null, null];
  const list = h("ol", { class: "log", "aria-label": t("title"), on: { keydown: move } });
  const top = h("div", { "aria-hidden": "true" });
  const state = h("div", null, loadingState(6));
  const about = h("p", { class: "soft small", role: "status" });
  const show = keyed(list, ({ id }) => id, (line) => row(ctx, line));
  const fresh = button("", () => {
    take();
    scrollTo({ top: 0 });
    list.querySelector("button")?.focus();
  }, { kind: "primary", small: true, class: "fresh", hidden: true });
  const pause = button(t("pause"), () => {
    isPaused = !isPaused;
    put(pause, t(isPaused ? "follow" : "pause"));
    if (!isPaused) take();
    tell();
  }, { small: true });
  const older = button(t("older"), () => load(), { hidden: true });
  const bar = filters(t("filter"), [
    { name: "text", type: "search", label: t("text") },
    { name: "kind", type: "select", label: t("kind"), options: [["", t("allKinds")], ...GROUPS.map((group) => [group, t(`group.${group}`)])] },
    { name: "level", type: "select", label: t("level"), value: "info", options: ["info", "warning", "error"].map((level) => [level, t(`from.${level}`)]) },
  ], changed);
  root.append(pageHead(t("title"), { about: t("about"), actions: pause }), card(null, { class: "log-card" }, h("div", { class: "stack" }, bar.element, about), top, h("div", { class: "fresh-place" }, fresh), list, state, older));

  const isHeld = () => isPaused || !isTopSeen;
  const draw = () => {
    const { text } = bar.values();
    const lines = merged(events).filter((line) => matches(line, text));
    show(lines);
    if (events.length || state.dataset.done) fill(state, ...(lines.length ? [] : [events.length ? emptyState(t("noMatch"), t("noMatchText"), null, "search") : emptyState(t("nothing"), t("nothingText"), null, "events")]));
    tell();
  };
  const tell = () => {
    fresh.hidden = !waiting.length;
    put(fresh, t("fresh", { count: waiting.length }));
    put(about, t(isPaused ? "paused" : isTopSeen ? "follows" : "held"));
  };
  const take = () => {
    events = [...waiting, ...events].slice(0, KEPT);
    waiting = [];
    draw();
  };
  const hear = (event) => {
    // What was asked for and what is heard may overlap.
    if (events.some(({ id }) => id === event.id) || waiting.some(({ id }) => id === event.id)) return;
    waiting = [event, ...waiting].slice(0, KEPT);
    timer ??= setTimeout(() => {
      timer = null;
      if (isHeld()) tell();
      else take();
    }, DRAW_MS);
  };
  async function load() {
    const mine = round;
    const { kind, level } = bar.values();
    setBusy(older, true);
    try {
      const page = await api.get("/api/v1/events/log", { query: { kind, level, limit: 100, cursor } });
      if (mine !== round) return;
      state.dataset.done = "true";
      const known = new Set(events.map(({ id }) => id));
      events = [...events, ...page.items.filter(({ id }) => !known.has(id))];
      cursor = page.next;
      older.hidden = !cursor;
      draw();
    } catch (error) {
      if (!isAbort(error) && mine === round) fill(state, errorState(error, load));
    } finally {
      setBusy(older, false);
    }
  }
  function follow() {
    following?.abort();
    following = new AbortController();
    const { kind, level } = bar.values();
    const mine = round;
    const on = Object.fromEntries(KINDS.map((name) => [name, (event) => { if (mine === round) hear(event); }]));
    // Some are no longer kept: what is there is asked for anew.
    on.gap = () => { if (mine === round && events.length) begin(); };
    listen("/api/v1/events", { on, query: { kind, level }, signal: AbortSignal.any([signal, following.signal]) });
  }
  function begin() {
    round += 1;
    [events, waiting, cursor] = [[], [], null];
    delete state.dataset.done;
    fill(state, loadingState(6));
    show([]);
    load();
    follow();
  }
  let before = bar.values();
  function changed(now) {
    const isAnother = now.kind !== before.kind || now.level !== before.level;
    before = now;
    if (isAnother) begin();
    else draw();
  }
  function move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const buttons = [...list.querySelectorAll(".log-line")];
    const at = buttons.indexOf(document.activeElement);
    const to = event.key === "Home" ? 0 : event.key === "End" ? buttons.length - 1 : step && at >= 0 ? at + step : -1;
    if (at < 0 || !buttons[to]) return;
    event.preventDefault();
    buttons[to].focus();
  }

  const observer = new IntersectionObserver(([{ isIntersecting }]) => {
    isTopSeen = isIntersecting;
    if (!isHeld() && waiting.length) take();
    else tell();
  });
  observer.observe(top);
  begin();
  return () => {
    observer.disconnect();
    clearTimeout(timer);
  };
}
