import { emptyState, pageHead } from "../../kit/parts.js";
import { tabs } from "../../kit/tabs.js";
import { accountTab } from "./account.js";
import { keysTab } from "./keys.js";
import { membersTab } from "./members.js";
import { modelKeysTab } from "./model-keys.js";
import { peopleTab } from "./people.js";
import { providerKeysTab } from "./provider-keys.js";
import { words } from "./words.js";

export { words };
export const style = "/dashboard/assets/pages/users/page.css";

/** Accounts, members and keys; each part is shown to whom its rights allow, and has an address of its own. */
export async function mount(root, ctx) {
  const { t, can, me, id, href, query } = ctx;
  // While access is open nobody is signed in, and the workspace is the first one.
  const workspace = me.workspace ?? (me.isOpen ? (await ctx.api.get("/api/v1/workspaces")).items[0] : null);
  const with_ = { ...ctx, workspace };
  const show = (fill) => (panel) => fill(panel, with_);
  const all = [
    me.user && ["account", t("account"), show(accountTab)],
    workspace && can("member:read") && ["members", t("members"), show(membersTab)],
    can("administrator") && ["people", t("people"), show(peopleTab)],
    workspace && can("key:read") && ["keys", t("keys"), show(keysTab)],
    workspace && can("llm:read") && ["model-keys", t("modelKeys"), show(modelKeysTab)],
    workspace && can("key:read") && ["provider-keys", t("providerKeys"), show(providerKeysTab)],
  ].filter(Boolean).map(([key, label, fill]) => ({ key, label, show: fill }));
  if (!all.length) return root.append(pageHead(t("title")), emptyState(t("noWorkspace")));
  const onSelect = (key) => history.replaceState(null, "", `${href("users", key)}${query.get("lang") ? `?lang=${query.get("lang")}` : ""}`);
  root.append(pageHead(t("title"), { about: t("about") }), tabs(t("sections"), all, { selected: all.some(({ key }) => key === id) ? id : all[0].key, onSelect }).element);
}
