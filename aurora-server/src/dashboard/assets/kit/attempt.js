import { isAbort } from "./api.js";
import { toast } from "./toast.js";

/** Does something that has no place of its own for a failure: it is told in a toast. Whether it was done. */
export async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (!isAbort(error)) toast(error.message);
    return false;
  }
}
