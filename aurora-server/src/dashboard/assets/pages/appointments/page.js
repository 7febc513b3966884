import { isAbort } from "../../kit/api.js";
import { raw } from "../../kit/dom.js";
import { button, pageHead } from "../../kit/parts.js";
import { tabs } from "../../kit/tabs.js";
import { toast } from "../../kit/toast.js";
import { agendaView } from "./agenda.js";
import { agendaData } from "./data.js";
import { professionalsView, servicesView } from "./settings.js";
import { waitingView } from "./waiting.js";
import { words } from "./words.js";

export { words };
export const style = "/dashboard/assets/pages/appointments/page.css";

/** The agenda of the house, who waits, and what can be booked with whom. */
export function mount(root, ctx) {
  const { t, api, can, id, query } = ctx;
  const data = agendaData(ctx);
  const agenda = agendaView(ctx, data, { toSettings: (key) => views.select(key) });
  const show = { agenda: () => agenda.element, waiting: () => waitingView(ctx, data), services: () => servicesView(ctx, data), professionals: () => professionalsView(ctx, data) };
  const head = () => {
    return pageHead(t("title"), { about: data.ready ? t("about", { zone: data.zone.called(Date.now()), offset: data.zone.offset(Date.now()) }) : null, actions: can("appointment:write") && button(t("book"), () => agenda.book(), { kind: "primary", icon: "plus" }) });
  };
  const views = tabs(t("views"), Object.keys(show).map((key) => ({ key, label: t(key), show: (panel) => panel.append(show[key]()) })), { selected: id in show ? id : "agenda", onSelect: select });
  root.append(head(), views.element);
  data.load().then(() => root.firstChild.replaceWith(head()), () => { /* the view that needs it tells what went wrong */ });

  function select(key) {
    const address = new URL(location);
    address.pathname = ctx.href("appointments", key === "agenda" ? null : key);
    history.replaceState(history.state, "", address);
    if (key === "agenda") agenda.reload();
  }
  async function bookFor(client) {
    try {
      await agenda.book({ client: await api.get(`/api/v1/clients/${client}`) });
    } catch (error) {
      if (!isAbort(error)) toast(raw(error.message));
    }
  }
  if (id?.startsWith("apt_")) agenda.open(id);
  else if (query.get("client") && can("client:read") && can("appointment:write")) bookFor(query.get("client"));
}
