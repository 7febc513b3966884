// Light, dark, or as the system has it.
const KEPT = "aurora.theme";
const listeners = new Set();

/** "system", "light" or "dark". */
export const theme = () => document.documentElement.dataset.theme ?? "system";

/** Chooses a theme and keeps it. */
export function setTheme(name) {
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  try { localStorage.setItem(KEPT, name); } catch { /* not kept, then */ }
  tell();
}

/** Calls `listener` when colours have changed; gives a function that ends it. */
export function onThemeChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const tell = () => listeners.forEach((listener) => listener());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
