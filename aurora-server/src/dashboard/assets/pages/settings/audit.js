import { isAbort } from "../../kit/api.js";
import { download } from "../../kit/download.js";
import { coded, h, newId, raw } from "../../kit/dom.js";
import { dateTime, number } from "../../kit/format.js";
import { badge, button, card, choice, emptyState } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { team as askTeam } from "../../kit/team.js";
import { toast } from "../../kit/toast.js";
import { has, texts } from "../../kit/words.js";
import { auditWords } from "./audit-words.js";
import { heldFocus } from "./focus.js";
import { words } from "./words.js";

const PATHS = { installation: "/api/v1/admin/audit", workspace: "/api/v1/audit" };
const LONG_MS = 120_000;
const PAUSE_MS = 350;
const told = texts(auditWords);
/** A code of the log in words, with itself as title; as it is where there are none, or what `otherwise` makes of it. */
const inWords = (group, code, otherwise = raw(code, { class: "mono" })) => (has(auditWords, `${group}.${code}`) ? coded(code, told(`${group}.${code}`)) : otherwise);

/** Who did what, and whether the log is whole. */
export async function auditTab(panel, ctx) {
  const { t, api, can, signal } = ctx;
  const team = await askTeam(ctx);
  let log = can("administrator") ? "installation" : "workspace";
  const inputs = {
    action: field(t("action"), h("input", { type: "search", spellcheck: "false" })), principal: field(t("who"), h("input", { type: "search", spellcheck: "false" })),
    outcome: field(t("outcome"), h("select", null, [["", t("any")], ["success", t("outcome.success")], ["failure", t("outcome.failure")]].map(([value, text]) => h("option", { value }, text)))),
    from: field(t("from"), h("input", { type: "date" })), until: field(t("until"), h("input", { type: "date" })),
  };
  const value = (name) => inputs[name].control.value.trim();
  const result = h("div", { role: "status" });
  const asked = () => ({ action: value("action"), principal: value("principal"), outcome: value("outcome"), from: value("from") && new Date(`${value("from")}T00:00:00`).toISOString(), until: value("until") && dayAfter(value("until")) });
  const list = table({
    caption: t("audit"), dense: true, empty: emptyState(t("noEntries"), t("noEntriesText"), null, "search"),
    columns: [
      { label: t("at"), header: true, render: ({ at }) => raw(dateTime(at), { class: "nowrap" }) },
      { label: t("what"), bare: true, render: ({ action, outcome }) => h("span", { class: "chips" }, inWords("did", action), outcome !== "success" && badge("bad", has(words, `outcome.${outcome}`) ? t(`outcome.${outcome}`) : raw(outcome))) },
      { label: t("who"), render: ({ principal }) => inWords("by", principal, team.node(principal)) },
      { label: t("subject"), render: ({ subject_kind: kind }) => inWords("kind", kind) },
      { label: t("entry", { seq: "" }).trim(), wide: true, render: (entry) => details(t, entry) },
    ],
    load: ({ cursor }) => api.get(PATHS[log], { query: { ...asked(), cursor } }),
  });
  const which = choice(t("log"), [["installation", t("logInstallation")], ["workspace", t("logWorkspace")]], log, (key) => {
    log = key;
    result.replaceChildren();
    carry.hidden = log !== "workspace" || !can("audit:export");
    list.reload();
  });
  const verify = async () => {
    const giveBack = heldFocus(check);
    check.disabled = true;
    try {
      const { ok, entries, fault, head } = await api.get(`${PATHS[log]}/verify`, { timeout: LONG_MS });
      result.replaceChildren(h("div", { class: ["notice", ok ? "good" : "bad"] }, h("strong", null, ok ? t("verifyOk", { count: entries }) : t("verifyBad", { seq: fault?.seq ?? "–", kind: fault?.kind ?? "–" })), ok && head && h("p", { class: "small" }, t("verifyHead"), raw(` ${head}`, { class: "mono" }))));
    } catch (error) {
      if (!isAbort(error)) toast(raw(error.message));
    } finally {
      check.disabled = false;
      giveBack();
    }
  };
  const take = async () => {
    try {
      download("audit.jsonl", await api.get("/api/v1/audit/export", { timeout: LONG_MS }), "application/jsonl");
      toast(t("exported"));
    } catch (error) {
      if (!isAbort(error)) toast(raw(error.message));
    }
  };
  const check = button(t("verifyLog"), verify, { icon: "check" });
  const carry = button(t("exportLog"), take, { hidden: log !== "workspace" || !can("audit:export") });
  let timer = null;
  const changed = () => { clearTimeout(timer); timer = setTimeout(() => list.reload(), PAUSE_MS); };
  for (const { control } of Object.values(inputs)) control.addEventListener("input", changed);
  signal.addEventListener("abort", () => clearTimeout(timer));
  panel.append(card(t("audit"), { actions: [can("administrator") && can("audit:read") && which.element, carry, check] }, h("div", { class: "stack" }, result, h("div", { class: "filters" }, Object.values(inputs).map(({ element }) => element)), list.element)));
}

function field(label, control) {
  control.id = newId("filter");
  return { control, element: h("div", { class: "filter" }, h("label", { for: control.id }, label), control) };
}

function details(t, { seq, action, detail, subject, origin, request_id: request, hash }) {
  const rows = [[t("code"), action], [t("subject"), subject], [t("detail"), detail === "{}" ? null : detail], [t("address"), origin], [t("request"), request], [t("hash"), hash]].filter(([, text]) => text);
  return h("details", null, h("summary", { class: "small" }, t("entry", { seq: number(seq) })), h("dl", { class: "facts small" }, rows.map(([name, text]) => h("div", null, h("dt", null, name), h("dd", null, raw(text, { class: "mono" }))))));
}

function dayAfter(day) {
  const next = new Date(`${day}T00:00:00`);
  next.setDate(next.getDate() + 1);
  return next.toISOString();
}
