// What stands around every page: the bar of simulations, the navigation, the head, the announcements.
import { h, put, raw } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { alertName } from "../kit/alert.js";
import { button } from "../kit/parts.js";
import { texts } from "../kit/words.js";
import { bar } from "./bar.js";
import { controls } from "./controls.js";
import { t } from "./words.js";

const GROUPS = ["operation", "customers", "administration"];

/** The name of a page in the language of the reader. */
export const labelOf = ({ label }) => texts({ en: { label: label.en }, "pt-BR": { label: label["pt-BR"] } })("label");
/** The address of a page. */
export const hrefOf = (name, id) => (name === "overview" && !id ? "/" : `/dashboard/${name}${id ? `/${encodeURIComponent(id)}` : ""}`);

/** The frame: {element, main, setPage(name)}. */
export function frame({ me, pages, pulse, signal, redraw, onWorkspace, onSignOut }) {
  const notice = bar();
  const links = pages.map((page) => [page, h("a", { href: hrefOf(page.name) }, icon(page.icon ?? page.name), labelOf(page))]);
  const groups = GROUPS.map((group) => {
    const own = links.filter(([page]) => page.group === group);
    return own.length > 0 && h("div", null, h("h2", null, t(`group.${group}`)), h("ul", null, own.map(([, link]) => h("li", null, link))));
  });
  const side = h("nav", { class: "side", id: "side", "aria-label": t("navigation") }, h("div", { class: "side-inner" }, brand(), h("div", { class: "nav" }, groups)));
  const menu = button(t("menu"), () => setMenu(!element.classList.contains("menu-open")),
    { kind: "plain", icon: "menu", iconOnly: true, class: "menu-button", "aria-expanded": "false", "aria-controls": "side" });
  const state = h("span", { class: "link-state" });
  const announcement = h("p", { class: "unseen", role: "status" });
  const main = h("main", { class: "main", id: "main", tabindex: "-1" });
  const top = h("header", { class: "top" }, menu, brand(), h("div", { class: "top-space" }), me.can("status:read") && state, workspaceChoice(me, onWorkspace),
    controls(redraw), me.user && raw(me.user.name, { class: "who", title: me.user.email }), me.user && button(t("signOut"), onSignOut, { kind: "plain", icon: "exit", iconOnly: true }));
  const skip = h("a", { class: "skip", href: "#main", on: { click: (event) => { event.preventDefault(); main.focus(); } } }, t("skip"));
  const element = h("div", { class: "shell" }, skip, notice.element, top, side, main, announcement);

  const setMenu = (isOpen) => {
    element.classList.toggle("menu-open", isOpen);
    menu.setAttribute("aria-expanded", String(isOpen));
    menu.setAttribute("aria-label", t(isOpen ? "closeMenu" : "menu"));
  };
  element.addEventListener("keydown", (event) => { if (event.key === "Escape") setMenu(false); });
  // The open menu covers the page: whoever goes on into the page has to see where they are.
  main.addEventListener("focusin", () => setMenu(false));
  pulse.subscribe({
    snapshot: notice.show,
    state(name) {
      if (state.dataset.state === name) return;
      state.dataset.state = name;
      state.className = `link-state ${name}`;
      state.replaceChildren(h("span", { class: "dot", "aria-hidden": "true" }), h("span", { class: "link-text" }, t(`link.${name}`)));
    },
    alert({ change, alert }) {
      if (change === "fired" || change === "resolved") put(announcement, t(change, { name: alertName(alert) }));
    },
  }, signal);
  return {
    element, main,
    setPage(name) {
      setMenu(false);
      notice.setPage(pages.some((page) => page.name === name) ? name : null);
      for (const [page, link] of links) {
        if (page.name === name) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      }
    },
  };
}

/** The mark and the name, which lead home. */
export const brand = () => h("a", { class: "brand", href: "/", "aria-label": "Aurora", translate: "no" },
  h("img", { src: "/dashboard/assets/icon.svg", alt: "", width: 24, height: 24 }), raw("Aurora", { class: "brand-name" }));

function workspaceChoice(me, onWorkspace) {
  if (me.workspaces.length < 2) return null;
  return h("select", { "aria-label": t("workspace"), translate: "no", on: { change: (event) => onWorkspace(event.target.value) } },
    me.workspaces.map(({ id, name }) => h("option", { value: id, selected: id === me.workspace?.id ? true : null }, name)));
}
