// Runs before the first paint, as a plain script, so that a chosen theme does not flash.
(() => {
  let theme = null;
  try { theme = localStorage.getItem("aurora.theme"); } catch { /* storage may be closed to us */ }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
