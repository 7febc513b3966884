import { formDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { date } from "../../kit/format.js";
import { needsFactor } from "../../kit/needs-factor.js";
import { badge, button, card } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { toast } from "../../kit/toast.js";
import { LANGUAGES, locale } from "../../kit/words.js";
import { ask, attempt, handOver, named, small } from "./shared.js";

const PATH = "/api/v1/admin/users";

/** Everybody who has an account in the installation. */
export function peopleTab(panel, { t, api, me, href }) {
  const missing = needsFactor({ me, href });
  if (missing) return panel.append(missing);
  const reload = () => list.reload();
  const add = async () => {
    const made = await formDialog({
      title: t("addUserTitle"), action: t("addUser"),
      fields: [{ name: "name", label: t("name"), required: true }, { name: "email", type: "email", label: t("email"), required: true }, { name: "locale", type: "select", label: t("language"), value: locale(), options: LANGUAGES, attributes: { translate: "no" } }],
      submit: (values) => api.post(PATH, values, { create: true }),
    });
    if (!made) return;
    await handOver(t, made.handover);
    reload();
  };
  const invite = async (user) => {
    const again = await attempt(t, () => api.post(`${PATH}/${user.id}/invite`, {}, { create: true }));
    if (again) await handOver(t, again.handover);
  };
  const turn = async (user, what) => {
    const [other, said, back] = what === "disable" ? ["enable", "disabled", "enabled"] : ["disable", "enabled", "disabled"];
    const done = await attempt(t, () => api.post(`${PATH}/${user.id}/${what}`, {}, { create: true, ifMatch: user.version }), reload);
    if (!done) return;
    toast(t(said, { name: user.name }), { undo: () => attempt(t, async () => { await api.post(`${PATH}/${user.id}/${other}`, {}, { create: true, ifMatch: done.version }); toast(t(back, { name: user.name })); reload(); }) });
    reload();
  };
  const administrate = async (user) => {
    const isNow = user.is_administrator;
    const done = await ask(t, { title: t(isNow ? "dropAdmin" : "makeAdmin"), text: t(isNow ? "dropAdminText" : "makeAdminText", { name: user.name }), action: t(isNow ? "dropAdmin" : "makeAdmin"), reload,
      work: () => api.request(isNow ? "DELETE" : "PUT", `${PATH}/${user.id}/administrator`, undefined, { ifMatch: user.version }) });
    if (done) { toast(t(isNow ? "adminDropped" : "adminMade", { name: user.name })); reload(); }
  };
  const endSessions = async (user) => {
    const done = await ask(t, { title: t("endSessions"), text: t("endSessionsText", { name: user.name }), action: t("endSessions"), work: () => api.delete(`${PATH}/${user.id}/sessions`) });
    if (done) toast(t("sessionsEnded", { name: user.name }));
  };
  const list = table({
    caption: t("people"),
    columns: [
      { label: t("name"), header: true, render: ({ name, email }) => [raw(name), h("p", { class: "small soft plain-weight" }, raw(email))] },
      { label: t("state"), render: ({ status, is_administrator: isAdmin }) => h("span", { class: "chips" }, badge(status === "active" ? "good" : "", named(t, "user", status)), isAdmin && badge("info", t("administrator"))) },
      { label: t("created"), render: ({ created_at: at }) => raw(date(at)) },
      { label: t("actions"), end: true, render: (user) => h("div", { class: "actions end" }, !user.email_verified_at && user.id !== me.user?.id && small(t("inviteAgain"), () => invite(user)), small(t("endSessions"), () => endSessions(user)),
        user.id !== me.user?.id && [small(t(user.is_administrator ? "dropAdmin" : "makeAdmin"), () => administrate(user)), user.status === "active" ? small(t("disable"), () => turn(user, "disable")) : small(t("enable"), () => turn(user, "enable"))]) },
    ],
    load: ({ cursor }) => api.get(PATH, { query: { cursor } }),
  });
  panel.append(card(t("people"), { actions: button(t("addUser"), add, { kind: "primary", icon: "plus" }) }, list.element));
}
