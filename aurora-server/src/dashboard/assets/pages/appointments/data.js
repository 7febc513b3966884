// What the agenda is made of: services, professionals, and the clients that appointments name.
import { clientName } from "../../kit/clients.js";
import { isAbort } from "../../kit/api.js";
import { zoned } from "../../kit/zone.js";

const MOST_PAGES = 4;
const COLOURS = 5;

/** The data of the page: load() first; names are asked for once, those of clients stand in the lists. */
export function agendaData({ api, me, can }) {
  const data = { services: new Map(), professionals: new Map(), zone: zoned(me.workspace?.time_zone), ready: false };
  const names = new Map();
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
  data.knows = (client) => names.set(client.id, clientName(client));
  /** Lists tell what clients are called; null of whom they do not. */
  const hear = (items) => items.forEach(({ client_id: id, client_name: name }) => names.set(id, name));
  /** Asks for the client of an appointment that was not in a list. */
  data.loadClient = async (id) => {
    if (!can("client:read") || names.has(id)) return;
    try { data.knows(await api.get(`/api/v1/clients/${id}`)); } catch (error) { if (!isAbort(error)) names.set(id, null); }
  };
  data.clientName = (id) => (names.has(id) ? names.get(id) ?? "–" : "…");
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
      hear(answer.items);
      cursor = answer.next;
      if (!cursor) break;
    }
    return { items, isCut: Boolean(cursor) };
  };
  /** The waiting list. */
  data.waiting = async () => {
    const { items } = await api.get("/api/v1/appointments/waiting");
    hear(items);
    return items;
  };
  data.when = (at) => `${data.zone.day(data.zone.key(at), { weekday: "short", day: "numeric", month: "short" })}, ${data.zone.time(at)}`;
  return data;
}
