import { h, newId } from "./dom.js";

/** Tabs with arrow keys: tabs(label, [{key, label, show(panel)}], {selected, onSelect}); a panel is filled when first shown. */
export function tabs(label, items, { selected = items[0].key, onSelect } = {}) {
  const entries = items.map((item) => {
    const [tab, panel] = [newId("tab"), newId("panel")];
    return { ...item, shown: false,
      tab: h("button", { type: "button", role: "tab", id: tab, "aria-controls": panel, on: { click: () => select(item.key) } }, item.label),
      panel: h("div", { role: "tabpanel", id: panel, "aria-labelledby": tab, tabindex: "0" }) };
  });
  const select = (key, focus) => {
    for (const entry of entries) {
      const isChosen = entry.key === key;
      entry.tab.setAttribute("aria-selected", String(isChosen));
      entry.tab.tabIndex = isChosen ? 0 : -1;
      entry.panel.hidden = !isChosen;
      if (!isChosen) continue;
      if (!entry.shown) entry.show(entry.panel);
      entry.shown = true;
      if (focus) entry.tab.focus();
    }
    onSelect?.(key);
  };
  const keydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const now = entries.findIndex((entry) => entry.tab === document.activeElement);
    select(entries.at((now + step) % entries.length).key, true);
  };
  const list = h("div", { class: "tabs", role: "tablist", "aria-label": label, on: { keydown } }, entries.map((entry) => entry.tab));
  const element = h("div", { class: "stack" }, list, entries.map((entry) => entry.panel));
  select(selected);
  return { element, select };
}
