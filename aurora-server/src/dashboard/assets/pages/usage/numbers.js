// Periods, and totals of what was used.

const DAY_MS = 86_400_000;
const dayOf = (time) => new Date(time).toISOString().slice(0, 10);

/** The first day of each period; days are those of UTC, as they are booked. */
export const PERIODS = {
  today: () => dayOf(Date.now()),
  week: () => dayOf(Date.now() - 6 * DAY_MS),
  month: () => dayOf(Date.now() - 29 * DAY_MS),
  calendar: () => `${dayOf(Date.now()).slice(0, 8)}01`,
  quarter: () => dayOf(Date.now() - 89 * DAY_MS),
};

/** Every day of a period; a line needs two, so that today begins with yesterday. */
export function daysOf(period) {
  const first = Date.parse(period === "today" ? dayOf(Date.now() - DAY_MS) : PERIODS[period]());
  const days = Math.max(2, Math.floor((Date.now() - first) / DAY_MS) + 1);
  return Array.from({ length: days }, (_, index) => dayOf(Date.now() - (days - 1 - index) * DAY_MS));
}

/** All totals of the period, by a group. */
export async function readAll(api, { period, place }, group) {
  const path = place === "installation" ? "/api/v1/llm/usage/installation" : "/api/v1/llm/usage";
  const items = [];
  let cursor = null;
  do {
    const page = await api.get(path, { query: { group, from: `${PERIODS[period]()}T00:00:00Z`, limit: 200, cursor } });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return items;
}

/** The sum of totals. Dollars are added in billionths, so that none is lost. */
export function sum(items) {
  const of = (read) => items.reduce((total, item) => total + read(item), 0);
  return {
    cost: of(({ cost }) => cost.nanos) / 1e9, calls: of(({ calls }) => calls), unpriced: of(({ unpriced }) => unpriced), estimated: of(({ estimated }) => estimated),
    input: of(({ tokens }) => tokens.input), output: of(({ tokens }) => tokens.output), cached: of(({ tokens }) => tokens.cached_input), reasoning: of(({ tokens }) => tokens.reasoning),
  };
}
