import { formDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { relative } from "../../kit/format.js";
import { button, card, emptyState } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { toast } from "../../kit/toast.js";
import { ask, small } from "./shared.js";

const PATH = "/api/v1/provider-keys";

/** The workspace's own keys of model providers, which only go in. */
export function providerKeysTab(panel, { t, api, can, me }) {
  const mayChange = can("key:write") && (me.isOpen || me.second_factor?.is_active);
  const set = async (provider = "") => {
    const done = await formDialog({
      title: t("setKey"), action: t("setKey"),
      fields: [{ name: "provider", label: t("provider"), hint: t("providerHint"), value: provider, required: true, attributes: { pattern: "[a-z0-9_\\-]{1,40}", spellcheck: "false", autocapitalize: "none", readonly: provider ? true : null } },
        { name: "secret", type: "password", label: t("key"), required: true, autocomplete: "off" }],
      submit: ({ provider: name, secret }) => api.put(`${PATH}/${encodeURIComponent(name.trim())}`, { secret: secret.trim() }),
    });
    if (done) { toast(t("keySet")); list.reload(); }
  };
  const remove = async ({ provider }) => {
    if (await ask(t, { title: t("removeKey"), text: t("removeKeyText", { name: provider }), action: t("removeKey"), work: () => api.delete(`${PATH}/${provider}`) })) { toast(t("keyRemoved")); list.reload(); }
  };
  const list = table({
    caption: t("providerKeys"), empty: emptyState(t("noProviderKeys"), t("noProviderKeysText"), null, "providers"),
    columns: [
      { label: t("provider"), header: true, render: ({ provider }) => raw(provider) }, { label: t("hint"), render: ({ hint }) => raw(hint, { class: "mono" }) }, { label: t("updated"), render: ({ updated_at: at }) => raw(relative(at)) },
      { label: t("actions"), end: true, render: (key) => (mayChange ? h("div", { class: "actions end" }, small(t("replace"), () => set(key.provider)), small(t("removeKey"), () => remove(key))) : raw("")) },
    ],
    load: () => api.get(PATH),
  });
  panel.append(card(t("providerKeys"), { about: t(mayChange || !can("key:write") ? "providerKeysAbout" : "needsPerson"), actions: mayChange && button(t("setKey"), () => set(), { kind: "primary", icon: "plus" }) }, list.element));
}
