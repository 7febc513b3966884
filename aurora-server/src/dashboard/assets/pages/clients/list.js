import { isAbort } from "../../kit/api.js";
import { download } from "../../kit/download.js";
import { h, newId, raw } from "../../kit/dom.js";
import { cnpj, cpf, date } from "../../kit/format.js";
import { badge, button, card, emptyState, pageHead } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { team as askTeam } from "../../kit/team.js";
import { toast } from "../../kit/toast.js";
import { createClient } from "./create.js";
import { deletedClients } from "./deleted.js";
import { importClients } from "./import.js";

const PAUSE_MS = 300;
const PAGE = 50;
const EXPORT_MS = 120_000;
const FILTERS = ["kind", "status", "tag", "owner", "order"];
const KINDS = { active: "good", inactive: "", blocked: "bad" };

/** Every client, with search, filters and order, which are part of the address. */
export async function listPage(root, ctx) {
  const { t, api, can, query, href, signal } = ctx;
  const [team, tags] = await Promise.all([askTeam(ctx), usedTags(api)]);
  const search = h("input", { type: "search", "aria-label": t("search"), placeholder: t("searchHint"), maxlength: 200, value: query.get("q") ?? "" });
  const selects = {
    kind: select(t("kind"), [["", t("any")], ["company", t("kind.company")], ["person", t("kind.person")]]),
    status: select(t("status"), [["", t("any")], ...Object.keys(KINDS).map((one) => [one, t(`status.${one}`)])]),
    tag: select(t("tag"), [["", t("any")], ...tags.map(({ tag, clients }) => [tag, `${tag} (${clients})`])], true),
    owner: select(t("owner"), [["", t("any")], ...team.options().slice(1)], true),
    order: select(t("order"), ["newest", "name", "updated"].map((one) => [one === "newest" ? "" : one, t(`order.${one}`)])),
  };
  for (const name of FILTERS) selects[name].control.value = query.get(name) ?? "";
  const note = h("p", { class: "soft small", role: "status" });
  const clear = button(t("clear"), () => { for (const name of FILTERS) selects[name].control.value = ""; search.value = ""; changed(); }, { small: true, kind: "plain" });
  const empty = h("div");

  const asked = () => {
    const text = search.value.trim();
    return text ? { q: text } : Object.fromEntries(FILTERS.map((name) => [name, selects[name].control.value]).filter(([, value]) => value));
  };
  const showState = () => {
    const wanted = asked();
    const isSearch = Boolean(wanted.q);
    for (const name of FILTERS) selects[name].control.disabled = isSearch;
    note.textContent = isSearch ? t("searchAlone") : "";
    clear.hidden = !Object.keys(wanted).length;
    empty.replaceChildren(Object.keys(wanted).some((name) => name !== "order") ? emptyState(t("noMatch"), t("noMatchText"), null, "search")
      : emptyState(t("none"), t("noneText"), can("client:write") && button(t("add"), add, { kind: "primary", icon: "plus" })));
    const kept = new URLSearchParams(wanted);
    if (query.get("lang")) kept.set("lang", query.get("lang"));
    history.replaceState(null, "", `${location.pathname}${kept.size ? `?${kept}` : ""}`);
  };
  const changed = () => {
    showState();
    list.reload();
  };
  const add = async () => {
    const made = await createClient(ctx, team);
    if (made) ctx.navigate(href("clients", made.id));
  };
  const bring = async () => {
    if (await importClients(ctx)) list.reload();
  };
  const bringBack = async () => {
    if (await deletedClients(ctx)) list.reload();
  };
  const carry = async () => {
    const close = toast(t("exporting"));
    try {
      download("clients.csv", await api.get("/api/v1/clients/export", { query: asked(), timeout: EXPORT_MS }), "text/csv");
      toast(t("exported"));
    } catch (error) {
      if (!isAbort(error)) toast(raw(error.message));
    } finally {
      close();
    }
  };

  let timer = null;
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(changed, PAUSE_MS); });
  for (const { control } of Object.values(selects)) control.addEventListener("change", changed);
  signal.addEventListener("abort", () => clearTimeout(timer));
  showState();
  const list = table({ caption: t("title"), empty, dense: true, columns: columns(t, team, href), load: ({ cursor }) => api.get("/api/v1/clients", { query: { ...asked(), limit: PAGE, cursor } }) });
  const filters = h("div", { class: "filters", role: "search" }, h("div", { class: "filters-search" }, search), FILTERS.map((name) => (name !== "owner" || team.options().length > 1) && selects[name].element), clear);
  root.append(pageHead(t("title"), { about: t("about"), actions: [can("client:delete") && button(t("deletedList"), bringBack, { kind: "plain" }), can("client:export") && button(t("export"), carry), can("client:import") && button(t("import"), bring), can("client:write") && button(t("add"), add, { kind: "primary", icon: "plus" })] }),
    card(null, {}, filters, note, list.element));
}

async function usedTags(api) {
  try {
    return (await api.get("/api/v1/clients/tags")).items;
  } catch (error) {
    if (isAbort(error)) throw error;
    return [];
  }
}

function select(label, options, isData) {
  const id = newId("filter");
  const control = h("select", { id }, options.map(([value, text], index) => h("option", { value, translate: isData && index ? "no" : null }, text)));
  return { control, element: h("div", { class: "filter" }, h("label", { for: id }, label), control) };
}

// On a phone a client is two lines; what is not known takes no room there.
const columns = (t, team, href) => [
  { label: t("name"), header: true, render: ({ id, legal_name: name, trade_name: trade }) => [h("a", { href: href("clients", id), translate: "no" }, trade || name), trade && h("p", { class: "small soft plain-weight" }, raw(name))] },
  { label: t("document"), bare: true, render: (client) => raw(documentOf(client) ?? "", { class: "nowrap" }) },
  { label: t("city"), bare: true, render: ({ addresses: [place] }) => raw(place ? [place.city, place.state].filter(Boolean).join(" / ") : "") },
  { label: t("tags"), bare: true, render: ({ tags }) => h("span", { class: "chips" }, tags.map((tag) => raw(tag, { class: "chip" }))) },
  { label: t("status"), bare: true, render: ({ status }) => badge(KINDS[status] ?? "", t(`status.${status}`)) },
  team.options().length > 1 && { label: t("owner"), bare: true, render: ({ owner }) => (owner ? team.node(owner) : raw("")) },
  { label: t("created"), bare: true, end: true, render: ({ created_at: at }) => raw(date(at)) },
].filter(Boolean);

export const documentOf = (client) => (client.cnpj ? cnpj(client.cnpj) : client.cpf ? cpf(client.cpf) : null);
