// Signing in: password, then the second factor where there is one; on a page of its own, or over one whose session has ended.
import { apiFor } from "../kit/api.js";
import { formDialog, openDialog } from "../kit/dialog.js";
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
  const show = ({ title, about }, ...content) => card.replaceChildren(brand(), h("div", null, h("h1", { tabindex: "-1" }, title), h("p", { class: "soft" }, about)), ...content);
  const element = h("div", { class: "entrance" }, h("header", { class: "entrance-controls" }, controls(redraw)), h("main", { class: "entrance-main" }, card));
  return { element, start: steps({ show, done, about: t("signInAbout") }) };
}

/** Signing in again over a page whose session has ended, without losing it; gives who did, null when dismissed. */
export const askEntry = (email) =>
  openDialog(t("endedTitle"), (close) => {
    const element = h("div", { class: "stack" });
    const show = ({ about }, ...content) => element.replaceChildren(h("p", { class: "body" }, about), ...content);
    const leave = () => button(t("leavePage"), () => close(), { kind: "plain" });
    const begin = steps({ show, done: ({ user }) => close(user), about: t("endedText"), email, leave });
    // Once it stands in its dialog, so that its field can be focused.
    queueMicrotask(begin);
    return element;
  }, { kept: true });

/** The steps of signing in, each shown by `show({title, about}, ...nodes)`; `done` is given the server's answer. Gives what begins them. */
function steps({ show, done, about, email, leave = () => null }) {
  const password = () => {
    const { element, controls: inputs } = form({
      wide: true, action: t("signIn"),
      fields: [
        { name: "email", type: "email", label: t("email"), value: email, required: true, autocomplete: "username", attributes: { inputmode: "email", spellcheck: "false" } },
        { name: "password", type: "password", label: t("password"), required: true, autocomplete: "current-password" },
      ],
      submit: async ({ email: name, password: secret }) => {
        const answer = await told("wrong", () => api.post("/api/v1/auth/login", { email: name, password: secret, cookie: true }, OUTSIDE));
        if (answer.challenge) secondFactor(answer, "code");
        else await done(answer);
      },
    });
    show({ title: t("signIn"), about }, element, leave() ?? button(t("forgot"), () => forgotten(inputs.email.value), { kind: "plain" }));
    inputs[email ? "password" : "email"].focus();
  };
  const secondFactor = (login, field) => {
    const isCode = field === "code";
    const { element, controls: inputs } = form({
      wide: true, action: t("go"),
      fields: [{ name: field, label: t(isCode ? "code" : "recovery"), required: true, autocomplete: "one-time-code", attributes: isCode ? { inputmode: "numeric", maxlength: 8 } : { spellcheck: "false" } }],
      submit: async (values) => {
        await done(await told("wrongCode", () => api.post("/api/v1/auth/challenge", { challenge: login.challenge, cookie: true, [field]: values[field].trim() }, OUTSIDE)));
      },
    });
    const other = login.methods?.includes("recovery_code") !== false && button(t(isCode ? "useRecovery" : "useCode"), () => secondFactor(login, isCode ? "recovery_code" : "code"), { kind: "plain" });
    show({ title: t("secondTitle"), about: t("secondAbout") }, ...[element, other, button(t("back"), password, { kind: "plain" }), leave()].filter(Boolean));
    inputs[field].focus();
  };
  return password;
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
