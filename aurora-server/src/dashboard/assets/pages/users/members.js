import { openDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { date, dateTime } from "../../kit/format.js";
import { form } from "../../kit/form.js";
import { badge, button, card, emptyState } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { toast } from "../../kit/toast.js";
import { ask, attempt, boxes, handOver, named, rolesOf, small } from "./shared.js";

const ROLES = ["owner", "admin", "manager", "agent", "professional", "viewer"];
const INVITATIONS = { open: "info", accepted: "good", revoked: "", expired: "warn" };

/** Who is in the workspace, and who was asked to come. */
export function membersTab(panel, { t, api, can, me, workspace }) {
  const path = `/api/v1/workspaces/${workspace.id}`;
  const roleBoxes = (chosen) => boxes(t("roles"), ROLES.map((role) => [role, t(`role.${role}`)]), chosen);
  const askRoles = (title, { fields = [], chosen, action, save }) => openDialog(title, (close) => {
    const roles = roleBoxes(chosen);
    const { element } = form({ fields, action, cancel: () => close(null), async submit(values) {
      if (!roles.chosen().length) throw Object.assign(new Error(), { words: t("needsRole") });
      close(await save({ ...values, roles: roles.chosen() }));
    } });
    element.querySelector(".form-foot").before(roles.element);
    return element;
  });
  const changeRoles = async (member) => {
    const saved = await askRoles(t("roles"), { chosen: member.roles, action: t("save"), save: ({ roles }) => api.patch(`${path}/members/${member.user}`, { roles }, { ifMatch: member.version }) });
    if (saved) { toast(t("saved"), { undo: () => attempt(t, async () => { await api.patch(`${path}/members/${member.user}`, { roles: member.roles }, { ifMatch: saved.version }); list.reload(); }) }); list.reload(); }
  };
  const turn = async (member, what, other, key) => {
    const done = await attempt(t, () => api.post(`${path}/members/${member.user}/${what}`, {}, { create: true, ifMatch: member.version }), () => list.reload());
    if (!done) return;
    toast(t(key), { undo: () => attempt(t, async () => { await api.post(`${path}/members/${member.user}/${other}`, {}, { create: true, ifMatch: done.version }); list.reload(); }) });
    list.reload();
  };
  const remove = async (member) => {
    if (await ask(t, { title: t("removeMember"), text: t("removeMemberText", { name: member.name ?? member.user }), action: t("removeMember"), work: () => api.delete(`${path}/members/${member.user}`, { ifMatch: member.version }), reload: () => list.reload() })) { toast(t("memberRemoved")); list.reload(); }
  };
  const canChange = (member) => can("member:write") && member.user !== me.user?.id;
  const list = table({
    caption: t("members"),
    columns: [
      { label: t("name"), header: true, render: ({ name, email, user }) => [raw(name ?? user), email && h("p", { class: "small soft plain-weight" }, raw(email))] },
      { label: t("roles"), render: ({ roles }) => rolesOf(t, roles) },
      { label: t("state"), render: ({ status }) => badge(status === "active" ? "good" : "warn", named(t, "member", status)) },
      { label: t("joined"), render: ({ joined_at: at }) => raw(date(at)) },
      { label: t("actions"), end: true, render: (member) => (canChange(member) ? h("div", { class: "actions end" }, small(t("changeRoles"), () => changeRoles(member)),
        member.status === "active" ? small(t("suspend"), () => turn(member, "suspend", "resume", "memberSuspended")) : small(t("resume"), () => turn(member, "resume", "suspend", "memberResumed")), small(t("removeMember"), () => remove(member))) : raw("")) },
    ],
    load: ({ cursor }) => api.get(`${path}/members`, { query: { cursor } }),
  });
  panel.append(card(t("members"), { about: raw(workspace.name) }, list.element));
  if (!can("member:invite")) return;

  const invite = async () => {
    const made = await askRoles(t("inviteTitle", { name: workspace.name }), { fields: [{ name: "email", type: "email", label: t("email"), required: true }], chosen: ["agent"], action: t("invite"), save: (values) => api.post(`${path}/invitations`, values, { create: true }) });
    if (!made) return;
    await handOver(t, made.handover);
    invitations.reload();
  };
  const resend = async ({ id }) => {
    const again = await attempt(t, () => api.post(`${path}/invitations/${id}/resend`, {}, { create: true }));
    if (!again) return;
    await handOver(t, again.handover);
    invitations.reload();
  };
  const revoke = async ({ id, email }) => {
    if (await ask(t, { title: t("revokeTitle"), text: t("revokeText", { email }), action: t("revoke"), work: () => api.delete(`${path}/invitations/${id}`) })) { toast(t("revoked")); invitations.reload(); }
  };
  const invitations = table({
    caption: t("invitations"), empty: emptyState(t("noInvitations"), null, null, "users"),
    columns: [
      { label: t("email"), header: true, render: ({ email }) => raw(email) }, { label: t("roles"), render: ({ roles }) => rolesOf(t, roles) },
      { label: t("state"), render: ({ status }) => badge(INVITATIONS[status] ?? "", named(t, "invitation", status)) }, { label: t("expires"), render: ({ expires_at: at }) => raw(dateTime(at)) },
      { label: t("actions"), end: true, render: (one) => (one.status === "open" ? h("div", { class: "actions end" }, small(t("resend"), () => resend(one)), small(t("revoke"), () => revoke(one))) : raw("")) },
    ],
    load: ({ cursor }) => api.get(`${path}/invitations`, { query: { cursor } }),
  });
  panel.append(card(t("invitations"), { actions: button(t("invite"), invite, { kind: "primary", icon: "plus" }) }, invitations.element));
}
