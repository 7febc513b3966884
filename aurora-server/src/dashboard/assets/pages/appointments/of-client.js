// What a client has booked, as pages about that client show it.
import { isAbort } from "../../kit/api.js";
import { h, raw } from "../../kit/dom.js";
import { badge, card, errorState, loadingState } from "../../kit/parts.js";
import { texts } from "../../kit/words.js";
import { zoned } from "../../kit/zone.js";
import { KINDS } from "./data.js";
import { words } from "./words.js";

const t = texts(words);
const NEXT = 3;
const RECENT = 3;
const LOOKS_BACK_MS = 365 * 86_400_000;
const MOST = 200;

/** The next appointments of a client, the soonest first. */
export const nextOf = async (api, client) => (await api.get("/api/v1/appointments", { query: { client, from: new Date().toISOString(), blocking: true, limit: NEXT } })).items;

/** What a client had, the latest first; no more than a year back. */
export async function recentOf(api, client) {
  const now = Date.now();
  const query = { client, from: new Date(now - LOOKS_BACK_MS).toISOString(), until: new Date(now).toISOString(), limit: MOST };
  const items = [];
  let cursor = null;
  // They come in the order of time, and no page tells how many there are.
  do {
    const page = await api.get("/api/v1/appointments", { query: { ...query, cursor } });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return items.slice(-RECENT).reverse();
}

/** An appointment as a line of a list, with a link to it. */
export function appointmentRow({ href }, one) {
  const zone = zoned(one.time_zone);
  const style = { weekday: "short", day: "numeric", month: "short", year: isOtherYear(zone, one) ? "numeric" : undefined };
  return h("li", null, h("div", null, h("p", null, h("a", { href: href("appointments", one.id), translate: "no" }, `${zone.day(zone.key(one.starts_at), style)}, ${zone.time(one.starts_at)}`), one.status !== "confirmed" && [raw(" "), badge(KINDS[one.status] ?? "", t(`status.${one.status}`))]),
    h("p", { class: "sub", translate: "no" }, [one.service_name, one.professional_name].filter(Boolean).join(" · "))));
}

const isOtherYear = (zone, { starts_at: at }) => zone.key(at).slice(0, 4) !== zone.key(Date.now()).slice(0, 4);

/** The way to booking for a client; nothing for who may not. */
export const bookLink = ({ can, href }, client) =>
  can("appointment:write") && can("client:read") && h("a", { class: "button small", href: `${href("appointments")}?client=${client}` }, t("book"));

/** The card of what a client has booked and had. */
export function appointmentsCard(ctx, client) {
  const place = h("div", null, loadingState(2));
  const list = (title, items, none) => [h("h3", null, t(title)), items.length ? h("ul", { class: "rows" }, items.map((one) => appointmentRow(ctx, one))) : h("p", { class: "soft" }, t(none))];
  const turn = async () => {
    try {
      const [next, recent] = await Promise.all([nextOf(ctx.api, client), recentOf(ctx.api, client)]);
      place.replaceChildren(h("div", { class: "stack" }, list("nextOnes", next, "noneNext"), recent.length > 0 && list("recentOnes", recent)));
    } catch (error) {
      if (!isAbort(error)) place.replaceChildren(errorState(error, turn));
    }
  };
  turn();
  return card(t("title"), { actions: bookLink(ctx, client) }, place);
}
