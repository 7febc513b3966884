import { needsFactor } from "../../kit/needs-factor.js";
import { isAbort } from "../../kit/api.js";
import { errorState, pageHead } from "../../kit/parts.js";
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
    .filter(Boolean).map(([key, label, fill]) => ({ key, label, show: async (panel) => {
      const missing = isAdministrator && needsFactor(ctx);
      if (missing) return panel.append(missing);
      try {
        return await fill(panel, ctx);
      } catch (error) {
        return isAbort(error) ? null : panel.replaceChildren(errorState(error));
      }
    } }));
  const onSelect = (key) => history.replaceState(null, "", `${href("settings", key)}${query.get("lang") ? `?lang=${query.get("lang")}` : ""}`);
  root.append(pageHead(t("title"), { about: t("about") }), tabs(t("sections"), all, { selected: all.some(({ key }) => key === id) ? id : all[0].key, onSelect }).element);
}
