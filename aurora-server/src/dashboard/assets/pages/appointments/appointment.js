// One appointment: what it is, what has happened, and the steps that its state allows.
import { formDialog, openDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { dateTime } from "../../kit/format.js";
import { badge, button } from "../../kit/parts.js";
import { toast } from "../../kit/toast.js";
import { isAbort } from "../../kit/api.js";
import { moveDialog } from "./booking.js";
import { KINDS } from "./data.js";

// The step that leads to a state. What is over has no next state, and can be corrected.
const STEPS = { confirmed: "confirm", checked_in: "check_in", in_progress: "start", completed: "complete", no_show: "no_show", rejected: "reject", cancelled: "cancel" };
const LAST = ["no_show", "reject", "cancel"];
const CORRECTIONS = ["confirmed", "checked_in", "in_progress", "completed", "no_show", "cancelled"];
// What follows these may be taken back by a correction.
const ENDS = ["complete", "no_show", "cancel", "reject"];

/** The steps that may follow now, in the order of their likelihood. */
export function stepsOf({ status, allowed, may_move: mayMove, starts_at: at, acknowledged_at: acknowledged }, now = Date.now()) {
  if (!allowed.length) return ["correct"];
  const steps = Object.keys(STEPS).filter((to) => allowed.includes(to)).map((to) => STEPS[to]);
  const mayAcknowledge = status === "confirmed" && Date.parse(at) > now && !acknowledged;
  const between = [mayAcknowledge && "acknowledge", mayMove && "move"].filter(Boolean);
  return [...steps.filter((step) => !LAST.includes(step)), ...between, ...steps.filter((step) => LAST.includes(step))];
}

// What was last told of each appointment: an older offer to take something back would be about what is no more.
const told = new Map();

/** What is done with appointments: {show(appointment), move(appointment), moveTo(appointment, start), booked(appointment)}; `changed()` is called after each change. */
export function appointmentActions(ctx, data, changed) {
  const { t, api, can, href, signal } = ctx;
  let shown = null; // the agenda as it is after the latest change
  const refresh = () => { shown = changed(); };
  const turn = (one, step, body) => api.post(`/api/v1/appointments/${one.id}/${step}`, body ?? {}, { ifMatch: `"v${one.version}"`, create: true });
  const tell = (error) => {
    if (isAbort(error)) return;
    toast(error.status === 412 ? t("faster") : t("failed", { detail: error.errors?.[0]?.message ?? error.message }));
    refresh();
  };
  const undo = (work) => async () => {
    try { await work(); refresh(); } catch (error) { tell(error); }
  };
  const say = (id, text, options) => {
    told.get(id)?.();
    told.set(id, toast(text, options));
  };
  const finish = (before, after, step) => {
    const back = ENDS.includes(step) && undo(() => turn(after, "correct", { to: before.status === "held" ? "confirmed" : before.status, reason: t("takenBack") }));
    say(before.id, t(`done.${step}`), back ? { undo: back } : {});
    refresh();
  };
  const moved = (one, after) => {
    say(one.id, t("done.move", { time: data.when(after.starts_at) }), { undo: undo(() => turn(after, "move", { starts_at: one.starts_at, professional_id: one.professional_id })) });
    refresh();
  };
  /** Told after booking; taking it back calls it off. */
  const booked = (one) => say(one.id, t("done.book", { time: data.when(one.starts_at) }), { undo: undo(() => turn(one, "cancel", { reason: t("takenBack") })) });
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
  const reasoned = (one, step, { danger }) => formDialog({ title: t(`${step}Title`), text: t(`${step}Text`), action: t(`${step}Do`), danger, dismiss: t("keep"),
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
    }).then((isDone) => backTo(back, one, isDone));
  }
  /** Back to the appointment; where it is gone, which the agenda shows soon after, to its day. */
  async function backTo(back, one, isDone) {
    if (isDone) await shown;
    if (signal.aborted || document.activeElement !== document.body) return;
    const slot = document.querySelector(`.slot[data-id="${CSS.escape(one.id)}"]`);
    const day = document.querySelector(`.agenda-body[data-day="${data.zone.key(one.starts_at)}"]`)?.closest(".agenda-day");
    (back?.isConnected && back !== document.body ? back : slot ?? day?.querySelector(".agenda-head button") ?? document.querySelector("h1"))?.focus();
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
  return { show, move, moveTo, booked };
}
