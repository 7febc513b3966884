import { openDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { date, relative } from "../../kit/format.js";
import { form } from "../../kit/form.js";
import { button, card, emptyState } from "../../kit/parts.js";
import { showSecret } from "../../kit/secret.js";
import { table } from "../../kit/table.js";
import { toast } from "../../kit/toast.js";
import { ask, boxes, endOf, keyState, small } from "./shared.js";

const PATH = "/api/v1/api-keys";

/** Keys of programs. */
export function keysTab(panel, { t, api, can, me }) {
  const mayChange = me.second_factor?.is_active && can("key:write");
  const add = async () => {
    const made = await openDialog(t("addKey"), (close) => {
      const scopes = boxes(t("scopes"), [...me.permissions].sort().map((one) => [one, raw(one, { class: "mono" })]), [], { hint: t("scopesHint") });
      const { element } = form({
        action: t("addKey"), cancel: () => close(null),
        fields: [{ name: "name", label: t("keyName"), required: true, attributes: { maxlength: 100 } }, { name: "until", type: "date", label: t("expiresAt"), hint: t("never") }],
        async submit({ name, until }) {
          if (!scopes.chosen().length) throw Object.assign(new Error(), { words: t("needsScope") });
          close(await api.post(PATH, { name, scopes: scopes.chosen(), expires_at: endOf(until) }, { create: true }));
        },
      });
      element.querySelector(".form-foot").before(scopes.element);
      return element;
    }, { broad: true });
    if (!made) return;
    await showSecret({ title: t("keyTitle"), text: t("keyText"), label: t("key"), value: made.key });
    list.reload();
  };
  const revoke = async (key) => {
    if (await ask(t, { title: t("revokeKey"), text: t("revokeKeyText", { name: key.name }), action: t("revokeKey"), work: () => api.delete(`${PATH}/${key.id}`) })) { toast(t("keyRevoked")); list.reload(); }
  };
  const list = table({
    caption: t("keys"), empty: emptyState(t("noKeys"), t("noKeysText")),
    columns: [
      { label: t("name"), header: true, render: ({ name, prefix }) => [raw(name), h("p", { class: "small soft plain-weight mono" }, raw(`${prefix}…`))] },
      { label: t("scopes"), render: ({ scopes }) => h("span", { class: "chips" }, scopes.map((one) => raw(one, { class: "chip mono" }))) },
      { label: t("lastUsed"), render: ({ last_used_at: at }) => (at ? raw(relative(at)) : t("neverUsed")) },
      { label: t("expiresAt"), render: ({ expires_at: at }) => (at ? raw(date(at)) : t("never")) },
      { label: t("state"), render: (key) => keyState(t, key) },
      { label: t("actions"), end: true, render: (key) => (mayChange && !key.revoked_at ? small(t("revokeKey"), () => revoke(key)) : raw("")) },
    ],
    load: ({ cursor }) => api.get(PATH, { query: { cursor } }),
  });
  panel.append(card(t("keys"), { about: t(me.isOpen ? "openKeys" : me.second_factor?.is_active ? "keysAbout" : "needsPerson"), actions: mayChange && button(t("addKey"), add, { kind: "primary", icon: "plus" }) }, list.element));
}
