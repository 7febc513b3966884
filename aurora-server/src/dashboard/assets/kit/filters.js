// A row of filters above a table or a log.
import { h, newId } from "./dom.js";

const PAUSE_MS = 300;

/**
 * filters(label, [{name, label, type: "select" | "search" | "date", options: [[value, text]], value}], onChange(values)) →
 * {element, values(), set(name, value), options(name, [[value, text]])}. A search is heard after a pause in typing; `set` tells nobody.
 */
export function filters(label, fields, onChange) {
  const controls = {};
  let timer = null;
  const values = () => Object.fromEntries(Object.entries(controls).map(([name, control]) => [name, control.value]));
  const changed = () => onChange(values());
  const typed = () => {
    clearTimeout(timer);
    timer = setTimeout(changed, PAUSE_MS);
  };
  const parts = fields.map(({ name, label: text, type, options, value }) => {
    const id = newId("filter");
    const on = type === "search" ? { input: typed } : { change: changed };
    controls[name] = type === "select" ? h("select", { id, on }, choices(options, value)) : h("input", { id, type, on, value: value ?? "" });
    return h("div", { class: ["field", type === "search" && "grows"] }, h("label", { for: id }, text), controls[name]);
  });
  return {
    element: h("div", { class: "filters", role: "search", "aria-label": label }, parts), values,
    set: (name, value) => { controls[name].value = value; },
    options(name, options) {
      const { value } = controls[name];
      controls[name].replaceChildren(...choices(options, value));
    },
  };
}

// Words are translated, data is not: an option that is data is told as [value, text, true].
const choices = (options, chosen) => options.map(([value, text, isData]) =>
  h("option", { value, selected: value === chosen ? true : null, translate: isData ? "no" : null }, text));

/** The start of a period of `hours` up to now, as the API takes it; "" for no limit. */
export const hoursAgo = (hours) => (hours ? new Date(Date.now() - hours * 3_600_000).toISOString() : "");
