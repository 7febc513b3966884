import { needsFactor } from "../../kit/needs-factor.js";
import { pageHead } from "../../kit/parts.js";
import { tabs } from "../../kit/tabs.js";
import { auditTab } from "./audit.js";
import { backupsTab } from "./backups.js";
import { configTab } from "./config.js";
import { stateTab } from "./state.js";
import { words } from "./words.js";

export { words };
export const style = "/dashboard/assets/pages/settings/page.css";

/** What the server runs with, and how it is kept; each part has an address of its own. */
export function mount(root, ctx) {
  const { t, can, id, href, query } = ctx;
  const isAdministrator = can("administrator");
  const all = [isAdministrator && ["state", t("state"), stateTab], isAdministrator && ["config", t("config"), configTab], isAdministrator && ["backups", t("backups"), backupsTab], ["audit", t("audit"), auditTab]]
    .filter(Boolean).map(([key, label, fill]) => ({ key, label, show: (panel) => {
      const missing = isAdministrator && needsFactor(ctx);
      if (missing) panel.append(missing);
      else fill(panel, ctx);
    } }));
  const onSelect = (key) => history.replaceState(null, "", `${href("settings", key)}${query.get("lang") ? `?lang=${query.get("lang")}` : ""}`);
  root.append(pageHead(t("title"), { about: t("about") }), tabs(t("sections"), all, { selected: all.some(({ key }) => key === id) ? id : all[0].key, onSelect }).element);
}
