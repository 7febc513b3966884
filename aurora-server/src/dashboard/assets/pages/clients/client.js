import { apiFor, isAbort } from "../../kit/api.js";
import { openDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { cnpj, cpf, date, money, number, phone, relative } from "../../kit/format.js";
import { form } from "../../kit/form.js";
import { historyCard, tasksCard } from "../../kit/history.js";
import { badge, button, card, emptyState, errorState, loadingState, pageHead } from "../../kit/parts.js";
import { team as askTeam } from "../../kit/team.js";
import { toast } from "../../kit/toast.js";
import { has } from "../../kit/words.js";
import { appointmentsCard } from "../appointments/of-client.js";
import { ownFields } from "./create.js";
import { arrange, bodyOf, cep, fieldsOf, renamed } from "./fields.js";
import { filesCard } from "./files.js";
import { duplicatesCard } from "./merge.js";
import { notesCard } from "./notes.js";
import { words } from "./words.js";

const KINDS = { active: "good", inactive: "", blocked: "bad" };
const LEADS = { open: "info", won: "good", lost: "bad" };
const CONVERSATIONS = { open: "info", pending: "warn", closed: "" };

/** One client: what is known, what happened, what is to be done. */
export async function clientPage(root, ctx) {
  const { t, api, can, id, href, setTitle } = ctx;
  const back = h("a", { href: href("clients") }, t("back"));
  let state;
  try {
    const [client, team, custom] = await Promise.all([api.get(`/api/v1/clients/${encodeURIComponent(id)}`), askTeam(ctx), ownFields(api)]);
    state = { client, team, custom };
  } catch (error) {
    if (error.status !== 404 && error.status !== 400) throw error;
    root.append(pageHead(t("title")), emptyState(t("missing"), t("missingText"), h("a", { class: "button", href: href("clients") }, t("back"))));
    return;
  }
  // A client that was merged answers for the one that is gone.
  if (state.client.id !== id) return ctx.navigate(href("clients", state.client.id), { replace: true });
  const with_ = { ...ctx, team: state.team };
  const path = `/api/v1/clients/${id}`;
  const top = h("div", { class: "stack" });
  const data = h("div");
  const tags = h("div");

  const show = () => {
    const { client } = state;
    const name = client.trade_name || client.legal_name;
    setTitle(name);
    top.replaceChildren(h("p", { class: "small" }, back), pageHead(raw(name), { about: [badge(KINDS[client.status] ?? "", t(`status.${client.status}`)), client.blocked && h("span", { class: "notice warn" }, t("blocked", { reason: client.blocked.reason }))],
      actions: [can("client:delete") && button(t("delete"), remove), can("client:write") && button(t("edit"), edit, { kind: "primary" })] }));
    data.replaceChildren(card(t("data"), { about: [t("since", { date: date(client.created_at) }), raw(" · "), t("changed", { time: relative(client.updated_at) })] }, dataList(t, state)));
    tags.replaceChildren(tagsCard());
  };
  /** Changes the client as it was read. Whoever was faster is shown instead. */
  const change = async (body) => {
    try {
      state.client = await api.patch(path, body, { ifMatch: state.client.version });
    } catch (error) {
      if (error.status === 412) {
        state.client = await api.get(path);
        error.words = t("conflict");
        show();
      }
      throw renamed(error);
    }
    show();
    return state.client;
  };
  const edit = () => openDialog(t("editTitle"), (close) => {
    const { team, custom } = state;
    let { client } = state;
    const fields = () => fieldsOf(t, { client: state.client, team, custom });
    const { element, controls, values: read } = form({ fields: fields(), action: t("save"), cancel: () => close(null),
      async submit(values) {
        try {
          await change(differences(before, bodyOf(values, custom, client)));
        } catch (error) {
          if (error.status === 412) renew();
          throw error;
        }
        toast(t("saved"));
        close(true);
      } });
    let before = bodyOf(read(), custom, client);
    const given = Object.fromEntries(Object.entries(controls).map(([name, control]) => [name, control.value]));
    /** What somebody else wrote stands in the fields that were not touched here. */
    const renew = () => {
      const fresh = form({ fields: fields() });
      ({ client } = state);
      before = bodyOf(fresh.values(), custom, client);
      for (const [name, control] of Object.entries(controls)) {
        const { value, children } = fresh.controls[name];
        const isTouched = control.value !== given[name];
        given[name] = value;
        if (isTouched) continue;
        if (control.matches("select")) control.replaceChildren(...children);
        control.value = value;
      }
    };
    arrange(t, element, controls, client.kind);
    return element;
  }, { broad: true });
  const remove = async () => {
    const { client } = state;
    try {
      await api.delete(path, { ifMatch: client.version });
    } catch (error) {
      if (error.status === 412) { state.client = await api.get(path); show(); }
      if (!isAbort(error)) toast(error.status === 412 ? t("conflict") : raw(error.message));
      return;
    }
    const name = client.trade_name || client.legal_name;
    toast(t("deleted", { name }), { undo: async () => {
      // The page that asked is gone by then, and with it what ends its calls. Deleting was a change of the version, too.
      try {
        await apiFor().post(`${path}/restore`, {}, { create: true, ifMatch: client.version + 1 });
        toast(t("restored", { name }));
        ctx.navigate(href("clients", id));
      } catch (error) {
        toast(raw(error.message));
      }
    } });
    ctx.navigate(href("clients"));
  };
  const tagsCard = () => {
    const { client } = state;
    const set = async (wanted) => {
      const before = client.tags;
      try {
        await change({ tags: wanted });
        toast(t("tagsSaved"), { undo: () => change({ tags: before }).catch((error) => { if (!isAbort(error)) toast(error.words ?? raw(error.message)); }) });
        (tags.querySelector("input") ?? tags).focus();
      } catch (error) {
        if (!isAbort(error)) toast(error.words ?? raw(error.message));
      }
    };
    const input = h("input", { "aria-label": t("addTag"), placeholder: t("addTag"), maxlength: 50 });
    const add = h("form", { class: "with-button", on: { submit: (event) => { event.preventDefault(); if (input.value.trim()) set([...new Set([...client.tags, input.value.trim()])]); } } }, input, button(t("addTag"), null, { type: "submit", icon: "plus", iconOnly: true }));
    const list = client.tags.length ? h("ul", { class: "chips" }, client.tags.map((tag) => h("li", { class: "chip" }, raw(tag),
      can("client:write") && h("button", { type: "button", "aria-label": t("removeTag", { tag }), on: { click: () => set(client.tags.filter((one) => one !== tag)) } }, h("span", { "aria-hidden": "true", translate: "no" }, "×"))))) : h("p", { class: "soft" }, t("noTags"));
    return card(t("tags"), {}, h("div", { class: "stack" }, list, can("client:write") && add));
  };

  show();
  const stages = can("lead:read") ? await stageNames(api) : new Map();
  const side = [tags, can("appointment:read") && appointmentsCard(ctx, id), can("task:read") && tasksCard(with_, { client: id }).element, can("lead:read") && leadsCard(ctx, id, stages), can("conversation:read") && conversationsCard(ctx, id), can("file:read") && filesCard(ctx, id),
    duplicatesCard(ctx, state, { onMerged: (client) => { state.client = client; show(); } })];
  root.append(top, h("div", { class: "columns" }, h("div", { class: "stack two-thirds" }, data, notesCard(with_, id),
    can("task:read") && historyCard(with_, { path: `${path}/timeline`, subject: { client: id }, stageName: (stage) => stages.get(stage) ?? stage }).element), h("div", { class: "stack third" }, side)));
}

/** What was not touched is not sent: somebody else may have changed it meanwhile. */
const differences = (before, after) => Object.fromEntries(Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));

function dataList(t, { client, team, custom }) {
  const links = (items, scheme, format) => items.map((one, index) => [index > 0 && raw(", "), h("a", { href: `${scheme}:${one}`, translate: "no" }, format(one))]);
  const mails = [...new Set([client.email, ...client.emails].filter(Boolean))];
  const rows = [
    [t(client.kind === "person" ? "personName" : "legalName"), raw(client.legal_name)], client.trade_name && [t("tradeName"), raw(client.trade_name)],
    client.cnpj && [t("cnpj"), raw(cnpj(client.cnpj))], client.cpf && [t("cpf"), raw(cpf(client.cpf))], client.birth_date && [t("birth"), raw(date(`${client.birth_date}T12:00:00`))],
    [t("email"), mails.length ? links(mails, "mailto", String) : raw(null)], [t("phones"), client.phones.length ? links(client.phones, "tel", phone) : raw(null)],
    ...client.addresses.map((place) => [t("address"), raw(addressOf(place))]), [t("owner"), team.node(client.owner)], client.source && [t("source"), raw(client.source)],
    ...Object.entries(client.custom).map(([key, value]) => {
      const definition = custom.find((one) => one.key === key);
      return [raw(definition?.label ?? key), ownValue(t, value, definition?.kind)];
    }),
  ].filter(Boolean);
  return h("dl", { class: "facts" }, rows.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

const addressOf = ({ street, number, complement, district, city, state, postal_code: code }) =>
  [[street, number].filter(Boolean).join(", "), complement, district, [city, state].filter(Boolean).join(" / "), cep(code)].filter(Boolean).join(" · ");

function ownValue(t, value, kind) {
  if (kind === "date" && /^\d{4}-\d{2}-\d{2}$/.test(value)) return raw(date(`${value}T12:00:00`));
  if (typeof value === "number") return raw(String(value).includes("e") ? String(value) : number(value, String(value).split(".")[1]?.length ?? 0));
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  return raw(Array.isArray(value) ? value.join(", ") : value !== null && typeof value === "object" ? JSON.stringify(value) : value);
}

async function stageNames(api) {
  const { items } = await api.get("/api/v1/pipelines").catch((error) => { if (isAbort(error)) throw error; return { items: [] }; });
  return new Map(items.flatMap(({ stages }) => stages.map(({ id, name }) => [id, name])));
}

/** A card whose list is asked for once, with its own states. */
function listCard(title, { empty, load, row, actions }) {
  const place = h("div", null, loadingState(2));
  const turn = async () => {
    try {
      const { items } = await load();
      place.replaceChildren(items.length ? h("ul", { class: "rows" }, items.map(row)) : empty);
    } catch (error) {
      if (!isAbort(error)) place.replaceChildren(errorState(error, turn));
    }
  };
  turn();
  return card(title, { actions }, place);
}

const leadsCard = ({ t, api, href }, client, stages) => listCard(t("leads"), {
  empty: emptyState(t("noLeads"), null, null, "leads"), actions: h("a", { href: href("leads") }, t("newLead")), load: () => api.get("/api/v1/leads", { query: { client, limit: 20 } }),
  row: ({ id, title, status, value, stage }) => h("li", null, h("a", { href: href("leads", id), translate: "no" }, title), badge(LEADS[status] ?? "", has(words, `lead.${status}`) ? t(`lead.${status}`) : raw(status)),
    h("p", { class: "sub" }, raw(stages.get(stage) ?? "")), raw(money(value.cents, value.currency), { class: "side-note" })),
});

const conversationsCard = ({ t, api, href }, client) => listCard(t("conversations"), {
  empty: emptyState(t("noConversations"), null, null, "conversations"), load: () => api.get("/api/v1/conversations", { query: { client, limit: 20 } }),
  row: ({ id, channel_kind: kind, status, unread, last_message_at: at }) => h("li", null, h("a", { href: href("conversations", id) }, has(words, `channel.${kind}`) ? t(`channel.${kind}`) : raw(kind)),
    badge(CONVERSATIONS[status] ?? "", has(words, `conversation.${status}`) ? t(`conversation.${status}`) : raw(status)), h("p", { class: "sub" }, unread > 0 && t("unread", { count: unread })), raw(relative(at), { class: "side-note" })),
});
