// Files on their way to the server, with how far they are: fetch does not tell.
import { ApiError, apiFor } from "./api.js";
import { c } from "./common.js";
import { locale } from "./words.js";

/**
 * Sends a form with a file: upload(path, {fields, file}, {me, onProgress(part of 1), signal}) → the answer's body. Fails as calls do,
 * with an ApiError, or an AbortError when the signal says so.
 */
export async function upload(path, { fields = {}, file }, { me, onProgress = () => {}, signal }) {
  // Renews the session where it is due: a large file should not be sent for nothing.
  if (!me.isOpen) await apiFor(signal).get("/api/v1/auth/me");
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value) body.append(name, value);
  body.append("file", file);
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", path);
    call.setRequestHeader("accept", "application/json");
    call.setRequestHeader("accept-language", locale());
    if (me.workspace) call.setRequestHeader("x-workspace-id", me.workspace.id);
    call.upload.addEventListener("progress", ({ loaded, total, lengthComputable }) => { if (lengthComputable) onProgress(loaded / total); });
    call.addEventListener("load", () => {
      if (call.status < 300) return resolve(parsed(call.responseText));
      return reject(new ApiError(call.status, parsed(call.responseText), Number(call.getResponseHeader("retry-after")) || null));
    });
    call.addEventListener("error", () => reject(new ApiError(0, { code: "offline", detail: c("offline") }, null)));
    call.addEventListener("abort", () => reject(new DOMException("ended", "AbortError")));
    signal?.addEventListener("abort", () => call.abort(), { once: true });
    call.send(body);
  });
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return {}; }
}
