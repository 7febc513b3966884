// What contacts, channels and those who answer are called.
import { raw } from "../../kit/dom.js";
import { phone } from "../../kit/format.js";

const KINDS = ["wa_id", "visitor", "bsuid", "parent_bsuid"];

/** The address of a contact as people write it; null for visitors, whose address says nothing. */
export function addressOf({ addresses }) {
  const found = [...addresses].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind)).find(({ kind }) => kind !== "visitor");
  return found ? (found.kind === "wa_id" ? phone(`+${found.value}`) : found.value) : null;
}

/** A contact's name as a node: what it calls itself, or its address. */
export const nameOf = (contact, t, props) => (contact.name || addressOf(contact) ? raw(contact.name || addressOf(contact), props) : t("nameless"));

/** Who answers, in words or as a name: whoIs(t, ctx, names) → (assignee) → {text, isName}. */
export function makeWho({ t, me }, names) {
  return ({ kind, id }) => {
    if (kind !== "person") return { text: t(`by.${kind}`), isName: false };
    if (id === me.user?.id) return { text: t("by.me"), isName: false };
    return names.has(id) ? { text: names.get(id), isName: true } : { text: t("by.person"), isName: false };
  };
}

/** Members of the workspace by id, for names and for assignments; none where the caller may not read them. */
export async function loadMembers({ api, me, can }) {
  if (!me.workspace || !can("member:read")) return new Map();
  const { items } = await api.get(`/api/v1/workspaces/${me.workspace.id}/members`, { query: { limit: 200 } });
  return new Map(items.filter(({ status, name }) => status === "active" && name).map(({ user, name }) => [user, name]));
}

/** Ends of channels with what the workspace calls them. */
export async function loadChannels({ api }) {
  const [numbers, chats] = await Promise.all([api.get("/api/v1/whatsapp/numbers", { query: { limit: 200 } }), api.get("/api/v1/webchats")]);
  return new Map([...numbers.items.map(({ id, name, display_number: shown }) => [id, name || shown]), ...chats.items.map(({ id, name }) => [id, name])]);
}
