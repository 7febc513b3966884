import { apiFor, isAbort } from "../../kit/api.js";
import { common } from "../../kit/common.js";
import { openDialog } from "../../kit/dialog.js";
import { fill, h, raw } from "../../kit/dom.js";
import { cnpj, duration } from "../../kit/format.js";
import { form } from "../../kit/form.js";
import { button } from "../../kit/parts.js";
import { team as askTeam } from "../../kit/team.js";
import { toast } from "../../kit/toast.js";
import { has, texts } from "../../kit/words.js";
import { arrange, bodyOf, cep, fieldsOf, renamed } from "./fields.js";
import { registries } from "./registries.js";
import { words } from "./words.js";

const LOOK_UP_MS = 30_000;
const NAMED = 5;
const CNPJ_SIGNS = 14;
const bare = (number) => number.replace(/[^0-9a-z]/gi, "").toUpperCase();

/** Asks for a new client; gives the one that was made, null when dismissed. */
export async function createClient(ctx, team) {
  const { t, api } = ctx;
  const custom = await ownFields(api);
  const made = await openDialog(t("add"), (close) => createForm(ctx, { team, custom, close }), { broad: true });
  if (made) toast(t("made", { name: made.trade_name || made.legal_name }), { undo: () => unmake(ctx, made) });
  return made;
}

/** What a picker on any page makes a client with, who has a name so far: (name) → Promise of the client, null when dismissed. Null for who may not. */
export function clientMaker(ctx) {
  if (!ctx.can("client:write")) return null;
  const own = { ...ctx, t: texts(words, common) };
  return async (name) => {
    const [team, custom] = await Promise.all([askTeam(own), ownFields(own.api)]);
    const made = await openDialog(own.t("add"), (close) => createForm(own, { team, custom, close, name: /\p{L}/u.test(name) ? name : "" }), { broad: true });
    if (made) toast(own.t("made", { name: made.trade_name || made.legal_name }));
    return made;
  };
}

async function unmake({ navigate, href }, { id, version }) {
  try {
    // The page that asked is gone by then, and with it what ends its calls.
    await apiFor().delete(`/api/v1/clients/${id}`, { ifMatch: version });
    navigate(href("clients"));
  } catch (error) {
    toast(raw(error.message));
  }
}

/** The definitions of the workspace's own fields of clients; none where they cannot be read. */
export async function ownFields(api) {
  try {
    return (await api.get("/api/v1/custom-fields", { query: { applies_to: "client" } })).items;
  } catch (error) {
    if (isAbort(error)) throw error;
    return [];
  }
}

function createForm(ctx, { team, custom, close, name }) {
  const { t, api, can } = ctx;
  const warning = h("div", { class: "notice warn", role: "alert", hidden: true });
  const origin = h("p", { class: "hint", role: "status" });
  const filled = new Map(); // by a look-up, by the names of fields
  let extra = {};
  let foundFor = null; // the number that it belongs to
  let accepted = null;
  let asked = null; // the number that was looked up
  const { element, controls, clear, fail } = form({
    fields: fieldsOf(t, { client: { legal_name: name }, team, custom, isNew: true }), action: t("make"), cancel: () => close(null),
    async submit(values) {
      const own = bodyOf(values, custom);
      const found = values.kind !== "person" && bare(controls.cnpj.value) === foundFor ? extra : {};
      const body = { ...own, ...found, custom: { ...own.custom, ...found.custom } };
      const key = JSON.stringify(body);
      try {
        if (accepted !== key) {
          const { items } = await api.post("/api/v1/clients/duplicates", body);
          if (items.length) {
            accepted = key;
            await warn(ctx, warning, items);
            send.textContent = t("duplicateDo");
            return;
          }
        }
        close(await api.post("/api/v1/clients", body, { create: true }));
      } catch (error) {
        throw renamed(error);
      }
    },
  });
  const send = element.querySelector("[type=submit]");
  const layout = arrange(t, element, controls, "company");
  element.querySelector(".form-foot").before(warning);
  controls.kind.addEventListener("change", () => layout.show(controls.kind.value));
  element.addEventListener("input", () => {
    warning.hidden = true;
    send.textContent = t("make");
  });

  const tell = (said, attempts) => fill(origin, h("span", null, said), " ", registries(t, attempts));
  const lookUp = async () => {
    const number = controls.cnpj.value.trim();
    if (!number) {
      origin.textContent = t("needsCnpj");
      return controls.cnpj.focus();
    }
    const isOther = () => bare(controls.cnpj.value) !== bare(number);
    if (bare(number) !== asked) empty(controls, filled);
    asked = bare(number);
    clear();
    warning.hidden = true;
    ask.disabled = true;
    origin.textContent = t("lookingUp");
    try {
      const found = await api.get(`/api/v1/cnpj/${encodeURIComponent(number)}`, { query: { prefill: true, details: true }, timeout: LOOK_UP_MS });
      if (isOther()) return fill(origin);
      extra = fillIn(controls, found, filled);
      foundFor = bare(controls.cnpj.value);
      layout.details.open = true;
      const key = { fresh: "kept", stale: "old" }[found.freshness] ?? "found";
      const told = t(key, { source: found.source, age: found.age_seconds < 60 ? t("fresh") : t("aged", { time: duration(found.age_seconds) }) });
      tell(told, found.attempts);
      controls.legal_name.focus();
      const known = found.prefill?.duplicates ?? [];
      if (known.length) await warn(ctx, warning, known);
      if (isOther()) warning.hidden = true;
    } catch (error) {
      if (isAbort(error)) return;
      if (isOther() || error.errors?.some(({ field }) => field === "cnpj")) {
        fill(origin);
        return isOther() ? null : fail(error);
      }
      const isGone = error.status === 404;
      const isDown = [429, 502, 503, 504].includes(error.status);
      if (isDown) asked = null;
      tell(isGone ? t("notRegistered") : isDown ? t("noRegistry") : raw(error.message), error.attempts);
    } finally {
      ask.disabled = false;
    }
  };
  const ask = button(t("lookUp"), lookUp, { icon: "search" });
  if (can("company:lookup")) {
    const row = h("div", { class: "with-button" });
    controls.cnpj.before(row);
    row.append(controls.cnpj, ask);
    row.after(origin);
    controls.cnpj.addEventListener("input", () => {
      if (bare(controls.cnpj.value) === asked) return;
      asked = null;
      fill(origin);
    });
    controls.cnpj.addEventListener("keydown", (event) => {
      const number = bare(controls.cnpj.value);
      if (event.key !== "Enter" || !(ask.disabled || (number.length === CNPJ_SIGNS && number !== asked))) return;
      event.preventDefault();
      if (!ask.disabled) lookUp();
    });
  }
  return element;
}

/** Empties what a look-up filled in and nobody has changed since. */
function empty(controls, filled) {
  for (const [name, value] of filled) if (controls[name].value === value) controls[name].value = "";
  filled.clear();
}

/** Puts the draft into the form in place of the one before; gives what the form has no place for. */
function fillIn(controls, { prefill }, filled) {
  empty(controls, filled);
  const draft = prefill?.client ?? {};
  const [place = {}] = draft.addresses ?? [];
  const values = { ...draft, ...place, cnpj: draft.cnpj && cnpj(draft.cnpj), postal_code: cep(place.postal_code), phones: (draft.phones ?? []).join(", "), tags: null, owner: null };
  for (const [name, value] of Object.entries(values)) {
    if (!controls[name] || !value || typeof value !== "string") continue;
    // What somebody has typed is theirs; the name is the registry's.
    const isTyped = controls[name].value !== "" && controls[name].tagName !== "SELECT";
    if (isTyped && !["kind", "cnpj", "legal_name"].includes(name)) continue;
    controls[name].value = value;
    if (!["kind", "cnpj"].includes(name)) filled.set(name, controls[name].value);
  }
  const own = Object.fromEntries(Object.entries(draft.custom ?? {}).filter(([key]) => !controls[`custom.${key}`]));
  return { emails: draft.emails ?? [], ...(Object.keys(own).length ? { custom: own } : {}) };
}

/** Who may be the same, by name. */
async function warn({ t, api, href }, warning, items) {
  const known = await Promise.all(items.slice(0, NAMED).map(async ({ id, reasons }) => {
    const client = await api.get(`/api/v1/clients/${id}`).catch(() => null);
    return h("li", null, h("a", { href: href("clients", id), target: "_blank", translate: "no" }, client ? client.trade_name || client.legal_name : id), raw(" · "),
      reasons.map((reason, index) => [index > 0 && raw(", "), has(words, `reason.${reason}`) ? t(`reason.${reason}`) : raw(reason)]));
  }));
  warning.replaceChildren(h("strong", null, t("duplicate")), h("ul", null, known));
  warning.hidden = false;
}
