import { alertName, newestOf, reading } from "../../kit/alert.js";
import { fill, h } from "../../kit/dom.js";
import { duration } from "../../kit/format.js";
import { message } from "../../kit/message.js";
import { emptyState, errorState, loadingState } from "../../kit/parts.js";
import { isAbort } from "../../kit/api.js";

/** "Resolved after 32 s". */
export const overAfter = (t, { active_since: since, resolved_at: at }) => t("overAfter", { time: duration((Date.parse(at) - Date.parse(since)) / 1000) });
const isOver = ({ phase }) => phase === "resolved";
const keyOf = (alert) => (alert ? `${alert.fingerprint} ${isOver(alert)}` : null);

/** The message about the newest active alert, or the one that has just ended, as each channel would show it; asked for once an alert and its end. */
export function messageCard({ t, api, can }) {
  const element = h("div", { class: "stack" });
  let about = null;

  const nothing = () => fill(element, emptyState(t("noMessage"), t("noMessageText"), null, "notifications"));
  const ask = async (alert) => {
    fill(element, loadingState(3));
    try {
      const { items } = await api.post("/api/v1/notifications/preview", { title: alertName(alert), content: isOver(alert) ? overAfter(t, alert) : reading(alert), severity: alert.severity });
      if (about !== keyOf(alert)) return;
      fill(element, items.length ? items.map((item) => message(isOver(alert) ? resolved(item, alert) : { ...item, severity: alert.severity })) : h("p", { class: "soft" }, t("noChannels")));
    } catch (error) {
      if (!isAbort(error)) fill(element, errorState(error, () => ask(alert)));
    }
  };
  nothing();
  return {
    element,
    show(alerts, over) {
      const newest = newestOf(alerts) ?? over;
      if (about === keyOf(newest)) return;
      about = keyOf(newest);
      if (newest && can("alert:read")) ask(newest);
      else nothing();
    },
  };
}

/** A preview knows firing messages alone: the mark of one that is over takes the place of its severity. */
function resolved(item, { severity }) {
  const marked = (text) => text.replace(new RegExp(`\\b${severity.toUpperCase()}(?=[\\]:])`, "g"), "RESOLVED");
  return { ...item, title: marked(item.title), text: marked(item.text), severity: "resolved" };
}
