import { clientPicker } from "../../kit/clients.js";
import { confirm, openDialog } from "../../kit/dialog.js";
import { raw } from "../../kit/dom.js";
import { form } from "../../kit/form.js";
import { date } from "../../kit/format.js";
import { badge, button, card, emptyState } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { toast } from "../../kit/toast.js";
import { isAbort } from "../../kit/api.js";
import { has } from "../../kit/words.js";
import { clientMaker } from "../clients/create.js";
import { words } from "./words.js";

const PARTS = ["morning", "afternoon", "evening"];
const DAYS_AHEAD = 14;

/** Who waits for a time to become free. */
export function waitingView(ctx, data) {
  const { t, api, can } = ctx;
  const mayWrite = can("appointment:write");
  const zone = () => data.zone;
  const list = table({
    caption: t("waiting"), empty: emptyState(t("noWaiting"), t("noWaitingText"), mayWrite && button(t("addWaiting"), () => add(), { icon: "plus" })),
    load: async () => {
      if (!data.ready) await data.load();
      return { items: await data.waiting() };
    },
    columns: [
      { label: t("client"), header: true, render: (one) => raw(data.clientName(one.client_id)) },
      { label: t("service"), render: (one) => raw(data.nameOf("services", one.service_id)) },
      { label: t("professional"), render: (one) => (one.professional_id ? raw(data.nameOf("professionals", one.professional_id)) : t("anybody")) },
      { label: t("wanted"), render: (one) => [raw(`${date(one.wanted_from)} – ${date(Date.parse(one.wanted_until) - 1)}`), one.part_of_day && [raw(", "), t(one.part_of_day)]] },
      { label: t("priority"), end: true, render: (one) => raw(one.priority) },
      { label: t("state"), render: (one) => [badge(one.status === "offered" ? "info" : "", has(words, `waiting.${one.status}`) ? t(`waiting.${one.status}`) : raw(one.status)), one.offer_expires_at && [raw(" "), t("offerUntil", { time: data.when(one.offer_expires_at) })]] },
      { label: mayWrite ? t("actions") : "", end: true, bare: true, render: (one) => (mayWrite ? button(t("remove"), () => remove(one), { small: true }) : "") },
    ],
  });
  async function remove(one) {
    if (!(await confirm({ title: t("removeTitle"), text: t("removeText"), action: t("remove"), danger: true }))) return;
    try {
      await api.delete(`/api/v1/appointments/waiting/${one.id}`, { ifMatch: `"v${one.version}"` });
      toast(t("removed"));
    } catch (error) {
      if (!isAbort(error)) toast(error.status === 412 ? t("faster") : t("failed", { detail: error.message }));
    }
    list.reload();
  }
  async function add() {
    if (!data.ready) await data.load();
    const today = zone().key(Date.now());
    const made = await openDialog(t("addWaiting"), (close) => {
      const picker = clientPicker(api, { add: clientMaker(ctx) });
      const parts = form({ action: t("addWaiting"), cancel: () => close(null), fields: [
        { name: "service", label: t("service"), type: "select", required: true, options: [["", ""], ...[...data.services.values()].map(({ id, name }) => [id, name, true])] },
        { name: "professional", label: t("professional"), type: "select", options: [["", t("anybody")], ...[...data.professionals.values()].map(({ id, name }) => [id, name, true])] },
        { name: "from", label: t("wantedFrom"), type: "date", required: true, value: today, attributes: { min: today } },
        { name: "until", label: t("wantedUntil"), type: "date", required: true, value: zone().add(today, DAYS_AHEAD), attributes: { min: today } },
        { name: "part", label: t("part"), type: "select", options: [["", t("anyPart")], ...PARTS.map((part) => [part, t(part)])] },
        { name: "priority", label: t("priority"), type: "number", value: "3", hint: t("priorityHint"), attributes: { min: "1", max: "5" } },
      ], submit: async ({ service, professional, from, until, part, priority }) => {
        const client = picker.client();
        if (!client) return picker.fail(t("required"));
        data.knows(client);
        const begin = new Date(Math.max(zone().instant(from), Date.now())).toISOString();
        close(await api.post("/api/v1/appointments/waiting", { client: client.id, service, professional: professional || null, part_of_day: part || null, priority: priority ?? 3, wanted_from: begin, wanted_until: zone().instant(zone().add(until, 1)).toISOString() }, { create: true }));
        return null;
      } });
      parts.element.prepend(picker.element);
      return parts.element;
    });
    if (!made) return;
    toast(t("added"));
    list.reload();
  }
  return card(t("waiting"), { actions: mayWrite && button(t("addWaiting"), add, { small: true, icon: "plus" }) }, list.element);
}
