import { LANGUAGES } from "../../kit/words.js";
import { h, raw } from "../../kit/dom.js";
import { dateTime, relative } from "../../kit/format.js";
import { form } from "../../kit/form.js";
import { badge, button, card } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { toast } from "../../kit/toast.js";
import { factorCard } from "./factor.js";
import { ask, attempt, small } from "./shared.js";

/** One's own account. */
export function accountTab(panel, ctx) {
  panel.append(h("div", { class: "columns" }, h("div", { class: "stack half" }, profileCard(ctx), passwordCard(ctx)), h("div", { class: "stack half" }, factorCard(ctx)), sessionsCard(ctx)));
}

function profileCard({ t, api, me }) {
  let { version } = me.user;
  const isVerified = Boolean(me.user.email_verified_at);
  const verify = button(t("verify"), () => attempt(t, async () => { await api.post("/api/v1/auth/verification", {}, { create: true }); toast(t("verifySent")); }), { small: true });
  const { element } = form({
    fields: [{ name: "name", label: t("name"), value: me.user.name, required: true, autocomplete: "name" }, { name: "locale", type: "select", label: t("language"), value: me.user.locale, options: LANGUAGES, attributes: { translate: "no" } }],
    async submit(values) {
      const saved = await api.patch("/api/v1/users/me", values, { ifMatch: version });
      version = saved.version;
      Object.assign(me.user, saved);
      toast(t("saved"));
    },
  });
  return card(t("profile"), {}, h("div", { class: "stack" }, h("div", { class: "actions" }, raw(me.user.email, { class: "strong" }), badge(isVerified ? "good" : "warn", t(isVerified ? "verified" : "notVerified")), !isVerified && verify), element));
}

function passwordCard({ t, api }) {
  const { element, controls } = form({
    action: t("changePassword"),
    fields: [
      { name: "current", type: "password", label: t("currentPassword"), required: true, autocomplete: "current-password" },
      { name: "fresh", type: "password", label: t("newPassword"), required: true, autocomplete: "new-password", hint: t("passwordHint") },
      { name: "again", type: "password", label: t("again"), required: true, autocomplete: "new-password" },
    ],
    async submit({ current, fresh, again }) {
      if (fresh !== again) throw Object.assign(new Error(), { words: t("differ") });
      try {
        await api.post("/api/v1/auth/password", { current_password: current, new_password: fresh }, { create: true });
      } catch (error) {
        for (const one of error.errors ?? []) {
          if (one.code === "not_accepted") one.message = t("wrongPassword");
          one.field = { current_password: "current", new_password: "fresh" }[one.field] ?? one.field;
        }
        throw error;
      }
      for (const control of Object.values(controls)) control.value = "";
      toast(t("passwordChanged"));
    },
  });
  return card(t("password"), {}, element);
}

function sessionsCard({ t, api }) {
  const end = async (session) => {
    if (await attempt(t, () => api.delete(`/api/v1/auth/sessions/${session.id}`))) { toast(t("ended")); list.reload(); }
  };
  const endOthers = async () => {
    if (await ask(t, { title: t("endOthers"), text: t("endOthersText"), action: t("endOthers"), work: () => api.delete("/api/v1/auth/sessions", { query: { keep_current: true } }) })) { toast(t("ended")); list.reload(); }
  };
  const list = table({
    caption: t("sessions"), dense: true,
    columns: [
      { label: t("device"), header: true, render: ({ agent, is_current: isHere }) => [agent ? raw(deviceOf(agent), { title: agent }) : t("unknownDevice"), isHere && [raw(" "), badge("good", t("here"))]] },
      { label: t("network"), render: ({ network }) => raw(network) },
      { label: t("lastSeen"), render: ({ last_seen_at: at }) => raw(relative(at), { title: dateTime(at) }) },
      { label: t("actions"), end: true, bare: true, render: (session) => (session.is_current ? raw("") : small(t("end"), () => end(session))) },
    ],
    load: () => api.get("/api/v1/auth/sessions"),
  });
  return card(t("sessions"), { about: t("sessionsAbout"), actions: small(t("endOthers"), endOthers) }, list.element);
}

/** The browser and the system out of what a browser says of itself. */
function deviceOf(agent) {
  const browser = /(Edg|OPR|Firefox|Chrome|Safari|curl)[/ ]?(\d+)?/.exec(agent.replace(/HeadlessChrome/, "Chrome"));
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(agent);
  const name = { Edg: "Edge", OPR: "Opera" }[browser?.[1]] ?? browser?.[1];
  return [name && [name, browser[2]].filter(Boolean).join(" "), system?.[1]].filter(Boolean).join(" · ") || agent.slice(0, 40);
}
