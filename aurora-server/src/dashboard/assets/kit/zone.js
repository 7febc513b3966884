// Times as they are told in a time zone, which need not be that of the browser.
import { locale } from "./words.js";

const DAY_MS = 86_400_000;
const clocks = new Map();

/**
 * Times of a zone (IANA name; that of the browser unless told): {name, time(at) "09:30", day(key, style) in words, key(at)
 * "2026-12-01", minutes(at) of the day, instant(key, minutes) → Date, add(key, days), weekday(key) 1 Monday … 7, offset(at) "GMT-3", called(at) "Brasilia Time"}.
 * A key is a date of that zone, without a time.
 */
export function zoned(zone) {
  const name = zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const parts = (at) => Object.fromEntries(clock("en-CA", { timeZone: name, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" })
    .formatToParts(new Date(at)).map(({ type, value }) => [type, value]));
  const key = (at) => {
    const { year, month, day } = parts(at);
    return `${year}-${month}-${day}`;
  };
  const minutes = (at) => {
    const { hour, minute } = parts(at);
    return Number(hour) * 60 + Number(minute);
  };
  // A wall time is found by how far the zone is off at about that moment; the second look is for days on which clocks change.
  const instant = (date, minute = 0) => {
    const wall = Date.parse(`${date}T00:00:00Z`) + minute * 60_000;
    const off = (at) => Date.parse(`${key(at)}T00:00:00Z`) + minutes(at) * 60_000 - Math.floor(at / 60_000) * 60_000;
    return new Date(wall - off(wall - off(wall)));
  };
  const named = (at, style) => clock(locale(), { timeZone: name, timeZoneName: style }).formatToParts(new Date(at)).find(({ type }) => type === "timeZoneName").value;
  return {
    name, key, minutes, instant,
    time: (at) => clock(locale(), { timeZone: name, timeStyle: "short" }).format(new Date(at)),
    day: (date, style = { weekday: "short", day: "numeric", month: "short" }) => clock(locale(), { timeZone: "UTC", ...style }).format(new Date(`${date}T00:00:00Z`)),
    add: (date, days) => new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10),
    weekday: (date) => new Date(`${date}T00:00:00Z`).getUTCDay() || 7,
    called: (at) => named(at, "longGeneric"),
    offset: (at) => named(at, "shortOffset"),
  };
}

function clock(tag, options) {
  const found = `${tag}|${JSON.stringify(options)}`;
  if (!clocks.has(found)) clocks.set(found, new Intl.DateTimeFormat(tag, options));
  return clocks.get(found);
}
