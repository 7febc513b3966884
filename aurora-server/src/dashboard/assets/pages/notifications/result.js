import { errorText } from "../../kit/delivery.js";
import { h, raw } from "../../kit/dom.js";
import { dateTime, duration, millis } from "../../kit/format.js";

/** What became of a message at one channel, target by target. */
export function resultLine(t, { channel, delivered, targets, throttled_until: until }, { named } = {}) {
  const name = named && [raw(channel, { class: "strong" }), " "];
  if (until) return h("p", { class: "warn-note" }, name, t("leftAlone", { time: dateTime(until) }));
  if (delivered) return h("p", { class: "good-note" }, name, t("took", { time: millis(Math.max(0, ...targets.map(({ took_ms: took }) => took))) }));
  return h("ul", { class: "bad-note" }, targets.filter((target) => !target.delivered).map(({ target, error, detail, retry_after_seconds: wait }) =>
    h("li", null, name, target && [raw(target), " "], t("tookNot", { why: errorText(error) }), detail && [" ", raw(`(${detail})`)], wait > 0 && [" ", t("askAgain", { time: duration(wait) })])));
}
