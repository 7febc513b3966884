// The fields of a client's form, and the way from them to the API and back.
import { cnpj, cpf } from "../../kit/format.js";
import { newId, h, raw } from "../../kit/dom.js";

const STATES = "AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO".split(" ");
const PLACE = ["postal_code", "street", "number", "complement", "district", "city", "state"];
const LABELS = { postal_code: "postal", street: "street", number: "number", complement: "complement", district: "district", city: "city", state: "state" };
const NUMERIC = { inputmode: "numeric" };

/** "01310200" → "01310-200". */
export const cep = (text) => (text ?? "").replace(/^(\d{5})(\d{3})$/, "$1-$2");

/** The fields for form(); `client` fills them in, `custom` are the definitions of the workspace's own fields. */
export function fieldsOf(t, { client = {}, team, custom, isNew }) {
  const place = client.addresses?.[0] ?? {};
  return [
    isNew && { name: "kind", type: "select", label: t("kind"), value: client.kind ?? "company", options: ["company", "person"].map((kind) => [kind, t(`kind.${kind}`)]) },
    { name: "cnpj", label: t("cnpj"), value: client.cnpj ? cnpj(client.cnpj) : "", attributes: { spellcheck: "false", autocapitalize: "characters", maxlength: 18 } },
    { name: "cpf", label: t("cpf"), value: client.cpf ? cpf(client.cpf) : "", attributes: { ...NUMERIC, maxlength: 14 } },
    { name: "legal_name", label: t(client.kind === "person" ? "personName" : "legalName"), value: client.legal_name, required: true, attributes: { maxlength: 200 } },
    { name: "trade_name", label: t("tradeName"), value: client.trade_name ?? "", attributes: { maxlength: 200 } },
    { name: "birth_date", type: "date", label: t("birth"), value: client.birth_date ?? "" },
    { name: "email", type: "email", label: t("email"), value: client.email ?? "" },
    { name: "phones", label: t("phones"), hint: t("phonesHint"), value: (client.phones ?? []).join(", "), attributes: { inputmode: "tel" } },
    !isNew && { name: "status", type: "select", label: t("status"), value: client.status, options: ["active", "inactive", "blocked"].map((one) => [one, t(`status.${one}`)]) },
    { name: "owner", type: "select", label: t("owner"), value: client.owner ?? "", options: team.options(client.owner) },
    { name: "tags", label: t("tags"), hint: t("tagsHint"), value: (client.tags ?? []).join(", ") },
    { name: "source", label: t("source"), value: client.source ?? "" },
    ...PLACE.map((name) => ({ name, label: t(LABELS[name]), value: name === "postal_code" ? cep(place[name]) : place[name] ?? "", ...(name === "state" && { type: "select", options: [["", "–", true], ...STATES.map((one) => [one, one, true])] }), ...(name === "postal_code" && { attributes: NUMERIC }) })),
    ...custom.map((definition) => ownField(t, definition, client.custom?.[definition.key])),
  ].filter(Boolean);
}

function ownField(t, { key, kind, label, options, required }, value) {
  const shared = { name: `custom.${key}`, label: raw(label), required: required && kind !== "boolean" };
  if (kind === "boolean") return { ...shared, type: "select", value: value == null ? "" : String(value), options: [["", t("unset")], ["true", t("yes")], ["false", t("no")]] };
  if (kind === "choice") return { ...shared, type: "select", value: value ?? "", options: [["", t("unset")], ...options.map((one) => [one, one, true])] };
  if (kind === "multi_choice") return { ...shared, value: (value ?? []).join(", "), hint: raw(options.join(", ")) };
  return { ...shared, type: { number: "number", date: "date" }[kind] ?? "text", value: value ?? "", attributes: kind === "number" ? { step: "any" } : {} };
}

/** What the API is given. `before` is the client as it was: what the form does not show of it stays. */
export function bodyOf(values, custom, before) {
  const isPerson = (values.kind ?? before.kind) === "person";
  const place = Object.fromEntries(PLACE.map((name) => [name, values[name].trim() || null]));
  const hasPlace = PLACE.some((name) => place[name]);
  const addresses = [...(hasPlace ? [{ ...before?.addresses?.[0], ...place }] : []), ...(before?.addresses?.slice(1) ?? [])];
  const own = { ...before?.custom };
  for (const definition of custom) {
    const value = ownValue(definition.kind, values[`custom.${definition.key}`]);
    if (value == null) delete own[definition.key];
    else own[definition.key] = value;
  }
  return {
    ...(before ? {} : { kind: values.kind }), legal_name: values.legal_name.trim(), trade_name: isPerson ? null : values.trade_name.trim() || null,
    cnpj: isPerson ? null : values.cnpj.trim() || null, cpf: isPerson ? values.cpf.trim() || null : null, birth_date: isPerson ? values.birth_date || null : null,
    email: values.email.trim() || null, phones: parts(values.phones), owner: values.owner || null, tags: parts(values.tags), source: values.source.trim() || null,
    ...(values.status ? { status: values.status } : {}), addresses, custom: own,
  };
}

function ownValue(kind, value) {
  if (value === "" || value == null) return null;
  if (kind === "boolean") return value === "true";
  return kind === "multi_choice" ? parts(value) : value;
}

export const parts = (text) => text.split(",").map((one) => one.trim()).filter(Boolean);

/** Errors at `phones[0]` or `addresses[0].city` belong to fields of the form that have other names. */
export function renamed(error) {
  for (const one of error.errors ?? []) one.field = one.field.replace(/^addresses\[\d+\]\./, "").replace(/\[\d+\]$/, "");
  return error;
}

/** Puts a form's fields in a grid, what is rarely told behind a summary, and shows those of the kind alone. */
export function arrange(t, element, controls, kind) {
  const at = (name) => controls[name]?.closest(".field");
  const rare = [...PLACE, "source", ...Object.keys(controls).filter((name) => name.startsWith("custom."))].map(at);
  const isFilled = Object.entries(controls).some(([name, control]) => (PLACE.includes(name) || name.startsWith("custom.")) && (control.value !== "" || control.required));
  const details = h("details", { open: isFilled ? true : null, id: newId("more") }, h("summary", null, t("more")), h("div", { class: "form-grid" }, rare.filter(Boolean)));
  const grid = h("div", { class: "form-grid" }, ["kind", "cnpj", "cpf", "legal_name", "trade_name", "birth_date", "email", "phones", "status", "owner", "tags"].map(at).filter(Boolean));
  element.querySelector(".form-foot").before(grid, details);
  const show = (now) => {
    const isPerson = now === "person";
    for (const [name, forPerson] of [["cnpj", false], ["trade_name", false], ["cpf", true], ["birth_date", true]]) at(name).hidden = forPerson !== isPerson;
    at("legal_name").querySelector("label").textContent = t(isPerson ? "personName" : "legalName");
  };
  show(kind);
  // What is wrong in a closed part has to be seen.
  new MutationObserver(() => { if (details.querySelector("[aria-invalid]")) details.open = true; }).observe(details, { subtree: true, attributes: true, attributeFilter: ["aria-invalid"] });
  return { show, details };
}
