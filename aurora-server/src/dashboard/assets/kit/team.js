// The people of the workspace, as names where the API has ids.
import { raw } from "./dom.js";
import { texts } from "./words.js";
import { isAbort } from "./api.js";

const t = texts({
  en: { nobody: "Nobody", me: "{name} (you)" },
  "pt-BR": { nobody: "Ninguém", me: "{name} (você)" },
});
const PAGE = 200;

/** Asks for the members once: {name(id) → text, node(id) → node, options() → [[id, name]] beginning with nobody}. Without the right ids stay as they are. */
export async function team({ api, me, can }) {
  const names = new Map(me.user ? [[me.user.id, me.user.name]] : []);
  if (me.workspace && can("member:read")) await fillIn(api, me.workspace.id, names);
  const name = (id) => names.get(id) ?? id;
  return {
    name,
    node: (id) => (id ? raw(name(id)) : t("nobody")),
    options: (present) => [["", t("nobody")], ...[...names].map(([id, text]) => [id, id === me.user?.id ? t("me", { name: text }) : text]),
      ...(present && !names.has(present) ? [[present, present]] : [])],
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
