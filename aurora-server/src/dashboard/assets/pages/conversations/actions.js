// What can be done with a conversation as a whole. Each gives the conversation as it is afterwards, or null.
import { formDialog } from "../../kit/dialog.js";
import { toast } from "../../kit/toast.js";
import { isAbort } from "../../kit/api.js";

/** The actions on one conversation; `now()` gives it, `changed(conversation)` takes it as it is afterwards, `reload()` asks for it. */
export function makeActions(ctx, { id, now, changed, reload, who }) {
  const { t, api } = ctx;
  const path = `/api/v1/conversations/${id}`;
  const turn = async (action, body) => {
    const after = await api.post(`${path}/${action}`, body, { ifMatch: `"v${now().version}"`, create: true });
    changed(after);
    return after;
  };
  const tell = (error) => {
    if (isAbort(error)) return;
    toast(error.status === 412 ? t("faster") : t("failed", { detail: error.message }));
    reload();
  };
  const attempt = async (work) => {
    try { return await work(); } catch (error) { tell(error); return null; }
  };
  const status = (action, text, back) => attempt(async () => {
    await turn(action);
    toast(text, { undo: () => attempt(() => turn(back)) });
  });
  const backOf = { open: "reopen", pending: "pending", closed: "close" };
  return {
    attempt,
    close: () => status("close", t("closed"), backOf[now().status]),
    reopen: () => status("reopen", t("reopened"), backOf[now().status]),
    pending: () => status("pending", t("pended"), backOf[now().status]),
    assign: (to) => attempt(async () => {
      const before = now().assignee;
      await turn(to.kind === "assistant" ? "hand_back" : "assign", to.kind === "assistant" ? {} : { to });
      toast(t("assigned", { name: who(to).text }), { undo: () => attempt(() => turn("assign", { to: before })) });
    }),
    handOver: (members) => formDialog({ title: t("handOverTitle"), text: t("handOverText"), action: t("handOverDo"),
      fields: [members.length > 0 && { name: "to", label: t("handOverTo"), type: "select", options: [["", t("whoever")], ...members.map(([key, name]) => [key, name, true])] }, { name: "reason", label: t("reason"), hint: t("reasonHint"), type: "textarea", required: true, attributes: { maxlength: "500" } }].filter(Boolean),
      submit: async ({ to, reason }) => {
        try {
          await turn("hand_over", { reason, ...(to && { to: { kind: "person", id: to } }) });
        } catch (error) {
          if (error.status !== 412) throw error;
          tell(error);
        }
      } }),
    addTag: (tag) => attempt(async () => changed(await api.post(`${path}/tags`, { tag }, { create: true }))),
    removeTag: (tag) => attempt(async () => {
      changed(await api.delete(`${path}/tags/${encodeURIComponent(tag)}`));
      toast(t("tagRemoved", { tag }), { undo: () => attempt(async () => changed(await api.post(`${path}/tags`, { tag }, { create: true }))) });
    }),
  };
}
