import { isAbort } from "../../kit/api.js";
import { openDialog } from "../../kit/dialog.js";
import { h } from "../../kit/dom.js";
import { date } from "../../kit/format.js";
import { form } from "../../kit/form.js";
import { badge, button, card, errorState, loadingState } from "../../kit/parts.js";
import { qrCode } from "../../kit/qr.js";
import { copyable, showSecret } from "../../kit/secret.js";
import { toast } from "../../kit/toast.js";
import { ask, attempt } from "./shared.js";

/** The second factor: set up with a code to scan, recovery codes shown once, taken away. */
export function factorCard({ t, api, me }) {
  const place = h("div", { class: "stack" }, loadingState(2));
  const load = async () => {
    try {
      show(await api.get("/api/v1/auth/factors"));
    } catch (error) {
      if (!isAbort(error)) place.replaceChildren(errorState(error, load));
    }
  };
  const show = (factor) => {
    me.second_factor = factor;
    const { is_active: isOn, recovery_codes_left: left, since } = factor;
    place.replaceChildren(h("div", { class: "actions" }, badge(isOn ? "good" : "warn", isOn ? t("factorOn", { date: date(since) }) : t("factorOff")), isOn && badge(left > 2 ? "" : "warn", t("codesLeft", { count: left }))),
      h("div", { class: "actions" }, button(t(isOn ? "factorAnew" : "factorBegin"), enrol, { kind: isOn ? null : "primary" }), isOn && button(t("codesNew"), renew), isOn && button(t("factorRemove"), remove)));
  };
  const codes = (list) => showSecret({ title: t("codes"), text: t("codesText"), label: t("codes"), value: list.join("\n"), rows: list.length });
  const enrol = async () => {
    const begun = await attempt(t, () => api.post("/api/v1/auth/factors", {}, { create: true }));
    if (!begun) return;
    const done = await openDialog(t("factor"), (close) => {
      const { element } = form({
        action: t("factorDo"), cancel: () => close(null),
        fields: [{ name: "code", label: t("code"), required: true, autocomplete: "one-time-code", attributes: { inputmode: "numeric", maxlength: 8, autofocus: true } }],
        async submit({ code }) {
          try {
            close(await api.post("/api/v1/auth/factors/activate", { code: code.trim() }, { create: true }));
          } catch (error) {
            for (const one of error.errors ?? []) if (one.code === "not_accepted") one.message = t("wrongCode");
            throw error;
          }
        },
      });
      return h("div", { class: "stack" }, h("p", { class: "soft" }, t("factorScan")), h("div", { class: "factor" }, qrCode(begun.uri, t("qr")), h("div", { class: "stack" }, h("div", { class: "stack tight" }, h("span", { class: "label" }, t("secret")), copyable(t("secret"), begun.secret)), h("a", { href: begun.uri }, t("factorOpen")))), element);
    }, { broad: true });
    if (!done) return;
    toast(t("factorDone"));
    await codes(done.recovery_codes);
    load();
  };
  const renew = async () => {
    const made = await ask(t, { title: t("codesNew"), text: t("codesNewText"), action: t("codesNew"), work: () => api.post("/api/v1/auth/factors/recovery-codes", {}, { create: true }) });
    if (!made) return;
    await codes(made.recovery_codes);
    load();
  };
  const remove = async () => {
    if (await ask(t, { title: t("factorRemove"), text: t("factorRemoveText"), action: t("factorRemove"), work: () => api.delete("/api/v1/auth/factors") })) { toast(t("factorRemoved")); load(); }
  };
  load();
  return card(t("factor"), { about: t("factorAbout") }, place);
}
