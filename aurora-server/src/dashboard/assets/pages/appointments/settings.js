// Services and professionals as lists with forms; what both lists do alike.
import { formDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { money, number } from "../../kit/format.js";
import { badge, button, card, emptyState } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { toast } from "../../kit/toast.js";
import { isAbort } from "../../kit/api.js";
import { hoursDialog, hoursText } from "./hours.js";

/** A list of one kind with activation, and its inactive ones on demand. */
function settingsList(ctx, data, kind, { title, add, none, noneText, columns, edit, create, extra }) {
  const { t, api, can } = ctx;
  const mayWrite = can("schedule:write");
  const inactive = h("input", { type: "checkbox", on: { change: () => list.reload() } });
  const list = table({
    caption: title, empty: emptyState(none, noneText, mayWrite && button(add, () => change(create), { icon: "plus" }), "appointments"),
    load: async ({ cursor }) => {
      await data.load();
      const page = await api.get(`/api/v1/${kind}`, { query: { limit: 50, cursor } });
      if (!inactive.checked || page.next) return page;
      const others = await api.get(`/api/v1/${kind}`, { query: { limit: 200, active: false } });
      return { items: [...page.items, ...others.items] };
    },
    columns: [...columns, { label: mayWrite ? t("actions") : "", end: true, bare: true, render: (one) => (mayWrite ? h("div", { class: "actions row-actions" }, one.active && extra?.(one, () => list.reload()),
      one.active && button(t("edit"), () => change(() => edit(one)), { small: true }), button(t(one.active ? "deactivate" : "activate"), () => turn(one), { small: true, kind: "plain" })) : "") }],
  });
  async function change(work) {
    if (await work()) list.reload();
  }
  async function turn(one) {
    const step = async (item) => api.post(`/api/v1/${kind}/${item.id}/${item.active ? "deactivate" : "activate"}`, {}, { ifMatch: `"v${item.version}"` });
    try {
      const after = await step(one);
      toast(t(one.active ? "deactivated" : "activated", { name: one.name }), { undo: async () => {
        try { await step(after); } catch (error) { tell(error); }
        list.reload();
      } });
    } catch (error) {
      tell(error);
    }
    list.reload();
  }
  const tell = (error) => { if (!isAbort(error)) toast(error.status === 412 ? t("faster") : t("failed", { detail: error.errors?.[0]?.message ?? error.message })); };
  return card(title, { actions: [h("label", { class: "agenda-check" }, inactive, t("showInactive")), mayWrite && button(add, () => change(create), { small: true, icon: "plus" })] }, list.element);
}

const named = (t) => ({ label: t("name"), header: true, render: (one) => [raw(one.name), !one.active && [raw(" "), badge("", t("inactive"))]] });

/** What can be booked. */
export function servicesView(ctx, data) {
  const { t, api } = ctx;
  const fields = (one = {}) => [
    { name: "name", label: t("name"), required: true, value: one.name, attributes: { maxlength: "120" } },
    { name: "duration_minutes", label: t("durationMinutes"), type: "number", required: true, value: one.duration_minutes ?? 30, attributes: { min: "5", max: "1440", step: "5" } },
    { name: "price", label: t("priceBrl"), hint: t("priceHint"), value: one.price_cents == null ? "" : number(one.price_cents / 100, 2), attributes: { inputmode: "decimal" } },
    { name: "description", label: t("description"), type: "textarea", hint: t("descriptionHint"), value: one.description, attributes: { maxlength: "1000" } },
    ...[...data.professionals.values()].map((person, index) => ({ name: `does-${person.id}`, label: raw(person.name), type: "checkbox", value: one.professionals ? one.professionals.includes(person.id) : index < 1 })),
    { name: "buffer_after_minutes", label: t("bufferAfter"), type: "number", value: one.buffer_after_minutes ?? 0, attributes: { min: "0", max: "240" } },
    { name: "min_notice_minutes", label: t("notice"), type: "number", value: one.min_notice_minutes ?? 0, attributes: { min: "0", max: "43200" } },
    { name: "confirms_itself", label: t("confirmsItself"), type: "checkbox", value: one.confirms_itself },
  ];
  const read = (values) => {
    const price = cents(values.price);
    if (price === undefined) throw Object.assign(new Error(), { errors: [], words: t("priceWrong") });
    const does = [...data.professionals.keys()].filter((id) => values[`does-${id}`]);
    return { name: values.name.trim(), duration_minutes: values.duration_minutes, price_cents: price, description: values.description.trim() || null, professionals: does,
      buffer_after_minutes: values.buffer_after_minutes ?? 0, min_notice_minutes: values.min_notice_minutes ?? 0, confirms_itself: values.confirms_itself };
  };
  return settingsList(ctx, data, "services", {
    title: t("services"), add: t("addService"), none: t("noServices"), noneText: t("noServicesText"),
    columns: [named(t), { label: t("duration"), render: (one) => h("span", { class: "nowrap" }, t("minutes", { count: one.duration_minutes })) }, { label: t("price"), end: true, render: (one) => raw(one.price_cents == null ? null : money(one.price_cents), { class: "nowrap" }) },
      { label: t("whoDoes"), render: (one) => (one.professionals.length ? raw(one.professionals.map((id) => data.nameOf("professionals", id)).join(", ")) : h("span", { class: "soft" }, t("nobodyDoes"))) }],
    create: () => formDialog({ title: t("addService"), action: t("addService"), fields: fields(), submit: async (values) => saved(t, "created", await api.post("/api/v1/services", read(values), { create: true })) }),
    edit: (one) => formDialog({ title: t("editService"), action: t("save"), fields: fields(one), submit: async (values) => saved(t, "changed", await api.patch(`/api/v1/services/${one.id}`, read(values), { ifMatch: `"v${one.version}"` })) }),
  });
}

/** With whom, and when they work. */
export function professionalsView(ctx, data) {
  const { t, api, can } = ctx;
  const fields = (one) => [{ name: "name", label: t("name"), required: true, value: one?.name, attributes: { maxlength: "120" } }, { name: "time_zone", label: t("zone"), hint: t("zoneHint"), value: one?.time_zone ?? data.zone.name, required: true, attributes: { spellcheck: "false", translate: "no" } }];
  return settingsList(ctx, data, "professionals", {
    title: t("professionals"), add: t("addProfessional"), none: t("noProfessionals"), noneText: t("noProfessionalsText"),
    columns: [named(t), { label: t("hours"), render: (one) => hoursText(ctx, data, one) }, { label: t("zone"), render: (one) => raw(one.time_zone) }],
    extra: (one, reload) => can("schedule:write") && button(t("hours"), async () => { if (await hoursDialog(ctx, data, one)) reload(); }, { small: true }),
    create: () => formDialog({ title: t("addProfessional"), action: t("addProfessional"), fields: fields(), submit: async (values) => saved(t, "created", await api.post("/api/v1/professionals", values, { create: true })) }),
    edit: (one) => formDialog({ title: t("editProfessional"), action: t("save"), fields: fields(one), submit: async (values) => saved(t, "changed", await api.patch(`/api/v1/professionals/${one.id}`, values, { ifMatch: `"v${one.version}"` })) }),
  });
}

function saved(t, key, one) {
  toast(t(key, { name: one.name }));
  return one;
}

/** "1.250,50" or "1250.50" → 125050; null for nothing, undefined for what is no amount. */
export function cents(text) {
  const plain = text.replace(/[^\d,.]/g, "");
  if (!text.trim()) return null;
  const found = /^(\d{1,3}(?:[.,]?\d{3})*|\d+)(?:[.,](\d{1,2}))?$/.exec(plain);
  return found ? Number(found[1].replace(/[.,]/g, "")) * 100 + Number((found[2] ?? "0").padEnd(2, "0")) : undefined;
}
