import { isAbort, sentenceOf } from "../../kit/api.js";
import { attempt } from "../../kit/attempt.js";
import { h, raw } from "../../kit/dom.js";
import { dateTime, relative } from "../../kit/format.js";
import { badge, button, card, choice, emptyState } from "../../kit/parts.js";
import { soon } from "../../kit/soon.js";
import { table } from "../../kit/table.js";
import { principalName } from "../../kit/team.js";
import { toast } from "../../kit/toast.js";
import { has } from "../../kit/words.js";
import { askForSilence } from "./silence-form.js";
import { words } from "./words.js";

const KINDS = { active: "warn", pending: "info", waiting: "info" };

/** What keeps alerts quiet, and until when: {element}. */
export function silences(ctx) {
  const { t, api, can, pulse, signal } = ctx;
  const filter = choice(t("show"), ["all", "active", "pending", "expired"].map((state) => [state, t(state === "all" ? "filter.all" : `silence.${state}`)]), "all", () => list.reload());
  const list = table({
    caption: t("tab.silences"), columns: columns(ctx, () => list.reload()), empty: emptyState(t("noSilences"), t("noSilencesText")),
    load: () => api.get("/api/v1/alerts/silences", { query: { state: filter.value === "all" ? null : filter.value } }),
  });
  const add = can("alert:write") && button(t("newSilence"), async () => { if (await askForSilence(ctx)) list.reload(); }, { kind: "primary", icon: "plus", small: true });
  const changed = soon(list.reload, signal);
  pulse.subscribe({ record: ({ kind }) => { if (kind === "silence") changed(); } }, signal);
  return { element: card(t("silencesTitle"), { about: t("silencesAbout"), actions: [filter.element, add] }, list.element) };
}

function columns(ctx, reload) {
  const { t, api, can } = ctx;
  const expire = async (silence) => {
    try {
      await api.delete(`/api/v1/alerts/silences/${silence.id}`, { ifMatch: silence.version });
    } catch (error) {
      if (error.status === 412 || error.status === 404) reload();
      if (!isAbort(error)) toast(error.status === 412 ? t("silenceNotEnded") : raw(sentenceOf(error)));
      return;
    }
    reload();
    // One set of matchers is all that can be written; a silence of several is not made anew.
    const again = silence.matchers.length === 1 && (async () => {
      const { matchers: [matchers], comment, ends_at, during } = silence;
      await attempt(() => api.post("/api/v1/alerts/silences", { matchers, comment, ends_at, during }, { create: true }));
      reload();
    });
    toast(t("silenceEnded"), again ? { undo: again } : {});
  };
  const actionsOf = (silence) => h("div", { class: "actions" }, silence.state !== "expired" && can("alert:write") && [
    silence.matchers.length === 1 && button(t("change"), async () => { if (await askForSilence(ctx, { silence })) reload(); }, { small: true }),
    button(t("endNow"), () => expire(silence), { small: true }),
  ]);
  return [
    { label: t("matchers"), header: true, render: ({ matchers }) => matchers.map((set) => h("p", { class: "mono matcher", translate: "no" }, set.join(", "))) },
    { label: t("state"), render: ({ state }) => badge(KINDS[state] ?? "", has(words, `silence.${state}`) ? t(`silence.${state}`) : raw(state)) },
    { label: t("until"), render: ({ starts_at: begins, ends_at: ends, state }) => [raw(dateTime(ends), { class: "nowrap" }), h("p", { class: "sub" }, state === "pending" ? t("begins", { time: dateTime(begins) }) : raw(relative(ends)))] },
    { label: t("alerts"), end: true, render: ({ alerts }) => raw(alerts) },
    { label: t("why"), render: ({ comment, created_by: by, during }) => [raw(comment || null), h("p", { class: "sub" }, t("by", { by: principalName(by) }), during.length > 0 && [raw(" · "), t("recurring")])] },
    { label: t("actions"), end: true, render: actionsOf },
  ];
}
