// The dashboard: listens to /api/events and shows what it hears. Data reaches the page as text, never as markup.

const TEXT = {
  en: {
    demo: "DEMO · simulated providers, nothing leaves this machine",
    simulated: "SIMULATED · no provider is configured, every answer is simulated",
    connecting: "Connecting…", live: "Live", lost: "Disconnected, trying again…",
    traffic: "Traffic", rps: "Requests per second", rpsChart: "Requests per second over the last two minutes",
    success: "Success rate", p50: "Latency p50", p95: "Latency p95", p95Chart: "Latency p95 over the last two minutes",
    lastMinute: "last minute", requests: "Requests", activeAlerts: "Active alerts",
    failed: (n) => `${n} failed since the start`, fallbacks: (n) => `${n} answered by a fallback`,
    uptime: (t) => `running for ${t}`,
    providers: "Providers", target: "Target", state: "State", priority: "Priority", served: "Served",
    failedAttempts: "Failed", skipped: "Skipped", price: "Price per million tokens, in / out", noPrice: "unpriced",
    loading: "Waiting for the first numbers…", noProviders: "No provider is configured. Set OPENAI_API_KEY or ANTHROPIC_API_KEY.",
    noAlerts: "Nothing is wrong.", noNotifications: "No notification has been sent yet.",
    notifications: "Latest notifications", more: "More", docs: "API documentation",
    states: { closed: "healthy", open: "down, skipped", half_open: "being probed",
      refused: "refuses our key", held: "asked to wait", forced_open: "taken out", disabled: "unguarded", metrics_only: "watched only" },
    severities: { info: "info", warning: "warning", critical: "critical" },
    statuses: { firing: "firing", resolved: "resolved", pending: "pending" },
    outcomes: { delivered: "delivered", retrying: "will be tried again", failed: "failed",
      superseded: "replaced by a newer one", redirected: "sent by another channel" },
    reasons: { repeated: "still firing", escalated: "escalated", acknowledged: "acknowledged", flapping: "keeps changing",
      digest: "several in one", test: "test" },
    together: (n) => `${n} alerts`,
    metrics: { error_rate: "error rate", success_rate: "success rate", response_time: "response time" },
    rules: {}, now: "now", via: "via", madeUp: "simulated",
  },
  pt: {
    demo: "DEMONSTRAÇÃO · provedores simulados, nada sai desta máquina",
    simulated: "SIMULADO · nenhum provedor configurado, todas as respostas são simuladas",
    connecting: "Conectando…", live: "Ao vivo", lost: "Desconectado, tentando de novo…",
    traffic: "Tráfego", rps: "Requisições por segundo", rpsChart: "Requisições por segundo nos últimos dois minutos",
    success: "Taxa de sucesso", p50: "Latência p50", p95: "Latência p95", p95Chart: "Latência p95 nos últimos dois minutos",
    lastMinute: "último minuto", requests: "Requisições", activeAlerts: "Alertas ativos",
    failed: (n) => `${n} com falha desde o início`, fallbacks: (n) => `${n} atendidas por um fallback`,
    uptime: (t) => `no ar há ${t}`,
    providers: "Provedores", target: "Destino", state: "Estado", priority: "Prioridade", served: "Atendidas",
    failedAttempts: "Falhas", skipped: "Puladas", price: "Preço por milhão de tokens, entrada / saída", noPrice: "sem preço",
    loading: "Aguardando os primeiros números…", noProviders: "Nenhum provedor configurado. Defina OPENAI_API_KEY ou ANTHROPIC_API_KEY.",
    noAlerts: "Nada de errado.", noNotifications: "Nenhuma notificação foi enviada ainda.",
    notifications: "Últimas notificações", more: "Mais", docs: "Documentação da API",
    states: { closed: "saudável", open: "fora do ar, pulado", half_open: "em teste",
      refused: "recusa nossa chave", held: "pediu espera", forced_open: "retirado", disabled: "sem proteção", metrics_only: "só observado" },
    severities: { info: "informação", warning: "atenção", critical: "crítico" },
    statuses: { firing: "disparado", resolved: "resolvido", pending: "pendente" },
    outcomes: { delivered: "entregue", retrying: "será tentada de novo", failed: "falhou",
      superseded: "substituída por uma mais nova", redirected: "enviada por outro canal" },
    reasons: { repeated: "continua disparado", escalated: "escalado", acknowledged: "reconhecido", flapping: "muda sem parar",
      digest: "várias em uma", test: "teste" },
    together: (n) => `${n} alertas`,
    metrics: { error_rate: "taxa de erro", success_rate: "taxa de sucesso", response_time: "tempo de resposta" },
    now: "agora", via: "por", madeUp: "simulado",
    rules: {
      "Success rate low": "Taxa de sucesso baixa", "Success rate critical": "Taxa de sucesso crítica",
      "Response time high": "Tempo de resposta alto", "Response time critical": "Tempo de resposta crítico",
      "Provider failing": "Provedor falhando",
      "Error rate high": "Taxa de erro alta", "Error rate critical": "Taxa de erro crítica",
    },
  },
};
const BADGES = { closed: "good", open: "bad", half_open: "warn", refused: "bad", held: "warn", forced_open: "bad", disabled: "warn", metrics_only: "warn", info: "good", warning: "warn", critical: "bad", resolved: "good" };
const POINTS = 120;
const STALE_AFTER_MS = 5_000;

const $ = (id) => document.getElementById(id);
let language = navigator.language.toLowerCase().startsWith("pt") ? "pt" : "en";
let history = [];
let latest = null;
let heardAt = 0;
let wait = 1_000;

const words = () => TEXT[language];
const locale = () => (language === "pt" ? "pt-BR" : "en");
const number = (value, digits = 0) =>
  new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
const dollars = (text) => new Intl.NumberFormat(locale(), { style: "currency", currency: "USD", maximumFractionDigits: 6 }).format(text);
const percent = (value) => (value == null ? "–" : `${number(value, value === 100 || value === 0 ? 0 : 1)} %`);
const millis = (value) => (value == null ? "–" : value >= 10_000 ? `${number(value / 1_000, 1)} s` : `${number(value)} ms`);
const clock = (time) => new Date(time).toLocaleTimeString(locale());

function duration(seconds) {
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  return h ? `${h} h ${m} min` : m ? `${m} min ${s} s` : `${s} s`;
}

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text != null) element.textContent = text;
  if (className) element.className = className;
  return element;
}

/** Writes only what changed, so that a screen reader and a selection are left in peace. */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function badge(kind, text) {
  return make("span", text, `badge ${BADGES[kind] ?? "warn"}`);
}

function translate() {
  document.documentElement.lang = locale();
  for (const element of document.querySelectorAll("[data-text]")) {
    const text = words()[element.dataset.text];
    if (typeof text === "string") put(element, text);
  }
  const other = language === "pt" ? "en" : "pt";
  $("language").lang = other === "pt" ? "pt-BR" : "en";
  put($("language"), other === "pt" ? "Português" : "English");
  if (latest) show(latest);
}

function link(state) {
  document.body.dataset.link = state;
  $("link-text").dataset.text = state;
  put($("link-text"), words()[state]);
}

function draw(svg, values) {
  const [width, height, top] = [240, 48, 3];
  const known = values.filter((value) => value != null);
  const [area, line] = [svg.querySelector(".area"), svg.querySelector(".line")];
  if (known.length < 2) {
    area.removeAttribute("d");
    line.removeAttribute("d");
    return;
  }
  const peak = Math.max(...known) || 1;
  const step = width / (POINTS - 1);
  const first = POINTS - values.length;
  const spots = values.flatMap((value, index) =>
    value == null ? [] : [[(first + index) * step, height - 1 - (value / peak) * (height - top - 1)]]);
  const path = spots.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L");
  line.setAttribute("d", `M${path}`);
  area.setAttribute("d", `M${spots[0][0].toFixed(1)},${height}L${path}L${spots.at(-1)[0].toFixed(1)},${height}Z`);
}

function providerRow(provider) {
  const t = words();
  // The roles are written out because a phone shows the table as cards, which would end it being a table.
  const row = make("tr");
  row.setAttribute("role", "row");
  const name = make("th", provider.target);
  name.scope = "row";
  name.setAttribute("role", "rowheader");
  if (provider.model) name.append(make("span", provider.simulated ? `${provider.model} · ${t.madeUp}` : provider.model, "sub"));
  const state = make("td", null, "state");
  state.setAttribute("role", "cell");
  state.append(badge(provider.state, t.states[provider.state] ?? provider.state));
  const figure = (label, text) => {
    const cell = make("td", text, "figure");
    cell.dataset.label = label;
    cell.setAttribute("role", "cell");
    return cell;
  };
  const price = provider.price ? `${dollars(provider.price.input_usd)} / ${dollars(provider.price.output_usd)}` : t.noPrice;
  row.append(
    name, state,
    figure(t.priority, number(provider.priority)), figure(t.served, number(provider.served)),
    figure(t.failedAttempts, number(provider.failed)), figure(t.skipped, number(provider.skipped)),
    figure("p95", millis(provider.p95_ms)), figure(t.price, price),
  );
  return row;
}

function ruleName(rule) {
  return words().rules[rule] ?? rule;
}

function where(labels) {
  const values = Object.values(labels ?? {});
  return values.length ? ` · ${values.join(", ")}` : "";
}

/** What a rule watches and where it stands: not every rule has a metric and a threshold, and not every alert a rule. */
function reading({ metric, operator, threshold, value, description }) {
  const t = words();
  const unit = metric === "response_time" ? " s" : metric?.endsWith("_rate") ? " %" : "";
  const limit = threshold == null ? "" : ` ${operator} ${number(threshold, Number.isInteger(threshold) ? 0 : 1)}${unit}`;
  const now = value == null ? "" : `${t.now} ${number(value, 1)}${unit}`;
  const watched = metric == null ? description : `${t.metrics[metric] ?? metric}${limit}`;
  return [watched, now].filter(Boolean).join(", ");
}

function alertItem(alert) {
  const t = words();
  const item = make("li");
  const title = make("strong", `${ruleName(alert.rule)}${where(alert.labels)}`);
  const since = make("time", clock(alert.active_since ?? Date.now()));
  since.dateTime = alert.active_since ?? "";
  const sub = make("span", reading(alert), "sub");
  const kind = alert.phase === "pending" ? t.statuses.pending : t.severities[alert.severity] ?? alert.severity;
  item.append(title, badge(alert.severity, kind), sub, since);
  item.dataset.key = alert.fingerprint;
  return item;
}

function notificationItem(record) {
  const t = words();
  const item = make("li");
  const kind = record.status === "resolved" ? "resolved" : record.severity;
  const time = make("time", clock(record.at));
  time.dateTime = record.at;
  const outcome = t.outcomes[record.outcome] ?? record.outcome;
  const channel = record.target ? `${record.channel} (${record.target})` : record.channel;
  const remarks = [t.reasons[record.reason], record.alerts > 1 ? t.together(number(record.alerts)) : null, record.error];
  const more = remarks.filter(Boolean).map((remark) => ` · ${remark}`).join("");
  item.append(
    make("strong", `${ruleName(record.rule)}${where(record.labels)}`), badge(kind, t.statuses[record.status] ?? record.status),
    make("span", `${t.via} ${channel}: ${outcome}${more}`, "sub"), time,
  );
  item.dataset.key = `${record.id}/${record.attempt}`;
  return item;
}

/** Puts the items in place of the old ones only where something changed. */
function fill(list, items) {
  const same = list.children.length === items.length && items.every((item, index) => list.children[index].isEqualNode(item));
  if (!same) list.replaceChildren(...items);
}

function empty(id, isEmpty, key) {
  const note = $(id);
  note.hidden = !isEmpty;
  note.dataset.text = key;
  put(note, words()[key]);
}

function show(snapshot) {
  latest = snapshot;
  const t = words();
  const { totals, providers, alerts, notifications } = snapshot;
  const banner = snapshot.demo ? "demo" : "simulated";
  $("demo").hidden = !snapshot.simulated;
  $("demo").dataset.text = banner;
  put($("demo"), t[banner]);
  put($("about"), `${snapshot.version} · ${snapshot.environment}`);
  put($("rps"), number(totals.requests_per_second, 1));
  put($("success"), percent(totals.success_rate));
  $("success").classList.toggle("is-bad", totals.success_rate != null && totals.success_rate < 95);
  put($("p50"), millis(totals.p50_ms));
  put($("p95"), millis(totals.p95_ms));
  put($("requests"), number(totals.requests));
  put($("failed"), t.failed(number(totals.failed)));
  put($("fallbacks"), t.fallbacks(number(totals.fallbacks)));
  put($("alert-count"), number(snapshot.active_alerts));
  $("alert-count").classList.toggle("is-bad", snapshot.active_alerts > 0);
  put($("uptime"), t.uptime(duration(snapshot.uptime_seconds)));
  draw($("rps-chart"), history.map((point) => point.requests_per_second));
  draw($("p95-chart"), history.map((point) => point.p95_ms));
  fill(document.querySelector("#providers tbody"), providers.map(providerRow));
  $("providers").hidden = !providers.length;
  empty("providers-empty", !providers.length, "noProviders");
  fill($("alerts"), alerts.map(alertItem));
  empty("alerts-empty", !alerts.length, "noAlerts");
  fill($("notifications"), notifications.map(notificationItem));
  empty("notifications-empty", !notifications.length, "noNotifications");
}

function hear(snapshot) {
  heardAt = Date.now();
  wait = 1_000;
  link("live");
  history = [...history, { requests_per_second: snapshot.totals.requests_per_second, p95_ms: snapshot.totals.p95_ms }].slice(-POINTS);
  show(snapshot);
}

/** Tells a change once: the list itself is no live region, because its numbers change every second. */
function announce({ change, alert }) {
  const t = words();
  const status = { fired: t.statuses.firing, resolved: t.statuses.resolved }[change];
  if (status) put($("announcement"), `${ruleName(alert.rule)}${where(alert.labels)}: ${status}`);
}

function connect() {
  const source = new EventSource("/api/events");
  source.addEventListener("history", (event) => { history = JSON.parse(event.data).slice(-POINTS); });
  source.addEventListener("snapshot", (event) => hear(JSON.parse(event.data)));
  source.addEventListener("alert", (event) => announce(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    // Connected anew by us, not by the browser: it gives up for good after an answer that is no stream.
    source.close();
    link("lost");
    setTimeout(connect, wait);
    wait = Math.min(wait * 2, 15_000);
  });
}

$("language").addEventListener("click", () => {
  language = language === "pt" ? "en" : "pt";
  translate();
});
setInterval(() => {
  if (heardAt && Date.now() - heardAt > STALE_AFTER_MS && document.body.dataset.link === "live") link("lost");
}, 1_000);
translate();
connect();
