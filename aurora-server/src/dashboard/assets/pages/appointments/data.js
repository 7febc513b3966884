// What the agenda is made of: services, professionals, and the clients that appointments name.
import { clientName } from "../../kit/clients.js";
import { isAbort } from "../../kit/api.js";
import { zoned } from "../../kit/zone.js";

const AT_ONCE = 5;
const MOST_PAGES = 4;
const COLOURS = 5;

/** The data of the page: load() first; names are asked for once. */
export function agendaData({ api, me, can }) {
  const data = { services: new Map(), professionals: new Map(), zone: zoned(me.workspace?.time_zone), ready: false };
  const clients = new Map();
  const hours = new Map();
  const others = new Map();

  data.load = async () => {
    const [services, professionals] = await Promise.all([api.get("/api/v1/services", { query: { limit: 200 } }), api.get("/api/v1/professionals", { query: { limit: 200 } })]);
    data.services = new Map(services.items.map((one) => [one.id, one]));
    data.professionals = new Map(professionals.items.map((one, index) => [one.id, { ...one, colour: (index % COLOURS) + 1 }]));
    if (!me.workspace?.time_zone && professionals.items[0]) data.zone = zoned(professionals.items[0].time_zone);
    hours.clear();
    data.ready = true;
  };
  /** Weekly hours of a professional, whose zone need not be that of the page. */
  data.hoursOf = async (id) => {
    if (!hours.has(id)) hours.set(id, api.get(`/api/v1/professionals/${id}/hours`).then(({ items }) => items));
    return hours.get(id).catch(() => []);
  };
  data.client = (id) => clients.get(id) ?? null;
  data.knows = (client) => clients.set(client.id, client);
  /** Asks for the clients of these appointments, a few at a time; `onSome` hears when some are there. */
  data.loadClients = async (ids, onSome) => {
    if (!can("client:read")) return;
    const unknown = [...new Set(ids)].filter((id) => !clients.has(id));
    for (let at = 0; at < unknown.length; at += AT_ONCE) {
      await Promise.all(unknown.slice(at, at + AT_ONCE).map(async (id) => {
        try { clients.set(id, await api.get(`/api/v1/clients/${id}`)); } catch (error) { if (!isAbort(error)) clients.set(id, null); }
      }));
      onSome();
    }
  };
  data.clientName = (id) => (clients.get(id) ? clientName(clients.get(id)) : "…");
  /** The name of a service or professional, also of one that cannot be booked any more. */
  data.nameOf = (kind, id) => data[kind].get(id)?.name ?? others.get(id) ?? "…";
  data.loadOthers = async (appointments, onSome) => {
    const wanted = new Map();
    for (const one of appointments) {
      if (!data.services.has(one.service_id) && !others.has(one.service_id)) wanted.set(one.service_id, "services");
      if (!data.professionals.has(one.professional_id) && !others.has(one.professional_id)) wanted.set(one.professional_id, "professionals");
    }
    if (!wanted.size) return;
    await Promise.all([...wanted].map(async ([id, kind]) => others.set(id, (await api.get(`/api/v1/${kind}/${id}`).catch(() => ({ name: "–" }))).name)));
    onSome();
  };
  /** Appointments between two moments: {items, isCut}. */
  data.appointments = async (from, until) => {
    const items = [];
    let cursor = null;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const answer = await api.get("/api/v1/appointments", { query: { from: from.toISOString(), until: until.toISOString(), limit: 200, cursor } });
      items.push(...answer.items);
      cursor = answer.next;
      if (!cursor) break;
    }
    return { items, isCut: Boolean(cursor) };
  };
  data.when = (at) => `${data.zone.day(data.zone.key(at), { weekday: "short", day: "numeric", month: "short" })}, ${data.zone.time(at)}`;
  return data;
}
