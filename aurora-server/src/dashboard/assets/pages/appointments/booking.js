import { clientPicker } from "../../kit/clients.js";
import { openDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { form } from "../../kit/form.js";
import { clientMaker } from "../clients/create.js";
import { slotChoice } from "./slots.js";

/** Books: a client, a service, a free time. Gives the appointment, null when dismissed. */
export const bookDialog = (ctx, data, { day, client, professional } = {}) => openDialog(ctx.t("bookTitle"), (close) => {
  const { t, api } = ctx;
  const picker = clientPicker(api, { chosen: client, add: clientMaker(ctx) });
  const slots = slotChoice(ctx, data, { day, professional, mayOutside: true });
  const able = [...data.services.values()].filter((one) => !professional || one.professionals.includes(professional));
  const parts = form({ action: t("book"), cancel: () => close(null),
    fields: [{ name: "service", label: t("service"), type: "select", required: true, options: [["", ""], ...able.map(({ id, name }) => [id, name, true])] }, { name: "note", label: t("optionalNote"), type: "textarea", hint: t("noteHint"), rows: 2, attributes: { maxlength: "2000" } }],
    submit: async ({ service, note }) => {
      const chosen = picker.client();
      if (!chosen) return picker.fail(t("required"));
      const slot = slots.value();
      if (!slot) return null;
      try {
        const made = await api.post("/api/v1/appointments", { client_id: chosen.id, service_id: service, note: note.trim() || null, ...slot }, { create: true });
        data.knows(chosen);
        close(made);
      } catch (error) {
        if (error.code !== "slot_taken" && error.status !== 409) throw error;
        await slots.reload();
        slots.fail(t("taken"));
      }
      return null;
    } });
  const { service } = parts.controls;
  service.addEventListener("change", () => slots.setService(service.value));
  parts.element.prepend(picker.element);
  parts.controls.note.closest(".field").before(slots.element);
  slots.setService(null);
  return parts.element;
}, { broad: true });

/** Moves an appointment to another free time. Gives it as it is then, null when dismissed. */
export const moveDialog = (ctx, data, appointment) => openDialog(ctx.t("moveTitle"), (close) => {
  const { t, api } = ctx;
  const day = data.zone.key(Math.max(Date.parse(appointment.starts_at), Date.now()));
  const slots = slotChoice(ctx, data, { day, professional: appointment.professional_id });
  const parts = form({ fields: [], action: t("moveDo"), cancel: () => close(null), submit: async () => {
    const slot = slots.value();
    if (!slot) return;
    try {
      close(await api.post(`/api/v1/appointments/${appointment.id}/move`, slot, { ifMatch: `"v${appointment.version}"`, create: true }));
    } catch (error) {
      if (error.code !== "slot_taken") throw error;
      await slots.reload();
      slots.fail(t("taken"));
    }
  } });
  parts.element.prepend(slots.element);
  slots.setService(appointment.service_id);
  return [h("p", { class: "body" }, raw(`${data.clientName(appointment.client_id)}, ${data.nameOf("services", appointment.service_id)}. `), t("moveText", { time: data.when(appointment.starts_at) })), parts.element];
}, { broad: true });
