// Line icons on a grid of 20, drawn for this dashboard.
import { svg } from "./dom.js";

const PATHS = {
  overview: "M3 10h4l2-6 3 12 2-6h3",
  providers: "M4 4h12v4H4zM4 12h12v4H4zM7 6h.01M7 14h.01",
  playground: "M3 4h14v9H9l-4 3v-3H3zM7 8.5h6",
  alerts: "M10 3a4.5 4.5 0 0 0-4.5 4.5c0 4-1.5 5.5-1.5 5.5h12s-1.5-1.5-1.5-5.5A4.5 4.5 0 0 0 10 3zM8.5 16a1.6 1.6 0 0 0 3 0",
  notifications: "M17 3L9 11M17 3l-5 14-3-6-6-3z",
  usage: "M4 16V9M8 16V5M12 16v-5M16 16V7",
  clients: "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 16.5c0-3 2-4.5 5-4.5s5 1.5 5 4.5M13 4a2.7 2.7 0 0 1 0 5.2M14.5 12.2c2 .5 3 2 3 4.3",
  leads: "M3 4h4v12H3zM8.5 4h4v8h-4zM14 4h3v5h-3z",
  conversations: "M3 4h10v7H8l-3 3v-3H3zM15 7h2v7h-2v2.5L12.5 14H9",
  appointments: "M3.5 5h13v11.5h-13zM3.5 8.5h13M7 3v3M13 3v3",
  knowledge: "M10 5C8 3.7 5.5 3.5 3 4v11c2.5-.5 5-.3 7 1 2-1.3 4.5-1.5 7-1V4c-2.5-.5-5-.3-7 1zM10 5v11",
  events: "M4 5h12M4 10h12M4 15h8",
  users: "M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 16.500c0-3 2.5-4.5 6-4.500s6 1.5 6 4.5",
  settings: "M4 6h7M15 6h1M4 14h1M9 14h7M13 4v4M7 12v4",
  menu: "M3 5h14M3 10h14M3 15h14",
  close: "M5 5l10 10M15 5L5 15",
  sun: "M10 13.500a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 2v1.500M10 16.500V18M2 10h1.500M16.5 10H18M4.3 4.300l1 1M14.7 14.700l1 1M4.3 15.700l1-1M14.7 5.300l1-1",
  moon: "M16 12.500A7 7 0 0 1 7.5 4a6.5 6.5 0 1 0 8.5 8.500z",
  system: "M3 4h14v9H3zM7 16.500h6M10 13v3.5",
  exit: "M8 4H4v12h4M12 7l3 3-3 3M15 10H7.5",
  check: "M4 10.500l4 4 8-9",
  warning: "M10 3.500L2.5 16.500h15zM10 8.500v3.500M10 14.300v.1",
  empty: "M3 11l2.5-6h9L17 11v5H3zM3 11h4l1 2h4l1-2h4",
  send: "M10 16V4M5 9l5-5 5 5",
  stop: "M6 6h8v8H6z",
  search: "M9 14.500a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM13 13l4 4",
  plus: "M10 4v12M4 10h12",
  refresh: "M16 6v4h-4M4 14v-4h4M15.5 10a6 6 0 0 0-10.7-3M4.5 10a6 6 0 0 0 10.7 3",
  edit: "M4 16l.8-3.600L13 4.200a1.4 1.4 0 0 1 2 0l.8.8a1.4 1.4 0 0 1 0 2L7.6 15.200zM11.5 5.700l2.800 2.800",
  grip: "M7.5 5h.01M12.5 5h.01M7.5 10h.01M12.5 10h.01M7.5 15h.01M12.5 15h.01",
  copy: "M7 7h9v9H7zM13 4H4v9",
  arrow: "M4 10h12M11 5l5 5-5 5",
};

/** A decorative icon by name; the words beside it, or the aria-label of its button, say what it means. */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 20 20", class: "svg-icon", "aria-hidden": "true", focusable: "false" }, svg("path", { d: PATHS[name] ?? PATHS.empty }));
}
