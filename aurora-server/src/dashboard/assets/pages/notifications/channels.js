import { isAbort } from "../../kit/api.js";
import { attempt } from "../../kit/attempt.js";
import { errorText, outcomeText } from "../../kit/delivery.js";
import { fill, h, keyed, raw } from "../../kit/dom.js";
import { dateTime, millis, number, percent, relative } from "../../kit/format.js";
import { poll } from "../../kit/live.js";
import { badge, button, emptyState, errorState, loadingState } from "../../kit/parts.js";
import { toast } from "../../kit/toast.js";
import { has } from "../../kit/words.js";
import { resultLine } from "./result.js";
import { words } from "./words.js";

const POLL_SECONDS = 15;
const KINDS = { ok: "good", throttled: "warn", disabled: "bad" };

/** Each channel with its state, its numbers and what came last: {element, turn()}. */
export function channels(ctx, changed) {
  const { t, api, signal } = ctx;
  const list = h("ul", { class: "channels" });
  const state = h("div", { class: "card" }, loadingState());
  const update = keyed(list, ({ channel }) => channel, (channel) => channelCard(ctx, channel, () => {
    turn();
    changed();
  }));
  const turn = poll(async () => {
    try {
      const { channels: all, recent } = await api.get("/api/notifications");
      const last = new Map([...recent].reverse().map((record) => [record.channel, record]));
      update(all.map((channel) => ({ ...channel, last: last.get(channel.channel) })));
      state.hidden = all.length > 0;
      if (!all.length) fill(state, emptyState(t("noChannels"), t("noChannelsText"), null, "notifications"));
    } catch (error) {
      if (isAbort(error)) return;
      state.hidden = false;
      fill(state, errorState(error, () => turn()));
    }
  }, POLL_SECONDS, signal);
  return { element: h("section", { class: "stack", "aria-labelledby": "channels-title" }, h("h2", { id: "channels-title", class: "unseen" }, t("channels")), list, state), turn };
}

function channelCard({ t, api, can }, { channel: name, kind }, changed) {
  const [status, figures, notes] = [h("div"), h("dl", { class: "channel-figures" }), h("div", { class: "channel-notes small" })];
  const result = h("div", { class: "small", role: "status" });
  const address = `/api/v1/notifications/channels/${encodeURIComponent(name)}`;
  const test = button([t("test"), about(name)], async () => {
    test.disabled = true;
    result.replaceChildren(h("p", { class: "soft" }, t("testing")));
    try {
      result.replaceChildren(resultLine(t, await api.post(`${address}/test`, {}, { timeout: 40_000 })));
    } catch (error) {
      if (!isAbort(error)) result.replaceChildren(h("p", { class: "bad-note" }, raw(error.message)));
    }
    test.disabled = false;
    changed();
  }, { small: true, icon: "send" });
  const enable = button([t("useAgain"), about(name)], async () => {
    if (await attempt(() => api.post(`${address}/enable`, {}, { create: true }))) toast(t("usedAgain", { channel: name }));
    changed();
  }, { small: true, hidden: true });
  const element = h("li", { class: "card channel" }, h("div", { class: "channel-head" }, h("h3", { translate: "no" }, name, kind !== name && h("span", { class: "soft small" }, ` ${kind}`)), status), figures, notes, result,
    h("div", { class: "actions" }, can("notification:send") && test, can("alert:write") && enable));
  return {
    element,
    update(item) {
      fill(status, badge(KINDS[item.state] ?? "warn", has(words, `state.${item.state}`) ? t(`state.${item.state}`) : raw(item.state)));
      fill(figures, ...[["delivered", number(item.delivered)], ["failed", number(item.failed)], ["rate", percent(item.delivery_rate)], ["mean", millis(item.mean_ms)]]
        .map(([key, value]) => h("div", null, h("dt", null, t(key)), h("dd", null, raw(value, { class: key === "failed" && item.failed > 0 && "bad-note" })))));
      fill(notes, ...notesOf(t, item));
      enable.hidden = item.state !== "disabled";
    },
  };
}

const about = (name) => h("span", { class: "unseen" }, " ", raw(name));

function notesOf(t, { state, throttled_until: until, disabled_since: since, disabled_by: by, queued, oldest, retried, redirected, last }) {
  return [
    state === "throttled" && h("p", { class: "warn-note" }, t("throttledUntil", { time: dateTime(until) })),
    state === "disabled" && h("p", { class: "bad-note" }, t("offSince", { time: dateTime(since), why: errorText(by) })),
    queued > 0 && h("p", null, t("queued", { count: queued }), oldest && [" ", h("span", { class: "soft" }, t("oldest", { time: relative(oldest) }))]),
    retried > 0 && h("p", { class: "soft" }, t("retried", { count: retried })), redirected > 0 && h("p", { class: "soft" }, t("redirected", { count: redirected })),
    h("p", { class: "soft" }, last ? t("last", { outcome: outcomeText(last.outcome), time: relative(last.at) }) : t("noLast")),
  ].filter(Boolean);
}
