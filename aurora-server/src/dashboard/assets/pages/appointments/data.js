// What the agenda is made of: services, professionals, and the clients that appointments name.
import { clientName } from "../../kit/clients.js";
import { zoned } from "../../kit/zone.js";

/** The colours of states. */
export const KINDS = { confirmed: "good", completed: "good", checked_in: "info", in_progress: "info", requested: "warn", held: "warn", no_show: "bad", cancelled: "bad", rejected: "bad", expired: "" };
const MOST_PAGES = 4;
const COLOURS = 5;

/** The data of the page: load() first; the names in an appointment stand in it. */
export function agendaData({ api, me }) {
  const data = { services: new Map(), professionals: new Map(), zone: zoned(me.workspace?.time_zone), ready: false };
  const names = new Map();
  const hours = new Map();
  // Of services and professionals that cannot be booked any more, as appointments tell them.
  const others = new Map();

  data.load = async () => {
    const [services, professionals] = await Promise.all([api.get("/api/v1/services", { query: { limit: 200 } }), api.get("/api/v1/professionals", { query: { limit: 200 } })]);
    data.services = new Map(services.items.map((one) => [one.id, one]));
    data.professionals = new Map(professionals.items.map((one, index) => [one.id, { ...one, colour: (index % COLOURS) + 1 }]));
    if (!me.workspace?.time_zone && professionals.items[0]) data.zone = zoned(professionals.items[0].time_zone);
    hours.clear();
    data.ready = true;
  };
  const readHours = async (id) => {
    try {
      return (await api.get(`/api/v1/professionals/${id}/hours`)).items;
    } catch (error) {
      hours.delete(id);
      throw error;
    }
  };
  /** Weekly hours of a professional, whose zone need not be that of the page. */
  data.hoursOf = (id) => {
    if (!hours.has(id)) hours.set(id, readHours(id));
    return hours.get(id);
  };
  data.knows = (client) => names.set(client.id, clientName(client));
  /** Takes the names out of appointments or entries of the waiting list; null of clients whose names are not told. */
  data.hear = (items) => items.forEach((one) => {
    names.set(one.client_id, one.client_name);
    others.set(one.service_id, one.service_name);
    if (one.professional_id) others.set(one.professional_id, one.professional_name);
  });
  data.clientName = (id) => (names.has(id) ? names.get(id) ?? "–" : "…");
  /** The name of a service or professional, also of one that cannot be booked any more. */
  data.nameOf = (kind, id) => data[kind].get(id)?.name ?? others.get(id) ?? "–";
  /** Appointments between two moments: {items, isCut}. */
  data.appointments = async (from, until) => {
    const items = [];
    let cursor = null;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const answer = await api.get("/api/v1/appointments", { query: { from: from.toISOString(), until: until.toISOString(), limit: 200, cursor } });
      items.push(...answer.items);
      data.hear(answer.items);
      cursor = answer.next;
      if (!cursor) break;
    }
    return { items, isCut: Boolean(cursor) };
  };
  /** The waiting list. */
  data.waiting = async () => {
    const { items } = await api.get("/api/v1/appointments/waiting");
    data.hear(items);
    return items;
  };
  data.when = (at) => `${data.zone.day(data.zone.key(at), { weekday: "short", day: "numeric", month: "short" })}, ${data.zone.time(at)}`;
  return data;
}
