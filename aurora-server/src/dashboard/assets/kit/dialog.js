// Native dialogs; each gives a promise. Escape closes them without doing anything.
import { h, newId } from "./dom.js";
import { c } from "./common.js";
import { form } from "./form.js";

/** Shows content in a dialog: openDialog(title, (close) => nodes, {broad}) → Promise of what close() is given, null when dismissed. */
export function openDialog(title, build, { broad } = {}) {
  return new Promise((resolve) => {
    const id = newId("dialog");
    let result = null;
    const close = (value) => {
      result = value ?? null;
      dialog.close();
    };
    const dialog = h("dialog", { "aria-labelledby": id, class: broad && "broad" }, h("h2", { id }, title), build(close));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(result);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Asks before something is done: confirm({title, text, action, danger}) → Promise<boolean>. */
export async function confirm({ title, text, action, danger }) {
  const answer = await openDialog(title, (close) => [
    h("p", { class: "body" }, text),
    h("div", { class: "form-foot" }, h("button", { type: "button", class: "button", autofocus: true, on: { click: () => close(false) } }, c("cancel")),
      h("button", { type: "button", class: ["button", danger ? "danger" : "primary"], on: { click: () => close(true) } }, action)),
  ]);
  return answer === true;
}

/** A form in a dialog: formDialog({title, text, fields, action, submit, broad}) → Promise of what submit gave, null when dismissed. */
export const formDialog = ({ title, text, fields, action, submit, danger, broad }) =>
  openDialog(title, (close) => [
    text && h("p", { class: "body" }, text),
    form({ fields, action, danger, cancel: () => close(null), submit: async (values) => close((await submit(values)) ?? true) }).element,
  ], { broad });
