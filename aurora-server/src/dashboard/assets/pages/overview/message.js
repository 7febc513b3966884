import { alertName, newestOf, reading } from "../../kit/alert.js";
import { fill, h } from "../../kit/dom.js";
import { message } from "../../kit/message.js";
import { emptyState, errorState, loadingState } from "../../kit/parts.js";
import { isAbort } from "../../kit/api.js";

/** The message about the newest active alert, as each channel shows it; asked for once an alert. */
export function messageCard({ t, api, can }) {
  const element = h("div", { class: "stack" });
  let about = null;

  const nothing = () => fill(element, emptyState(t("noMessage"), t("noMessageText"), null, "notifications"));
  const ask = async (alert) => {
    fill(element, loadingState(3));
    try {
      const { items } = await api.post("/api/v1/notifications/preview", { title: alertName(alert), content: reading(alert), severity: alert.severity });
      if (about !== alert.fingerprint) return;
      fill(element, items.length ? items.map((item) => message({ ...item, severity: alert.severity })) : h("p", { class: "soft" }, t("noChannels")));
    } catch (error) {
      if (!isAbort(error)) fill(element, errorState(error, () => ask(alert)));
    }
  };
  nothing();
  return {
    element,
    show(alerts) {
      const newest = newestOf(alerts);
      if (about === (newest?.fingerprint ?? null)) return;
      about = newest?.fingerprint ?? null;
      if (newest && can("alert:read")) ask(newest);
      else nothing();
    },
  };
}
