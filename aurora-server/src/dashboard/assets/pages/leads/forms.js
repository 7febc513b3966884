import { sentenceOf } from "../../kit/api.js";
import { formDialog, openDialog } from "../../kit/dialog.js";
import { raw } from "../../kit/dom.js";
import { form } from "../../kit/form.js";
import { number } from "../../kit/format.js";
import { suggest } from "../../kit/suggest.js";

const SOURCES = ["website", "whatsapp", "inbound_call", "outbound_call", "email", "referral", "partner", "existing_customer", "advertisement", "social_media", "campaign", "event", "walk_in", "other"];
const SUGGESTED = 8;

/** "1.234,56", "1,234.56" and "1234" → 123456; null for what is no amount. The last sign before one or two digits is the decimal one. */
export function cents(text) {
  const plain = text.replace(/[^\d.,-]/g, "");
  const [, whole, part = ""] = /^(-?[\d.,]*?)(?:[.,](\d{1,2}))?$/.exec(plain) ?? [];
  const digits = whole?.replace(/[.,]/g, "");
  return digits ? Number(digits) * 100 + Number(part.padEnd(2, "0")) : null;
}

/** Asks for a lead's data; `save(body)` sends it. Gives what it gave, null when dismissed. */
export function askLead({ t, api }, { lead, clientName, team, title, action, save }) {
  const currency = lead?.value.currency ?? "BRL";
  const before = clientName ?? lead?.company_name ?? "";
  return openDialog(title, (close) => {
    const { element, controls } = form({
      action, cancel: () => close(null),
      fields: [
        { name: "title", label: t("leadTitle"), value: lead?.title, required: true, attributes: { maxlength: 200 } },
        { name: "value", label: t("value"), hint: t("valueHint", { currency }), value: lead ? number(lead.value.cents / 100, 2) : "", attributes: { inputmode: "decimal" } },
        { name: "company_name", label: t("client"), hint: t("clientHint"), value: before },
        { name: "contact_name", label: t("contact"), value: lead?.contact_name ?? "" },
        { name: "contact_email", type: "email", label: t("email"), value: lead?.contact_email ?? "" },
        { name: "contact_phone", label: t("phone"), value: lead?.contact_phone ?? "", attributes: { inputmode: "tel" } },
        { name: "owner", type: "select", label: t("owner"), value: lead?.owner ?? "", options: team.options(lead?.owner) },
        { name: "source", type: "select", label: t("source"), value: lead?.source ?? "other", options: [...new Set([...SOURCES, lead?.source ?? "other"])].map((one) => [one, t(`source.${one}`)]) },
        { name: "expected_close", type: "date", label: t("close"), value: lead?.expected_close?.slice(0, 10) ?? "" },
        { name: "tags", label: t("tags"), hint: t("tagsHint"), value: lead?.tags.join(", ") ?? "" },
      ],
      async submit(values) {
        const amount = values.value.trim() ? cents(values.value) : 0;
        if (amount == null) throw Object.assign(new Error(), { words: t("badValue") });
        const client = clients.chosen();
        const body = { title: values.title.trim(), value: { cents: amount, currency }, client, owner: values.owner || null, source: values.source, tags: values.tags.split(",").map((tag) => tag.trim()).filter(Boolean) };
        if (!client || !lead) body.company_name = client ? null : values.company_name.trim() || null;
        for (const name of ["contact_name", "contact_email", "contact_phone"]) body[name] = values[name].trim() || null;
        body.expected_close = values.expected_close ? closeOf(values.expected_close, lead) : null;
        close(await save(body));
      },
    });
    const clients = suggest(controls.company_name, (q) => findClients(api, q), lead?.client ? [[lead.client, before]] : []);
    element.classList.add("form-grid", "lead-form");
    return element;
  }, { broad: true });
}

// A day is kept as its noon here, so that it is the same day in the time zones around.
const closeOf = (day, lead) => (lead?.expected_close?.slice(0, 10) === day ? lead.expected_close : new Date(`${day}T12:00:00`).toISOString());

async function findClients(api, q) {
  const { items } = await api.get("/api/v1/clients", { query: { q, limit: SUGGESTED } });
  return items.map(({ id, legal_name: name, trade_name: trade }) => [id, trade ? `${trade} (${name})` : name]);
}

/** Asks why a lead was lost; gives {reason, note}, null when dismissed. */
export async function askLoss({ t, api }) {
  const { items } = await api.get("/api/v1/leads/lost-reasons");
  return formDialog({
    title: t("loseTitle"), action: t("loseDo"),
    fields: [...(items.length ? [{ name: "reason", type: "select", label: t("reason"), options: [...items.map(({ id, name }) => [id, name, true]), ["", t("otherReason")]] }] : []), { name: "note", type: "textarea", label: t("note"), rows: 2 }],
    submit: async ({ reason, note }) => {
      if (!reason && !note.trim()) throw Object.assign(new Error(), { words: t("reasonNeeded") });
      return { reason: reason || null, note: note.trim() || null };
    },
  });
}

/** Asks which stage a lead goes to; gives its id, null when dismissed. */
export async function askStage({ t }, lead, stages) {
  const answer = await formDialog({
    title: t("moveTitle", { title: lead.title }), action: t("moveDo"), fields: [{ name: "stage", type: "select", label: t("stage"), value: lead.stage, options: stages.map(({ id, name }) => [id, name, true]) }],
    submit: async (values) => values,
  });
  return answer?.stage ?? null;
}

/** An error in words, where it has any. */
export const wordsOf = (error) => error.words ?? raw(sentenceOf(error));
