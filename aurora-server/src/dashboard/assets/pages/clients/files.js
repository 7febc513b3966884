import { isAbort } from "../../kit/api.js";
import { attempt } from "../../kit/attempt.js";
import { confirm } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { download } from "../../kit/download.js";
import { dateTime, number, relative } from "../../kit/format.js";
import { button, card, errorState, loadingState } from "../../kit/parts.js";
import { toast } from "../../kit/toast.js";
import { upload } from "../../kit/upload.js";

const PAGE = 10;
const DOWNLOAD_MS = 120_000;

/** The files of a client: listed, sent, fetched, deleted. */
export function filesCard({ t, api, can, me, signal }, client) {
  const list = h("ul", { class: "rows" });
  const state = h("div");
  const more = button(t("more"), () => turn(), { kind: "plain" });
  let cursor = null;
  let round = 0;
  const turn = async () => {
    const mine = round;
    state.replaceChildren(loadingState(2));
    try {
      const page = await api.get("/api/v1/files", { query: { subject: client, limit: PAGE, cursor } });
      if (mine !== round) return;
      list.append(...page.items.map(row));
      cursor = page.next;
      state.replaceChildren(...(list.childElementCount ? [] : [h("p", { class: "soft" }, t("noFiles"))]), ...(cursor ? [more] : []));
    } catch (error) {
      if (!isAbort(error) && mine === round) state.replaceChildren(errorState(error, turn));
    }
  };
  const reload = () => {
    round += 1;
    cursor = null;
    list.replaceChildren();
    return turn();
  };
  const row = (file) => h("li", null, h("div", null, h("button", { type: "button", class: "client-file", "aria-label": t("getFile", { name: file.name }), on: { click: () => fetchFile(file) } }, raw(file.name)),
    h("p", { class: "sub" }, raw(sizeOf(file.size)), raw(" · "), raw(relative(file.created_at), { title: dateTime(file.created_at) }))),
    can("file:delete") && h("div", { class: "actions" }, button(t("removeFile", { name: file.name }), () => remove(file), { small: true, kind: "plain", icon: "close", iconOnly: true })));
  // Through a call, not a link: a link says nothing of the workspace that was chosen.
  const fetchFile = (file) => attempt(async () => download(file.name, await api.get(`/api/v1/files/${file.id}/content`, { blob: true, timeout: DOWNLOAD_MS })));
  const remove = async (file) => {
    if (!await confirm({ title: t("removeFileTitle", { name: file.name }), text: t("removeFileText"), action: t("delete"), danger: true })) return;
    if (await attempt(() => api.delete(`/api/v1/files/${file.id}`))) toast(t("fileRemoved"));
    reload();
  };
  const bar = h("progress", { max: "1", value: 0, hidden: true, "aria-label": t("sendingFile") });
  const input = h("input", { type: "file", hidden: true, "aria-label": t("addFile"), on: { change: () => send(input.files[0]) } });
  const add = button(t("addFile"), () => input.click(), { icon: "plus" });
  const send = async (file) => {
    if (!file) return;
    add.disabled = true;
    bar.hidden = false;
    const sent = await attempt(() => upload("/api/v1/files", { fields: { subject: client }, file }, { me, signal, onProgress: (part) => { bar.value = part; } }));
    // The same file can be chosen once more.
    input.value = "";
    bar.hidden = true;
    add.disabled = false;
    if (!sent) return;
    toast(t("fileSent", { name: file.name }));
    await reload();
  };
  reload();
  return card(t("files"), { actions: can("file:write") && add }, h("div", { class: "stack" }, can("file:write") && [input, bar], list, state));
}

const sizeOf = (bytes) => {
  if (bytes < 1_024) return `${number(bytes)} B`;
  return bytes < 1_048_576 ? `${number(bytes / 1_024)} KiB` : `${number(bytes / 1_048_576, 1)} MiB`;
};
