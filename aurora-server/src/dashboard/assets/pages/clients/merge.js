import { isAbort } from "../../kit/api.js";
import { formDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { button, card } from "../../kit/parts.js";
import { toast } from "../../kit/toast.js";
import { has } from "../../kit/words.js";
import { documentOf } from "./list.js";
import { words } from "./words.js";

const FIELDS = [["legal_name", "legalName"], ["trade_name", "tradeName"], ["document", "document"], ["email", "email"]];
const SHOWN = 5;
const valueOf = (client, field) => (field === "document" ? documentOf(client) : client[field]);

/** Who may be the same as this client; hidden while nobody is. */
export function duplicatesCard({ t, api, can, href }, state, { onMerged }) {
  const list = h("ul", { class: "rows" });
  const element = card(t("duplicates"), { hidden: true }, list);
  const load = async () => {
    try {
      const { items } = await api.get(`/api/v1/clients/${state.client.id}/duplicates`);
      const known = await Promise.all(items.slice(0, SHOWN).map(async (one) => ({ ...one, client: await api.get(`/api/v1/clients/${one.id}`) })));
      list.replaceChildren(...known.map(row));
      element.hidden = known.length === 0;
    } catch (error) {
      // A hint that is missing is no failure of the page.
      if (!isAbort(error)) element.hidden = true;
    }
  };
  const row = ({ client, reasons }) => h("li", null, h("div", null, h("a", { href: href("clients", client.id), translate: "no" }, client.trade_name || client.legal_name),
    h("p", { class: "sub" }, reasons.map((reason, index) => [index > 0 && raw(", "), has(words, `reason.${reason}`) ? t(`reason.${reason}`) : raw(reason)]))),
    can("client:delete") && button(t("merge"), () => merge(client), { small: true }));
  const merge = async (other) => {
    const mine = state.client;
    const differ = FIELDS.filter(([field]) => valueOf(mine, field) && valueOf(other, field) && valueOf(mine, field) !== valueOf(other, field));
    const merged = await formDialog({
      title: t("mergeTitle", { name: mine.trade_name || mine.legal_name }), text: t("mergeText", { name: mine.trade_name || mine.legal_name, other: other.trade_name || other.legal_name }), action: t("mergeDo"), danger: true,
      fields: differ.map(([field, label]) => ({ name: field, type: "select", label: t("keep", { field: t(label) }), options: [["kept", valueOf(mine, field), true], ["lost", valueOf(other, field), true]] })),
      submit: (choices) => api.post(`/api/v1/clients/${mine.id}/merge`, { lose: other.id, lose_version: other.version, choices }, { create: true, ifMatch: mine.version }),
    });
    if (!merged) return;
    toast(t("merged"));
    onMerged(merged);
    load();
  };
  load();
  return element;
}
