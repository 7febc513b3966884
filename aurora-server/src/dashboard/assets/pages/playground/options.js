import { h } from "../../kit/dom.js";
import { form } from "../../kit/form.js";
import { isAbort } from "../../kit/api.js";
import { toast } from "../../kit/toast.js";

/** Who is asked and how: {element, values()}, the values being those of the call. */
export function optionsCard({ t, api }) {
  const { element, values, controls } = form({
    fields: [
      { name: "model", type: "select", label: t("model"), options: [["", t("anyModel")]] },
      { name: "system", type: "textarea", label: t("system"), hint: t("systemHint"), rows: 3 },
      { name: "temperature", type: "number", label: t("temperature"), hint: t("temperatureHint"), value: "0", attributes: { min: 0, max: 2, step: 0.1 } },
      { name: "max_tokens", type: "number", label: t("maxTokens"), attributes: { min: 1, step: 1 } },
    ],
    submit: () => {},
  });
  // Options hold at once; there is nothing to send.
  element.querySelector(".form-foot").remove();
  api.get("/api/v1/llm/models").then(({ chat }) => {
    controls.model.append(...chat.map((name) => h("option", { value: name, translate: "no" }, name)));
  }).catch((error) => { if (!isAbort(error)) toast(t("modelsFailed")); });
  return { element, values: () => Object.fromEntries(Object.entries(values()).filter(([, value]) => value !== "" && value != null)) };
}
