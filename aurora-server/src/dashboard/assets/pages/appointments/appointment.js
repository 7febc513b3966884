// One appointment: what it is, what has happened, and the steps that its state allows.
import { formDialog, openDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { dateTime } from "../../kit/format.js";
import { badge, button } from "../../kit/parts.js";
import { toast } from "../../kit/toast.js";
import { isAbort } from "../../kit/api.js";
import { moveDialog } from "./booking.js";

const STEPS = {
  held: ["confirm", "cancel"], requested: ["confirm", "move", "reject", "cancel"], confirmed: ["check_in", "start", "acknowledge", "move", "no_show", "cancel"],
  checked_in: ["start", "complete", "no_show", "cancel"], in_progress: ["complete"],
};
const KINDS = { confirmed: "good", completed: "good", checked_in: "info", in_progress: "info", requested: "warn", held: "warn", no_show: "bad", cancelled: "bad", rejected: "bad", expired: "" };
const CORRECTIONS = ["confirmed", "checked_in", "in_progress", "completed", "no_show", "cancelled"];
// What follows these may be taken back by a correction.
const ENDS = ["complete", "no_show", "cancel", "reject"];

/** The steps that may follow now, in the order of their likelihood. */
export function stepsOf({ status, starts_at: at, acknowledged_at: acknowledged }, now = Date.now()) {
  const hasBegun = Date.parse(at) <= now;
  return (STEPS[status] ?? ["correct"]).filter((step) => (step === "no_show" ? hasBegun : step === "acknowledge" ? !hasBegun && !acknowledged : true));
}

/** What is done with appointments: {show(appointment), move(appointment), moveTo(appointment, start)}; `changed()` is called after each change. */
export function appointmentActions(ctx, data, changed) {
  const { t, api, can, href } = ctx;
  const turn = (one, step, body) => api.post(`/api/v1/appointments/${one.id}/${step}`, body ?? {}, { ifMatch: `"v${one.version}"`, create: true });
  const tell = (error) => {
    if (isAbort(error)) return;
    toast(error.status === 412 ? t("faster") : t("failed", { detail: error.errors?.[0]?.message ?? error.message }));
    changed();
  };
  const undo = (work) => async () => {
    try { await work(); changed(); } catch (error) { tell(error); }
  };
  const finish = (before, after, step) => {
    const back = ENDS.includes(step) && undo(() => turn(after, "correct", { to: before.status === "held" ? "confirmed" : before.status, reason: t("takenBack") }));
    toast(t(`done.${step}`), back ? { undo: back } : {});
    changed();
  };
  const moved = (one, after) => {
    toast(t("done.move", { time: data.when(after.starts_at) }), { undo: undo(() => turn(after, "move", { starts_at: one.starts_at, professional_id: one.professional_id })) });
    changed();
  };
  async function move(one) {
    const after = await moveDialog(ctx, data, one);
    if (!after) return false;
    moved(one, after);
    return true;
  }
  /** Without a question: the server says whether it can be, and it is moved back by one press. */
  async function moveTo(one, start) {
    try {
      moved(one, await turn(one, "move", { starts_at: start.toISOString(), professional_id: one.professional_id }));
    } catch (error) {
      tell(error);
    }
  }
  const ask = {
    cancel: (one) => reasoned(one, "cancel", { danger: true }),
    reject: (one) => reasoned(one, "reject", { danger: true }),
    correct: (one) => formDialog({ title: t("correctTitle"), text: t("correctText"), action: t("correctDo"),
      fields: [{ name: "to", label: t("correctTo"), type: "select", options: CORRECTIONS.filter((to) => to !== one.status).map((to) => [to, t(`status.${to}`)]) }, { name: "reason", label: t("reason"), hint: t("reasonHint"), required: true, attributes: { minlength: "3", maxlength: "500" } }],
      submit: async (values) => { finish(one, await turn(one, "correct", values), "correct"); } }),
  };
  const reasoned = (one, step, { danger }) => formDialog({ title: t(`${step}Title`), text: t(`${step}Text`), action: t(`${step}Do`), danger,
    fields: [{ name: "reason", label: t("reason"), hint: t("reasonHint"), attributes: { maxlength: "500" } }],
    submit: async ({ reason }) => { finish(one, await turn(one, step, { reason: reason.trim() || null }), step); } });

  function show(one) {
    const back = document.activeElement;
    openDialog(t("details"), (close) => {
      const act = async (step) => {
        if (step === "move") { if (await move(one)) close(true); return; }
        if (ask[step]) { if (await ask[step](one)) close(true); return; }
        try {
          finish(one, await turn(one, step), step);
        } catch (error) {
          tell(error);
        }
        close(true);
      };
      const steps = can("appointment:write") ? stepsOf(one) : [];
      const fact = (label, ...content) => [h("dt", null, label), h("dd", null, content)];
      return h("div", { class: "form" },
        h("dl", { class: "facts" },
          fact(t("client"), can("client:read") ? h("a", { href: href("clients", one.client_id), on: { click: () => close(true) } }, raw(data.clientName(one.client_id))) : raw(data.clientName(one.client_id))),
          fact(t("when"), raw(`${data.when(one.starts_at)} – ${data.zone.time(one.ends_at)}`), raw(` (${data.zone.offset(one.starts_at)})`, { class: "soft" })),
          fact(t("service"), raw(data.nameOf("services", one.service_id))), fact(t("professional"), raw(data.nameOf("professionals", one.professional_id))),
          fact(t("state"), badge(KINDS[one.status], t(`status.${one.status}`)), one.moves > 0 && h("span", { class: "soft small" }, t("moved", { count: one.moves })), one.hold_expires_at && one.status === "held" && h("span", { class: "soft small" }, t("heldUntil", { time: data.when(one.hold_expires_at) })), one.acknowledged_at && h("span", { class: "small" }, t("acknowledged")), one.fee_due && badge("warn", t("feeDue"))),
          one.note && fact(t("note"), raw(one.note)), one.reason && fact(t("reason"), raw(one.reason))),
        steps.length > 0 && h("div", { class: "actions" }, steps.map((step, index) => button(t(`do.${step}`), () => act(step), { kind: index === 0 && step !== "correct" ? "primary" : undefined }))),
        historyOf(one), h("div", { class: "form-foot" }, button(t("close"), () => close(null))));
    }).then(() => back?.isConnected && back.focus());
  }
  function historyOf(one) {
    const list = h("ol", { class: "rows small" });
    const load = async () => {
      try {
        const { items } = await api.get(`/api/v1/appointments/${one.id}/history`);
        list.replaceChildren(...items.map((item) => h("li", null, h("div", null, badge(KINDS[item.to], t(`status.${item.to}`)), raw(` ${data.when(item.starts_at)}`), item.reason && h("p", { class: "sub" }, raw(item.reason))), h("span", { class: "side-note" }, raw(dateTime(item.at)), raw(" · "), t(`actor.${item.actor.kind}`)))));
      } catch (error) {
        if (!isAbort(error)) list.replaceChildren(h("li", { class: "field-error", role: "alert" }, raw(error.message)));
      }
    };
    return h("details", { on: { toggle: (event) => { if (event.target.open) load(); } } }, h("summary", null, t("history")), list);
  }
  return { show, move, moveTo };
}
