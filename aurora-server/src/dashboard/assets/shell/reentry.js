// A session that ends while a page is in use.
import { askEntry } from "./entrance.js";

let asking = null;

/** Asks once for all calls that wait. Gives the user who signed in again, null when dismissed. */
export function reenter(me) {
  asking ??= askEntry(me.user?.email).finally(() => { asking = null; });
  return asking;
}
