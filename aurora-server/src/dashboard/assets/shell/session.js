// Who is there and what they may do.
import { apiFor, setWorkspace } from "../kit/api.js";

const KEPT = "aurora.workspace";
const api = apiFor();

/** Asks who is signed in; null when nobody is. While access is open nobody is, and everything is allowed. */
export async function whoAmI() {
  const { state } = await api.get("/api/v1/auth/state");
  if (state === "open") return open();
  if (state === "signed_out") return null;
  return signedIn(await api.get("/api/v1/auth/me"));
}

/** Chooses the workspace that calls act in; kept for this tab. */
export function chooseWorkspace(id) {
  sessionStorage.setItem(KEPT, id);
  setWorkspace(id);
}

export async function signOut() {
  await api.post("/api/v1/auth/logout", {}, { isEntry: true });
  forgetWorkspace();
}

/** The choice of one person is not that of the next. */
export function forgetWorkspace() {
  sessionStorage.removeItem(KEPT);
  setWorkspace(null);
}

const open = () => ({ isOpen: true, user: null, workspace: null, workspaces: [], can: () => true });

async function signedIn(me) {
  const kept = sessionStorage.getItem(KEPT);
  const isElsewhere = kept && kept !== me.workspace?.id && me.workspaces.some(({ id }) => id === kept);
  if (isElsewhere) {
    setWorkspace(kept);
    me = await api.get("/api/v1/auth/me");
  }
  // Calls stay in it, also when another session begins in another one.
  if (me.workspace) setWorkspace(me.workspace.id);
  const rights = new Set(me.permissions);
  const can = (right) => (right === "administrator" ? me.user.is_administrator : right === "person" || rights.has(right));
  return { ...me, isOpen: false, can };
}
