import { h, raw } from "../../kit/dom.js";
import { clock, millis, number, usd } from "../../kit/format.js";
import { badge, button, card, choice, emptyState, errorState } from "../../kit/parts.js";
import { poll } from "../../kit/live.js";
import { table } from "../../kit/table.js";
import { trail } from "../../kit/trail.js";
import { isAbort } from "../../kit/api.js";
import { has } from "../../kit/words.js";
import { words } from "./words.js";

const POLL_SECONDS = 20;
const SHOWN = 25;
const FILTERS = { all: {}, fallback: { fallback: true }, failures: { outcome: "failed" }, cached: { cached: true } };
const KINDS = { served: "good", failed: "bad" };

/** The trail of recent requests: {element, turn()}, the latter asking anew. */
export function recentRequests({ t, api, pulse, signal, can, href }) {
  if (!can("llm:read")) return { element: card(t("recent"), {}, emptyState(t("notAllowed"), t("notAllowedText"))), turn() {} };
  let isPaused = false;
  const problem = h("div");
  const list = table({ caption: t("recent"), columns: columns(t), dense: true, empty: emptyState(t("noCalls"), t("noCallsText"), h("a", { class: "button", href: href("playground") }, t("playground"))) });
  const filter = choice(t("filter"), Object.keys(FILTERS).map((name) => [name, t(name)]), "all", () => ask());
  const pause = button(t("pause"), () => {
    isPaused = !isPaused;
    pause.textContent = t(isPaused ? "follow" : "pause");
    if (!isPaused) turn();
  }, { small: true });
  // Answers to what was chosen before are not shown.
  let round = 0;
  let known = null;
  const count = () => pulse.latest?.totals.requests;
  const ask = async () => {
    const mine = (round += 1);
    const now = count();
    try {
      const { items } = await api.get("/api/v1/llm/requests", { query: { ...FILTERS[filter.value], limit: SHOWN } });
      if (mine !== round) return;
      known = now;
      problem.replaceChildren();
      list.update(items);
    } catch (error) {
      if (!isAbort(error) && mine === round) problem.replaceChildren(errorState(error, ask));
    }
  };
  const turn = poll(async () => { if (!isPaused && (known == null || known !== count())) await ask(); }, POLL_SECONDS, signal);
  return { element: card(t("recent"), { about: t("recentAbout"), actions: [filter.element, pause] }, problem, list.element), turn };
}

const columns = (t) => [
  { label: t("time"), header: true, render: ({ at }) => raw(clock(at), { class: "nowrap" }) },
  { label: t("model"), render: ({ model, asked_model: asked }) => raw(model ?? asked, { class: "nowrap" }) },
  { label: t("attempts"), wide: true, render: ({ attempts, cached, error }) => [trail(attempts, { cached }), error && raw(error, { class: "small soft" })] },
  { label: t("tokens"), end: true, render: ({ usage }) => raw(usage ? number(usage.total_tokens) : null) },
  { label: t("cost"), end: true, render: ({ cost }) => raw(cost ? usd(cost.usd) : null) },
  { label: t("took"), end: true, render: ({ elapsed_ms: took }) => raw(millis(took), { class: "nowrap" }) },
  { label: t("outcome"), bare: true, render: ({ outcome }) => badge(KINDS[outcome] ?? "warn", has(words, `outcome.${outcome}`) ? t(`outcome.${outcome}`) : raw(outcome)) },
];
