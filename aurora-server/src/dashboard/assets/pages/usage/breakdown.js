import { h, raw } from "../../kit/dom.js";
import { compact, number, percent, usd } from "../../kit/format.js";
import { meter } from "../../kit/meter.js";
import { card, choice, emptyState } from "../../kit/parts.js";
import { table } from "../../kit/table.js";
import { readAll, sum } from "./numbers.js";

/** What was used by whom: {element, reload()}. `chosen` says which period and place. */
export function breakdown(ctx, chosen) {
  const { t, can } = ctx;
  const names = nameReader(ctx);
  const groups = ["model", "provider", "key", "user", can("usage:read") && "workspace"].filter(Boolean);
  const note = h("p", { class: "soft small" });
  const by = choice(t("by"), groups.map((name) => [name, t(`by.${name}`)]), "model", () => list.reload());
  const list = table({ caption: t("breakdown"), columns: columns(t), empty: emptyState(t("nothingUsed"), t("nothingUsedText"), null, "usage"), load: async () => {
    const group = by.value;
    // Workspaces are told of the whole installation alone.
    const place = group === "workspace" ? "installation" : chosen.place;
    const items = await readAll(ctx.api, { ...chosen, place }, group);
    const known = await names(group);
    note.replaceChildren(group === "workspace" && chosen.place === "workspace" ? t("workspaceNote") : t("periodNote"));
    const total = sum(items);
    const sorted = items.toSorted((one, other) => other.cost.nanos - one.cost.nanos || other.calls - one.calls);
    return { items: sorted.map((item) => ({ ...item, name: known(item.group), share: share(item, total) })), next: null };
  } });
  // What is wider than the card scrolls within it, by keyboard too.
  const scroller = h("div", { class: "usage-table", role: "region", tabindex: "0", "aria-label": t("breakdown") }, list.element);
  return { element: card(t("breakdown"), { actions: by.element }, note, scroller), reload: list.reload };
}

const share = ({ cost, calls }, total) => (total.cost > 0 ? (cost.nanos / 1e9 / total.cost) * 100 : total.calls ? (calls / total.calls) * 100 : 0);

const columns = (t) => [
  { label: t("name"), header: true, render: ({ group, name }) => (group === "" ? h("span", { class: "soft" }, t("nobody")) : [raw(name ?? group), name && name !== group && h("p", { class: "sub mono" }, raw(group))]) },
  { label: t("calls"), end: true, render: ({ calls }) => raw(number(calls)) },
  { label: t("inOut"), end: true, render: ({ tokens }) => raw(`${compact(tokens.input)} / ${compact(tokens.output)}`, { class: "nowrap" }) },
  { label: t("cached"), end: true, render: ({ tokens }) => raw(tokens.input ? percent((tokens.cached_input / tokens.input) * 100) : null) },
  { label: t("cost"), end: true, render: ({ cost, unpriced }) => [raw(usd(cost.usd), { class: "nowrap strong" }), unpriced > 0 && h("p", { class: "warn-note small" }, t("withoutPrice", { count: unpriced }))] },
  { label: t("share"), render: ({ share: of }) => h("div", { class: "share" }, meter(t("share"), of), raw(percent(of))) },
];

/** Names of what totals are by, as far as the caller may read them; asked for once. */
function nameReader({ t, api, can, me }) {
  const kept = new Map();
  const pairs = async (path) => (await api.get(path, { query: { limit: 200 } }).catch(() => ({ items: [] }))).items.map(({ id, name }) => [id, name]);
  const read = {
    provider: async () => [["simulated", t("simulated")]],
    key: async () => [...(can("key:read") ? await pairs("/api/v1/api-keys") : []), ...(can("llm:read") ? await pairs("/api/v1/llm/keys") : [])],
    user: async () => (me.user ? [[me.user.id, t("you", { name: me.user.name })]] : []),
    workspace: async () => [...(can("administrator") ? await pairs("/api/v1/admin/workspaces") : []), ...me.workspaces.map(({ id, name }) => [id, name])],
  };
  return async (group) => {
    if (!kept.has(group)) kept.set(group, new Map(await (read[group]?.() ?? [])));
    const known = kept.get(group);
    return (id) => known.get(id);
  };
}
