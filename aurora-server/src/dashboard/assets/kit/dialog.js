// Native dialogs; each gives a promise. Escape closes them without doing anything, and asks first where something was typed.
import { h, newId } from "./dom.js";
import { c } from "./common.js";
import { form } from "./form.js";

/**
 * Shows content in a dialog: openDialog(title, (close) => nodes, {broad, kept}) → Promise of what close() is given, null when dismissed.
 * `kept`: it stays when the page below is left, and a button alone closes it.
 */
export function openDialog(title, build, { broad, kept } = {}) {
  return new Promise((resolve) => {
    const id = newId("dialog");
    let result = null;
    let isChanged = false;
    let isAsking = false;
    const close = (value) => {
      result = value ?? null;
      dialog.close();
    };
    const dialog = h("dialog", { "aria-labelledby": id, class: broad && "broad", "data-kept": kept ? true : null }, h("h2", { id }, title), build(close));
    // What is searched for or only shown is nothing to lose.
    const note = ({ target }) => { isChanged ||= !target.readOnly && target.type !== "search"; };
    dialog.addEventListener("input", note);
    dialog.addEventListener("change", note);
    const isHeld = () => dialog.dataset.kept != null;
    const ask = async () => {
      if (isAsking || isHeld()) return;
      isAsking = true;
      const isMeant = await confirm({ title: c("discardTitle"), action: c("discard"), dismiss: c("keepWriting"), danger: true });
      isAsking = false;
      if (isMeant) dialog.close();
    };
    // Browsers let a second Escape in a row through whatever `cancel` says; its key can be stopped each time.
    dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || !(isHeld() || isChanged)) return;
      event.preventDefault();
      ask();
    });
    dialog.addEventListener("cancel", (event) => {
      // Choosing no file is also an event of this name.
      if (event.target !== dialog || !event.cancelable || !(isHeld() || isChanged)) return;
      event.preventDefault();
      ask();
    });
    dialog.addEventListener("close", () => {
      // The question whether to close has its answer.
      const above = dialog.nextElementSibling;
      if (isAsking && above?.matches("dialog:not([data-kept])")) above.close();
      dialog.remove();
      resolve(result);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Asks before something is done: confirm({title, text, action, dismiss, danger}) → Promise<boolean>. */
export async function confirm({ title, text, action, dismiss, danger }) {
  const answer = await openDialog(title, (close) => [
    text && h("p", { class: "body" }, text),
    h("div", { class: "form-foot" }, h("button", { type: "button", class: "button", autofocus: true, on: { click: () => close(false) } }, dismiss ?? c("cancel")),
      h("button", { type: "button", class: ["button", danger ? "danger" : "primary"], on: { click: () => close(true) } }, action)),
  ]);
  return answer === true;
}

/** A form in a dialog: formDialog({title, text, fields, action, dismiss, submit, broad}) → Promise of what submit gave, null when dismissed. */
export const formDialog = ({ title, text, fields, action, dismiss, submit, danger, broad }) =>
  openDialog(title, (close) => [
    text && h("p", { class: "body" }, text),
    form({ fields, action, dismiss, danger, cancel: () => close(null), submit: async (values) => close((await submit(values)) ?? true) }).element,
  ], { broad });
