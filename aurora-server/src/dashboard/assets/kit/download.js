import { h } from "./dom.js";

/** Hands text to the browser as a file: download("clients.csv", text, "text/csv"); a Blob as it is: download(name, blob). */
export function download(name, text, type) {
  // Reading an answer as text takes its byte order mark away, and spreadsheets take CSV for another encoding without it.
  const address = URL.createObjectURL(text instanceof Blob ? text : new Blob([type === "text/csv" ? "\ufeff" : "", text], { type: `${type};charset=utf-8` }));
  const link = h("a", { href: address, download: name, target: "_self", hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
