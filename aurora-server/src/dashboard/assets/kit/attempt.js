import { ApiError, isAbort, sentenceOf } from "./api.js";
import { c } from "./common.js";
import { raw } from "./dom.js";
import { toast } from "./toast.js";

/** Does something that has no place of its own for a failure: it is told in a toast. Whether it was done. */
export async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (!isAbort(error)) toast(error.words ?? raw(sentenceOf(error)));
    return false;
  }
}

/** Whether a control waits; unlike with `disabled` it keeps the focus. Those made by `button()` and forms hear nothing meanwhile. */
export function setBusy(control, isBusy) {
  if (isBusy) control.setAttribute("aria-disabled", "true");
  else control.removeAttribute("aria-disabled");
}
export const isBusy = (control) => control.getAttribute("aria-disabled") === "true";

/** A listener that hears nothing more while what it began goes on, and whose failures are told where nobody else did. */
export function once(listener) {
  let goesOn = false;
  return async (event) => {
    if (goesOn || isBusy(event.currentTarget)) return;
    goesOn = true;
    try {
      await listener(event);
    } catch (error) {
      if (isAbort(error)) return;
      const isTold = error.words || error instanceof ApiError;
      if (!isTold) console.error(error);
      toast(isTold ? error.words ?? raw(sentenceOf(error)) : c("failed"));
    } finally {
      goesOn = false;
    }
  };
}
