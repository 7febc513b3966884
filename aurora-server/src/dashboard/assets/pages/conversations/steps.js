// What the assistant did in a conversation: tools, words, decisions, costs.
import { h, raw } from "../../kit/dom.js";
import { clock } from "../../kit/format.js";
import { badge, errorState, loadingState } from "../../kit/parts.js";
import { isAbort } from "../../kit/api.js";
import { has } from "../../kit/words.js";
import { citation } from "./messages.js";
import { words } from "./words.js";

const SHOWN = 40;

/** The steps, loaded when they are opened: {element, refresh()}. */
export function assistantSteps({ t, api }, id) {
  const list = h("ol", { class: "steps" });
  const state = h("div");
  const element = h("details", { class: "aside-part", on: { toggle: () => { if (element.open) load(); } } }, h("summary", null, h("h3", null, t("steps"))), state, list);
  const load = async () => {
    if (!list.childNodes.length) state.replaceChildren(loadingState(2));
    try {
      const { items } = await api.get(`/api/v1/assistant/conversations/${id}/steps`, { query: { limit: SHOWN } });
      state.replaceChildren(...(items.length ? [] : [h("p", { class: "soft small" }, t("noSteps"))]));
      list.replaceChildren(...items.map(step));
    } catch (error) {
      if (!isAbort(error)) state.replaceChildren(errorState(error, load));
    }
  };
  const named = (prefix, key) => (has(words, `${prefix}.${key}`) ? t(`${prefix}.${key}`) : raw(key));
  // What was understood tells its arguments as its text.
  const called = (tool, asked) => {
    const name = h("span", { class: "label" }, named("tool", tool));
    return asked && asked !== "{}" ? h("details", null, h("summary", null, name), h("p", { class: "step-whole mono", translate: "no" }, indented(asked))) : name;
  };
  const step = (one) => h("li", null,
    h("p", { class: "step-head" }, h("span", { class: "strong" }, named("step", one.kind)), one.reason && badge("", named("reason", one.reason)), one.failed && badge("bad", t("toolFailed")), raw(clock(one.at), { class: "soft" })),
    one.tools.length > 0 && h("div", { class: "step-tools" }, one.tools.map((tool, index) => called(tool, one.kind === "answered" ? one.arguments[index] : null))),
    one.text && h("details", null, h("summary", { class: "step-text", translate: "no" }, one.text.slice(0, 90)), h("p", { class: "step-whole", translate: "no" }, one.text)),
    one.withheld.length > 0 && h("p", { class: "soft" }, t("withheld", { what: one.withheld.join(", ") })),
    one.citations.map((source) => citation(source, t)),
    one.model && h("p", { class: "soft" }, raw(`${one.model} · `), t("tokens", { count: one.input_tokens + one.output_tokens })));
  return { element, refresh: () => { if (element.open) load(); } };
}

/** JSON with a line for each member; what a model wrote need not be JSON. */
function indented(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}
