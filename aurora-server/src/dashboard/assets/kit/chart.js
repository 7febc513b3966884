// Lines over time, on a canvas; their colours come from the style sheet, their legend and their table are text.
import uPlot from "../vendor/uplot/uPlot.esm.js";
import { h, put, raw } from "./dom.js";
import { c } from "./common.js";
import { clock, number } from "./format.js";
import { onThemeChange } from "./theme.js";

const TABLE_ROWS = 30;
let styled = null;

/**
 * A chart: chart({label, series: [{label | name, color: "chart-1"…"chart-5" | "chart-bad", area, dash, joined}], format(value), height, max, time(seconds)}).
 * A `name` is data, a `label` is words; `joined` draws a line over what a series does not have.
 * Gives {element, update(xs, ...ys), destroy()}; xs are seconds since 1970. `label` is what it shows, in words.
 */
export function chart({ label, series, format = (value) => number(value, 1), height = 140, max, time = (at) => clock(at * 1000) }) {
  addStyle();
  const figures = series.map(() => raw("–"));
  const legend = h("ul", { class: "chart-legend" }, series.map((one, index) =>
    h("li", null, h("span", { class: ["swatch", one.color], "aria-hidden": "true" }), series.length > 1 && called(one), h("strong", null, figures[index]))));
  const plot = h("div", { class: "chart-plot", "aria-hidden": "true" });
  const summary = h("figcaption", { class: "unseen" });
  const rows = h("div", { class: "chart-table", tabindex: "0", role: "region", "aria-label": label });
  const details = h("details", { on: { toggle: () => fillTable() } }, h("summary", null, c("asTable")), rows);
  const element = h("figure", { class: "chart" }, h("div", { class: "chart-head" }, h("h3", null, label), legend), summary, plot, details);
  let data = [[], ...series.map(() => [])];
  let drawn = null;

  const tell = (index) => figures.forEach((figure, at) => put(figure, format(data[at + 1].at(index ?? -1) ?? null)));
  const draw = () => {
    const width = plot.clientWidth;
    if (!width || !element.isConnected) return;
    if (drawn) return drawn.setSize({ width, height });
    drawn = new uPlot(options({ series, format, height, max, width, time, tell }), data, plot);
  };
  const fillTable = () => {
    if (!details.open) return;
    const last = data[0].length - 1;
    const lines = Array.from({ length: Math.min(TABLE_ROWS, data[0].length) }, (_, index) => last - index);
    rows.replaceChildren(h("table", { class: "table" },
      h("thead", null, h("tr", null, h("th", { scope: "col" }, c("time")), series.map((one) => h("th", { scope: "col", class: "end" }, called(one))))),
      h("tbody", null, lines.map((at) => h("tr", null, h("th", { scope: "row" }, raw(time(data[0][at]))),
        series.map((_, index) => h("td", { class: "end" }, raw(format(data[index + 1][at] ?? null)))))))));
  };
  const observer = new ResizeObserver(draw);
  observer.observe(plot);
  const stopWatching = onThemeChange(() => drawn?.redraw(false));
  return {
    element,
    update(xs, ...ys) {
      data = [xs, ...ys];
      if (drawn) drawn.setData(data);
      else draw();
      tell();
      put(summary, summaryOf(label, ys[0], format));
    },
    destroy() {
      observer.disconnect();
      stopWatching();
      drawn?.destroy();
    },
  };
}

const longest = (shown) => (shown ?? []).reduce((most, text) => Math.max(most, String(text ?? "").length), 0);

const called = ({ label, name }) => (name == null ? label : raw(name));

function options({ series, format, height, max, width, time, tell }) {
  const ink = () => colour("--soft");
  const grid = { stroke: () => colour("--grid"), width: 1 };
  return {
    width, height, legend: { show: false }, padding: [6, 28, 0, 0],
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { x: { range: alone }, y: { range: (_, least, most) => [Math.min(0, least ?? 0), max ?? (most > 0 ? most * 1.15 : 1)] } },
    axes: [
      { stroke: ink, grid: { show: false }, ticks: { show: false }, size: 22, font: font(), space: 90, values: (_, splits) => distinct(splits.map((at) => time(at))) },
      { stroke: ink, grid, ticks: { show: false }, size: (_, shown) => Math.max(58, 20 + 7 * longest(shown)), font: font(), space: 34, values: (_, splits) => distinct(splits.map((value) => format(value))) },
    ],
    series: [{}, ...series.map((one) => ({
      stroke: () => colour(`--${one.color}`), width: 1.75, points: { show: false }, spanGaps: Boolean(one.joined), dash: one.dash ? [6, 4] : undefined,
      fill: one.area ? () => colour(`--${one.color}`).replace("rgb(", "rgba(").replace(")", ", .12)") : undefined,
    }))],
    hooks: { setCursor: [(u) => tell(u.cursor.idx)] },
  };
}

// One point alone stands in the middle of a minute, not at the beginning of a day.
const alone = ({ data: [xs] }, least, most) => (xs.length === 1 ? [xs[0] - 30, xs[0] + 30] : [least, most]);

// A short scale would say the same rounded number twice.
const distinct = (labels) => labels.map((text, index) => (text === labels[index - 1] ? "" : text));

function summaryOf(label, values, format) {
  const known = values.filter((value) => value != null);
  if (!known.length) return c("chartEmpty", { label });
  return c("chartSummary", { label, now: format(known.at(-1)), least: format(Math.min(...known)), most: format(Math.max(...known)) });
}

const probe = h("span", { hidden: true });

/** The colour of a custom property as the theme has it now; a canvas does not know light-dark(). */
function colour(name) {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

const font = () => `11px ${getComputedStyle(document.body).fontFamily}`;

function addStyle() {
  if (styled) return;
  styled = h("link", { rel: "stylesheet", href: "/dashboard/assets/vendor/uplot/uPlot.min.css" });
  document.head.append(styled);
}
