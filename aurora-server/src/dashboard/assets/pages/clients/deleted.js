// Deleted clients, until somebody brings them back or they are purged.
import { isAbort } from "../../kit/api.js";
import { openDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { dateTime, relative } from "../../kit/format.js";
import { button, emptyState } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { toast } from "../../kit/toast.js";

/** The list of deleted clients; true when one of them is back. */
export async function deletedClients({ t, api }) {
  let isAny = false;
  await openDialog(t("deletedTitle"), (close) => {
    const nameOf = ({ legal_name: legal, trade_name: trade }) => trade || legal;
    const bring = async (client) => {
      try {
        const back = await api.post(`/api/v1/clients/${client.id}/restore`, {}, { create: true, ifMatch: client.version });
        isAny = true;
        toast(t("restored", { name: nameOf(back) }));
      } catch (error) {
        if (!isAbort(error)) toast(raw(error.message));
      }
      list.reload();
    };
    const list = table({
      caption: t("deletedTitle"), empty: emptyState(t("noDeleted"), t("noDeletedText")),
      columns: [
        { label: t("name"), header: true, render: (client) => (nameOf(client) ? raw(nameOf(client)) : h("span", { class: "soft" }, t("unnamed"))) },
        { label: t("deletedAt"), render: ({ deleted_at: at }) => raw(relative(at), { title: dateTime(at) }) },
        { label: t("bringBack"), end: true, bare: true, render: (client) => button(t("bringBack"), () => bring(client), { small: true, "aria-label": `${t("bringBack")}: ${nameOf(client) ?? client.id}` }) },
      ],
      load: ({ cursor }) => api.get("/api/v1/clients/deleted", { query: { cursor } }),
    });
    return [list.element, h("div", { class: "form-foot" }, button(t("close"), () => close(null)))];
  }, { broad: true });
  return isAny;
}
