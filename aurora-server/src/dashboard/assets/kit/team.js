// The people of the workspace, as names where the API has ids.
import { raw } from "./dom.js";
import { texts } from "./words.js";
import { isAbort } from "./api.js";

const t = texts({
  en: { nobody: "Nobody", me: "{name} (you)", loopback: "Somebody on this machine" },
  "pt-BR": { nobody: "Ninguém", me: "{name} (você)", loopback: "Alguém nesta máquina" },
});
const PAGE = 200;
// Where access is open, whoever is on the machine has this name.
const OPEN = "loopback";

/** What a principal is called where no names are known: a program by its own name, a person by the id. */
export const principalName = (id) => (id === OPEN ? t("loopback") : id);

/** Asks for the members once: {name(id) → text, node(id) → node, options() → [[id, name, whether it is data]] beginning with nobody}. Without the right ids stay as they are. */
export async function team({ api, me, can }) {
  const names = new Map(me.user ? [[me.user.id, me.user.name]] : []);
  if (me.workspace && can("member:read")) await fillIn(api, me.workspace.id, names);
  const name = (id) => names.get(id) ?? principalName(id);
  const node = (id) => (id === OPEN ? t("loopback") : raw(name(id)));
  return {
    name,
    node: (id) => (id ? node(id) : t("nobody")),
    options: (present) => [["", t("nobody")], ...[...names].map(([id, text]) => (id === me.user?.id ? [id, t("me", { name: text })] : [id, text, true])),
      ...(present && !names.has(present) ? [[present, principalName(present), present !== OPEN]] : [])],
  };
}

async function fillIn(api, workspace, names) {
  let cursor = null;
  try {
    do {
      const page = await api.get(`/api/v1/workspaces/${workspace}/members`, { query: { limit: PAGE, cursor } });
      for (const { user, name, email } of page.items) names.set(user, name || email || user);
      cursor = page.next;
    } while (cursor);
  } catch (error) {
    // Names are an addition: pages work with ids.
    if (isAbort(error)) throw error;
  }
}
