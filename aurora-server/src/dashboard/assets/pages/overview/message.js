import { newestOf } from "../../kit/alert.js";
import { isAbort } from "../../kit/api.js";
import { fill, h } from "../../kit/dom.js";
import { duration } from "../../kit/format.js";
import { message } from "../../kit/message.js";
import { emptyState, errorState, loadingState } from "../../kit/parts.js";

/** "Resolved after 32 s". */
export const overAfter = (t, { active_since: since, resolved_at: at }) => t("overAfter", { time: duration((Date.parse(at) - Date.parse(since)) / 1000) });
const isOver = ({ phase }) => phase === "resolved";
const keyOf = (alert) => (alert ? `${alert.fingerprint} ${alert.phase}` : null);

/** The message about the newest active alert, or the one that has just ended, as each channel would show it; asked for once an alert and its end. */
export function messageCard({ t, api, can }) {
  const element = h("div", { class: "stack" });
  const note = h("p", { class: "soft", hidden: true }, t("notSent"));
  let about = null;

  const nothing = () => fill(element, emptyState(t("noMessage"), t("noMessageText"), null, "notifications"));
  const ask = async (alert) => {
    fill(element, loadingState(3));
    const isCurrent = () => about === keyOf(alert);
    try {
      const { items } = await api.post("/api/v1/notifications/preview", { fingerprint: alert.fingerprint });
      const severity = isOver(alert) ? "resolved" : alert.severity;
      if (isCurrent()) fill(element, items.map((item) => message({ ...item, severity })));
    } catch (error) {
      if (isAbort(error) || !isCurrent()) return;
      // 404: it is over and forgotten; 409: there is no channel.
      if (error.status === 404) nothing();
      else if (error.status === 409) fill(element, h("p", { class: "soft" }, t("noChannels")));
      else fill(element, errorState(error, () => ask(alert)));
    }
  };
  nothing();
  return {
    element: h("div", { class: "stack" }, note, element),
    show(alerts, over) {
      const newest = newestOf(alerts) ?? over;
      note.hidden = !newest?.silenced_by?.length;
      if (about === keyOf(newest)) return;
      about = keyOf(newest);
      if (newest && can("alert:read")) ask(newest);
      else nothing();
    },
  };
}
