import { isAbort } from "../../kit/api.js";
import { confirm } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { badge, button } from "../../kit/parts.js";
import { showSecret } from "../../kit/secret.js";
import { toast } from "../../kit/toast.js";
import { has } from "../../kit/words.js";
import { words } from "./words.js";

/** Words for something that the server names, or its own. */
export const named = (t, key, value) => (has(words, `${key}.${value}`) ? t(`${key}.${value}`) : raw(value));

export const rolesOf = (t, roles) => h("span", { class: "chips" }, roles.map((role) => h("span", { class: "chip" }, named(t, "role", role))));

/** Does something; what fails is said. Gives what `work` gave, null when it failed. */
export async function attempt(t, work, reload) {
  try {
    return (await work()) ?? true;
  } catch (error) {
    if (isAbort(error)) return null;
    if (error.status === 412) reload?.();
    toast(error.status === 412 ? t("conflict") : error.words ?? raw(error.message));
    return null;
  }
}

/** Asks first, then does it. */
export const ask = async (t, { title, text, action, work, reload }) => ((await confirm({ title, text, action, danger: true })) ? attempt(t, work, reload) : null);

/** How a link reaches whom it is for: by e-mail, or handed over by who made it. */
export async function handOver(t, { mailed, link }) {
  if (mailed || !link) return toast(t("mailed"));
  await showSecret({ title: t("linkTitle"), text: t("linkText"), label: t("link"), value: link });
}

/** Boxes to choose several of; {element, chosen()}. */
export function boxes(label, options, chosen, { hint } = {}) {
  const inputs = options.map(([value, text]) => [value, h("input", { type: "checkbox", value, checked: chosen.includes(value) ? true : null }), text]);
  const element = h("fieldset", { class: "boxes" }, h("legend", { class: "label" }, label), hint && h("p", { class: "hint" }, hint), h("div", { class: "boxes-list" }, inputs.map(([, input, text]) => h("label", null, input, text))));
  return { element, chosen: () => inputs.filter(([, input]) => input.checked).map(([value]) => value) };
}

/** Whether a key counts. */
export function keyState(t, { revoked_at: revoked, expires_at: expires }) {
  if (revoked) return badge("", t("isRevoked"));
  return expires && new Date(expires) < Date.now() ? badge("warn", t("isExpired")) : badge("good", t("active"));
}

export const endOf = (day) => (day ? new Date(`${day}T23:59:59`).toISOString() : null);

export const small = (label, click, props) => button(label, click, { small: true, ...props });
