import { pageHead } from "../../kit/parts.js";
import { tabs } from "../../kit/tabs.js";
import { activeAlerts } from "./active.js";
import { showDetails } from "./detail.js";
import { escalations } from "./escalations.js";
import { history } from "./history.js";
import { rules } from "./rules.js";
import { silences } from "./silences.js";
import { words } from "./words.js";

export { words };
export const style = "/dashboard/assets/pages/alerts/page.css";

const FINGERPRINT = /^[0-9a-f]{16}$/;
const TABS = { active: activeAlerts, silences, rules, history, escalations };

/** Alerts, what keeps them quiet, what finds them, what they did and who is told next; a tab is part of the address, or an alert that is looked at. */
export function mount(root, ctx) {
  const { t, id, href } = ctx;
  const items = Object.entries(TABS).map(([key, build]) => ({ key, label: t(`tab.${key}`), show: (panel) => panel.append(build(ctx).element) }));
  const selected = id in TABS ? id : "active";
  const onSelect = (key) => globalThis.history.replaceState(null, "", `${href("alerts", key === "active" ? null : key)}${location.search}`);
  root.append(pageHead(t("title"), { about: t("about") }), tabs(t("title"), items, { selected, onSelect }).element);
  if (FINGERPRINT.test(id)) showDetails(ctx, { fingerprint: id });
}
