import { apiFor, isAbort } from "../../kit/api.js";
import { confirm } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { cnpj, date, money, phone, relative } from "../../kit/format.js";
import { historyCard, tasksCard } from "../../kit/history.js";
import { badge, button, card, emptyState, pageHead } from "../../kit/parts.js";
import { team as askTeam } from "../../kit/team.js";
import { toast } from "../../kit/toast.js";
import { has } from "../../kit/words.js";
import { bring } from "./changes.js";
import { askLead, askStage, wordsOf } from "./forms.js";
import { readable, tellMoved } from "./stages.js";
import { words } from "./words.js";

const KINDS = { open: "info", won: "good", lost: "bad" };

/** One lead: its data, what happened, what is to be done. */
export async function leadPage(root, ctx) {
  const { t, api, can, id, href, setTitle, navigate } = ctx;
  const path = `/api/v1/leads/${encodeURIComponent(id)}`;
  let lead;
  try {
    lead = await api.get(path);
  } catch (error) {
    if (error.status !== 404 && error.status !== 400) throw error;
    root.append(pageHead(t("title")), emptyState(t("missing"), t("missingText"), h("a", { class: "button", href: href("leads") }, t("back"))));
    return;
  }
  const [team, { items: pipelines }, { items: reasons }, client] = await Promise.all([askTeam(ctx), api.get("/api/v1/pipelines"), api.get("/api/v1/leads/lost-reasons"),
    lead.client && can("client:read") ? api.get(`/api/v1/clients/${lead.client}`).catch(() => null) : null]);
  const stages = () => pipelines.find((one) => one.id === lead.pipeline)?.stages.map(readable) ?? [];
  const stageName = (stage) => pipelines.flatMap((one) => one.stages).filter((one) => one.id === stage).map(readable)[0]?.name ?? stage;
  const clientName = client && (client.trade_name || client.legal_name);
  const top = h("div", { class: "stack" });
  const data = h("div");

  const show = () => {
    setTitle(lead.title);
    const isOpen = lead.status === "open";
    const first = (kind) => stages().find((stage) => stage.kind === kind);
    top.replaceChildren(h("p", { class: "small" }, h("a", { href: href("leads") }, t("back"))),
      pageHead(raw(lead.title), { about: [badge(KINDS[lead.status] ?? "", has(words, `status.${lead.status}`) ? t(`status.${lead.status}`) : raw(lead.status)), raw(` ${stageName(lead.stage)} · `), t("since", { time: relative(lead.stage_since) })],
        actions: can("lead:write") && [can("lead:delete") && button(t("delete"), remove), button(t("moveDo"), ask), isOpen && button(t("lose"), () => go(first("lost"))), isOpen && button(t("win"), () => go(first("won"))),
          !isOpen && !lead.converted_at && button(t("reopen"), () => go(first("open"))), !lead.converted_at && lead.status !== "lost" && can("client:write") && button(t("convert"), convert), button(t("edit"), edit, { kind: "primary" })] }));
    data.replaceChildren(card(t("data"), {}, facts()));
  };
  const facts = () => {
    const loss = lead.loss && [reasons.find((one) => one.id === lead.loss.reason)?.name ?? lead.loss.reason, lead.loss.note].filter(Boolean).join(" · ");
    const rows = [
      [t("value"), raw(money(lead.value.cents, lead.value.currency), { class: "strong" })], [t("client"), lead.client ? h("a", { href: href("clients", lead.client), translate: "no" }, clientName ?? lead.client) : raw(lead.company_name)],
      lead.cnpj && [t("cnpj"), raw(cnpj(lead.cnpj))], lead.contact_name && [t("contact"), raw(lead.contact_name)], lead.contact_email && [t("email"), h("a", { href: `mailto:${lead.contact_email}`, translate: "no" }, lead.contact_email)],
      lead.contact_phone && [t("phone"), h("a", { href: `tel:${lead.contact_phone}`, translate: "no" }, phone(lead.contact_phone))], [t("owner"), team.node(lead.owner)],
      [t("source"), has(words, `source.${lead.source}`) ? t(`source.${lead.source}`) : raw(lead.source)], [t("close"), lead.expected_close ? raw(date(lead.expected_close)) : t("unset")], loss && [t("lossReason"), raw(loss)],
      lead.score && [t("score"), raw(lead.score.total)], lead.tags.length && [t("tags"), h("span", { class: "chips" }, lead.tags.map((tag) => raw(tag, { class: "chip" })))], [t("created"), raw(date(lead.created_at))],
      ...Object.entries(lead.custom).map(([key, value]) => [raw(key), raw(typeof value === "object" ? JSON.stringify(value) : value)]),
    ].filter(Boolean);
    return h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
  };
  const again = async () => {
    lead = await api.get(path);
    show();
    history.reload();
  };
  /** Does something with the lead; whoever was faster is shown instead. */
  const attempt = async (work) => {
    try {
      return await work();
    } catch (error) {
      if (isAbort(error)) return null;
      if (error.status === 412) await again();
      toast(error.status === 412 ? t("conflict") : wordsOf(error));
      return null;
    }
  };
  const go = (stage) => attempt(async () => {
    const before = lead.status;
    const done = await bring(ctx, lead, stage, { from: { stage: lead.stage, place: "first" } });
    if (!done) return;
    await again();
    tellMoved(t, { lead, before, stage }, () => attempt(async () => { await done.undo(); toast(t("movedBack")); await again(); }));
  });
  const ask = async () => {
    const stage = await askStage(ctx, lead, stages());
    if (stage && stage !== lead.stage) await go(stages().find((one) => one.id === stage));
  };
  const edit = async () => {
    const saved = await askLead(ctx, { lead, clientName, team, title: t("editTitle"), action: t("save"), save: async (body) => {
      try {
        return await api.patch(path, body, { ifMatch: lead.version });
      } catch (error) {
        if (error.status === 412) { await again(); error.words = t("conflict"); }
        throw error;
      }
    } });
    if (!saved) return;
    toast(t("saved"));
    // Another client has another name and link.
    if (saved.client !== lead.client) return navigate(href("leads", id), { replace: true });
    lead = saved;
    show();
  };
  const convert = async () => {
    if (!(await confirm({ title: t("convertTitle"), text: t("convertText"), action: t("convert") }))) return;
    const done = await attempt(() => api.post(`${path}/convert`, { link_existing: true }, { create: true }));
    if (!done) return;
    toast(t("convertedDone"));
    navigate(href("clients", done.client));
  };
  const remove = () => attempt(async () => {
    await api.delete(path, { ifMatch: lead.version });
    toast(t("deleted"), { undo: async () => {
      try {
        // The page that asked is gone by then. Deleting was a change of the version, too.
        await apiFor().post(`${path}/restore`, {}, { create: true, ifMatch: lead.version + 1 });
        toast(t("restored"));
        navigate(href("leads", id));
      } catch (error) {
        toast(raw(error.message));
      }
    } });
    navigate(href("leads"));
  });

  const about = { ...ctx, team };
  const history = can("task:read") ? historyCard(about, { path: `${path}/timeline`, subject: { lead: id }, stageName }) : { reload() {}, element: null };
  show();
  root.append(top, h("div", { class: "columns" }, h("div", { class: "stack two-thirds" }, data, history.element ?? ""), h("div", { class: "stack third" }, can("task:read") && tasksCard(about, { lead: id }).element)));
}
