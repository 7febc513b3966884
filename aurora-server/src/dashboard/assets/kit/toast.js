import { isAbort, sentenceOf } from "./api.js";
import { h, raw } from "./dom.js";
import { c } from "./common.js";

const STAYS_MS = 6_000;
const STAYS_WITH_UNDO_MS = 10_000;

/** Says what happened, for a few seconds; with `undo` (async) it can be taken back meanwhile. Gives `close()`, such as for one whose undo is not the last any more. */
export function toast(text, { undo } = {}) {
  const region = document.getElementById("toasts");
  const close = () => element.remove();
  const take = undo && h("button", { type: "button", on: { click: () => { close(); takeBack(undo); } } }, c("undo"));
  const element = h("div", { class: "toast" }, h("span", { role: "status" }, text), take,
    h("button", { type: "button", "aria-label": c("dismiss"), on: { click: close } }, h("span", { translate: "no", "aria-hidden": "true" }, "×")));
  region.append(element);
  let timer = setTimeout(close, undo ? STAYS_WITH_UNDO_MS : STAYS_MS);
  // Whoever is about to press the button is given the time for it.
  element.addEventListener("pointerenter", () => clearTimeout(timer));
  element.addEventListener("focusin", () => clearTimeout(timer));
  element.addEventListener("pointerleave", () => { timer = setTimeout(close, STAYS_MS); });
  return close;
}

async function takeBack(undo) {
  try {
    await undo();
  } catch (error) {
    if (!isAbort(error)) toast(error.words ?? raw(sentenceOf(error)));
  }
}
