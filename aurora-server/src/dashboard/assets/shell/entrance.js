// Signing in: password, then the second factor where there is one.
import { apiFor } from "../kit/api.js";
import { formDialog } from "../kit/dialog.js";
import { h } from "../kit/dom.js";
import { form } from "../kit/form.js";
import { button } from "../kit/parts.js";
import { toast } from "../kit/toast.js";
import { brand } from "./frame.js";
import { controls } from "./controls.js";
import { t } from "./words.js";

const api = apiFor();
const OUTSIDE = { isEntry: true };

/** The page of who is not signed in; `done` goes on to where they wanted to be. */
export function entrance({ done, redraw }) {
  const card = h("div", { class: "entrance-card" });
  const show = (...content) => card.replaceChildren(brand(), ...content.flat().filter(Boolean));
  const head = (title, about) => h("div", null, h("h1", { tabindex: "-1" }, title), h("p", { class: "soft" }, about));

  const password = () => {
    const { element, controls: inputs } = form({
      wide: true, action: t("signIn"),
      fields: [
        { name: "email", type: "email", label: t("email"), required: true, autocomplete: "username", attributes: { inputmode: "email", spellcheck: "false" } },
        { name: "password", type: "password", label: t("password"), required: true, autocomplete: "current-password" },
      ],
      submit: async ({ email, password: secret }) => {
        const answer = await told("wrong", () => api.post("/api/v1/auth/login", { email, password: secret, cookie: true }, OUTSIDE));
        if (answer.challenge) secondFactor(answer, "code");
        else await done();
      },
    });
    show(head(t("signIn"), t("signInAbout")), element, button(t("forgot"), () => forgotten(inputs.email.value), { kind: "plain" }));
    inputs.email.focus();
  };
  const secondFactor = (login, field) => {
    const isCode = field === "code";
    const { element, controls: inputs } = form({
      wide: true, action: t("go"),
      fields: [{ name: field, label: t(isCode ? "code" : "recovery"), required: true, autocomplete: "one-time-code", attributes: isCode ? { inputmode: "numeric", maxlength: 8 } : { spellcheck: "false" } }],
      submit: async (values) => {
        await told("wrongCode", () => api.post("/api/v1/auth/challenge", { challenge: login.challenge, cookie: true, [field]: values[field].trim() }, OUTSIDE));
        await done();
      },
    });
    const other = login.methods?.includes("recovery_code") !== false && button(t(isCode ? "useRecovery" : "useCode"), () => secondFactor(login, isCode ? "recovery_code" : "code"), { kind: "plain" });
    show(head(t("secondTitle"), t("secondAbout")), element, other, button(t("back"), password, { kind: "plain" }));
    inputs[field].focus();
  };
  const element = h("div", { class: "entrance" }, h("header", { class: "entrance-controls" }, controls(redraw)), h("main", { class: "entrance-main" }, card));
  return { element, start: password };
}

async function forgotten(value) {
  const sent = await formDialog({
    title: t("forgot"), text: t("resetText"), action: t("resetSend"),
    fields: [{ name: "email", type: "email", label: t("email"), value, required: true, autocomplete: "username" }],
    submit: ({ email }) => api.post("/api/v1/auth/password/reset", { email }, OUTSIDE),
  });
  if (sent) toast(t("resetDone"));
}

/** What is wrong with credentials is said in our words: the server only says that they are not accepted. */
export async function told(key, work) {
  try {
    return await work();
  } catch (error) {
    if (error.status === 401) error.words = t(key);
    throw error;
  }
}
