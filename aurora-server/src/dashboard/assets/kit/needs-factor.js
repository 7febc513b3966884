import { h } from "./dom.js";
import { emptyState } from "./parts.js";
import { texts } from "./words.js";

const t = texts({
  en: { title: "This takes a second factor", text: "Set one up in your account, then come back.", account: "To my account" },
  "pt-BR": { title: "É preciso um segundo fator", text: "Configure um na sua conta e depois volte.", account: "Ir para minha conta" },
});

/** What stands in place of things that take a second factor, for whoever is signed in and has none; null for everybody else. */
export const needsFactor = ({ me, href }) =>
  (me.user && !me.second_factor?.is_active ? emptyState(t("title"), t("text"), h("a", { class: "button", href: href("users", "account") }, t("account")), "warning") : null);
