// The server does not list documents: which ones were added from this browser is remembered here, by id alone.
const MOST = 50;
const keyOf = (me) => `aurora.knowledge.${me.workspace?.id ?? "open"}`;

/** The ids of this workspace's documents that were added here, the latest first. */
export function known(me) {
  try { return JSON.parse(localStorage.getItem(keyOf(me)) ?? "[]"); } catch { return []; }
}
const keep = (me, ids) => {
  try { localStorage.setItem(keyOf(me), JSON.stringify(ids.slice(0, MOST))); } catch { /* not kept, then */ }
};
/** Remembers a document. */
export const remember = (me, id) => keep(me, [id, ...known(me).filter((one) => one !== id)]);
/** Forgets it. */
export const forget = (me, id) => keep(me, known(me).filter((one) => one !== id));
