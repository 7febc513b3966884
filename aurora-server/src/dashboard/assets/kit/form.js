// Forms with labels, hints, and errors beside the fields that they are about.
import { h, newId, raw } from "./dom.js";
import { c } from "./common.js";
import { isAbort } from "./api.js";
import { isBusy, setBusy } from "./attempt.js";

/**
 * A form. fields: [{name, label, type, value, required, hint, options: [[value, text]], rows, autocomplete, placeholder, attributes}], type being
 * text (unless told), email, password, number, date, datetime-local, select, textarea, checkbox. An option that is data rather than words, such
 * as a name, is told as [value, text, true]. `dismiss` is what `cancel` is called, unless Cancel. `submit(values)` may throw an ApiError, whose `errors` are shown at their fields. Gives
 * {element, values(), set(name, value), fail(error), clear(), controls}.
 */
export function form({ fields, submit, action, cancel, dismiss, danger, wide }) {
  const parts = fields.map(makeField);
  const controls = Object.fromEntries(parts.map(({ name, control }) => [name, control]));
  const problem = h("p", { class: "form-error", role: "alert", hidden: true });
  const send = h("button", { type: "submit", class: ["button", danger ? "danger" : "primary"] }, action ?? c("save"));
  const stop = cancel && h("button", { type: "button", class: "button", on: { click: cancel } }, dismiss ?? c("cancel"));
  const element = h("form", { class: "form", novalidate: true }, problem, parts.map((part) => part.element), h("div", { class: ["form-foot", wide && "wide"] }, stop, send));

  const values = () => Object.fromEntries(parts.map(({ name, read }) => [name, read()]));
  const clear = () => {
    problem.hidden = true;
    parts.forEach((part) => part.fail(null));
  };
  const fail = (error) => {
    const atFields = (error.errors ?? []).filter(({ field }) => controls[field]);
    for (const { field, message } of atFields) parts.find(({ name }) => name === field).fail(raw(message));
    const others = (error.errors ?? []).filter(({ field }) => !controls[field]).map(({ field, message }) => `${field}: ${message}`);
    problem.hidden = atFields.length > 0 && !others.length;
    problem.replaceChildren(typeof error.words === "string" ? error.words : raw(others.join("\n") || error.message));
    (controls[atFields[0]?.field] ?? send).focus();
  };
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (isBusy(send)) return;
    clear();
    const missing = parts.filter(({ isRequired, read }) => isRequired && (read() === "" || read() == null));
    missing.forEach((part) => part.fail(c("required")));
    if (missing.length) return missing[0].control.focus();
    setBusy(send, true);
    try {
      await submit(values());
    } catch (error) {
      if (!isAbort(error)) fail(error);
    } finally {
      setBusy(send, false);
    }
  });
  return { element, values, fail, clear, controls, set: (name, value) => { controls[name].value = value; } };
}

function makeField({ name, label, type = "text", value, required, hint, options, rows, autocomplete, placeholder, attributes }) {
  const [id, hintId, errorId] = [newId("field"), newId("hint"), newId("error")];
  const shared = { id, name, autocomplete, placeholder, required: required ? true : null, "aria-describedby": [hint && hintId, errorId].filter(Boolean).join(" "), ...attributes };
  const control = makeControl(type, shared, { options, rows, value });
  const error = h("p", { id: errorId, class: "field-error", hidden: true });
  const labelled = h("label", { for: id }, label);
  const element = h("div", { class: ["field", type === "checkbox" && "check"] }, type === "checkbox" ? [control, labelled] : [labelled, control],
    hint && h("p", { id: hintId, class: "hint" }, hint), error);
  return {
    name, element, control, isRequired: required,
    read: () => (type === "checkbox" ? control.checked : type === "number" ? (control.value === "" ? null : Number(control.value)) : control.value),
    fail(message) {
      error.hidden = !message;
      error.replaceChildren(message ?? "");
      control.toggleAttribute("aria-invalid", false);
      if (message) control.setAttribute("aria-invalid", "true");
    },
  };
}

function makeControl(type, shared, { options, rows, value }) {
  if (type === "textarea") return h("textarea", { ...shared, rows: rows ?? 3, value: value ?? "" });
  if (type === "checkbox") return h("input", { ...shared, type, checked: value ? true : null });
  if (type !== "select") return h("input", { ...shared, type, value: value ?? "" });
  return h("select", { ...shared, value: null }, options.map(([key, text, isData]) =>
    h("option", { value: key, selected: key === value ? true : null, translate: isData ? "no" : null }, text)));
}
