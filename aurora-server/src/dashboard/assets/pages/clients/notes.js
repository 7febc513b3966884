import { apiFor, isAbort } from "../../kit/api.js";
import { formDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { dateTime, relative } from "../../kit/format.js";
import { form } from "../../kit/form.js";
import { button, card, errorState, loadingState } from "../../kit/parts.js";
import { toast } from "../../kit/toast.js";

const PAGE = 10;
// What somebody began is kept while the dashboard is open, and nowhere else: it is about people.
const drafts = new Map();
let writer = null;

/** The notes about a client, with a field for the next. */
export function notesCard({ t, api, can, team, me }, client) {
  if (writer !== me.user?.id) drafts.clear();
  writer = me.user?.id;
  const path = `/api/v1/clients/${client}/notes`;
  const list = h("ul", { class: "rows" });
  const state = h("div");
  const more = button(t("more"), () => turn(), { kind: "plain" });
  let cursor = null;
  const turn = async () => {
    state.replaceChildren(loadingState(2));
    try {
      const page = await api.get(path, { query: { limit: PAGE, cursor } });
      list.append(...page.items.map(row));
      cursor = page.next;
      state.replaceChildren(...(list.childElementCount ? [] : [h("p", { class: "soft" }, t("noNotes"))]), ...(cursor ? [more] : []));
    } catch (error) {
      if (!isAbort(error)) state.replaceChildren(errorState(error, turn));
    }
  };
  const reload = () => {
    cursor = null;
    list.replaceChildren();
    return turn();
  };
  const row = (note) => h("li", null, h("div", null, h("p", { class: "body-text" }, raw(note.text)), h("p", { class: "sub" }, team.node(note.author), raw(" · "), raw(relative(note.created_at), { title: dateTime(note.created_at) }))),
    can("client:write") && h("div", { class: "actions" }, button(t("editNote"), () => edit(note), { small: true, kind: "plain", icon: "edit", iconOnly: true }), button(t("removeNote"), () => remove(note), { small: true, kind: "plain", icon: "close", iconOnly: true })));
  const edit = async (note) => {
    const saved = await formDialog({ title: t("editNote"), action: t("save"), fields: [{ name: "text", type: "textarea", rows: 6, label: t("note"), value: note.text, required: true }], submit: (values) => api.patch(`${path}/${note.id}`, values, { ifMatch: note.version }) });
    if (saved) reload();
  };
  const remove = async (note) => {
    try {
      await api.delete(`${path}/${note.id}`, { ifMatch: note.version });
      toast(t("noteRemoved"), { undo: async () => { await api.post(path, { text: note.text }, { create: true }); reload(); } });
      reload();
    } catch (error) {
      if (!isAbort(error)) toast(raw(error.message));
    }
  };
  const writing = form({
    fields: [{ name: "text", type: "textarea", rows: 2, label: t("note"), value: drafts.get(client), required: true, attributes: { maxlength: 10_000 } }], action: t("addNote"),
    async submit(values) {
      // What was written is saved although its writer goes on.
      await apiFor().post(path, values, { create: true });
      writing.set("text", "");
      drafts.delete(client);
      toast(t("noteSaved"));
      await reload();
    },
  });
  const { text } = writing.controls;
  text.addEventListener("input", () => (text.value ? drafts.set(client, text.value) : drafts.delete(client)));
  reload();
  return card(t("notes"), {}, h("div", { class: "stack" }, can("client:write") && writing.element, list, state));
}
