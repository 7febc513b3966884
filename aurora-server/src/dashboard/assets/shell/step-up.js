// Some calls take a fresh proof of who speaks.
import { apiFor } from "../kit/api.js";
import { formDialog } from "../kit/dialog.js";
import { told } from "./entrance.js";
import { t } from "./words.js";

const api = apiFor();
let asking = null;

/** Asks once for all calls that wait. True when the proof was given. */
export function stepUp(me) {
  asking ??= ask(me).then((answer) => answer != null).finally(() => { asking = null; });
  return asking;
}

const ask = (me) =>
  formDialog({
    title: t("stepUpTitle"), text: t("stepUpText"), action: t("go"),
    fields: [
      { name: "password", type: "password", label: t("password"), required: true, autocomplete: "current-password" },
      ...(me?.second_factor?.is_active ? [{ name: "code", label: t("code"), required: true, autocomplete: "one-time-code", attributes: { inputmode: "numeric" } }] : []),
    ],
    submit: (values) => told("stepUpWrong", () => api.post("/api/v1/auth/step-up", { ...values, cookie: true }, { isEntry: true })),
  });
