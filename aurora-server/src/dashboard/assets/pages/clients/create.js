import { apiFor, isAbort } from "../../kit/api.js";
import { openDialog } from "../../kit/dialog.js";
import { h, raw } from "../../kit/dom.js";
import { cnpj, duration } from "../../kit/format.js";
import { form } from "../../kit/form.js";
import { button } from "../../kit/parts.js";
import { toast } from "../../kit/toast.js";
import { has } from "../../kit/words.js";
import { arrange, bodyOf, cep, fieldsOf, renamed } from "./fields.js";
import { words } from "./words.js";

const LOOK_UP_MS = 30_000;
const NAMED = 5;
const FREE_OF_DEMO = "sim-cnpj-free";

/** Asks for a new client; gives the one that was made, null when dismissed. */
export async function createClient(ctx, team) {
  const { t, api } = ctx;
  const custom = await ownFields(api);
  const made = await openDialog(t("add"), (close) => createForm(ctx, { team, custom, close }), { broad: true });
  if (made) toast(t("made", { name: made.trade_name || made.legal_name }), { undo: () => unmake(ctx, made) });
  return made;
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

function createForm(ctx, { team, custom, close }) {
  const { t, api, can } = ctx;
  const warning = h("div", { class: "notice warn", role: "alert", hidden: true });
  const origin = h("p", { class: "hint", role: "status" });
  let extra = {};
  let accepted = null;
  const { element, controls } = form({
    fields: fieldsOf(t, { team, custom, isNew: true }), action: t("make"), cancel: () => close(null),
    async submit(values) {
      const body = { ...bodyOf(values, custom), ...extra };
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

  const lookUp = async () => {
    const number = controls.cnpj.value.trim();
    if (!number) {
      origin.textContent = t("needsCnpj");
      return controls.cnpj.focus();
    }
    ask.disabled = true;
    origin.textContent = t("lookingUp");
    try {
      const found = await api.get(`/api/v1/cnpj/${encodeURIComponent(number)}`, { query: { prefill: true, details: true }, timeout: LOOK_UP_MS });
      extra = fillIn(controls, found);
      layout.details.open = true;
      const key = { fresh: "kept", stale: "old" }[found.freshness] ?? "found";
      origin.textContent = t(key, { source: found.source, age: found.age_seconds < 60 ? t("fresh") : t("aged", { time: duration(found.age_seconds) }) });
      if (found.source?.startsWith(FREE_OF_DEMO)) origin.append(" ", h("span", null, t("paidRefused")));
      const known = found.prefill?.duplicates ?? [];
      if (known.length) await warn(ctx, warning, known);
      controls.legal_name.focus();
    } catch (error) {
      if (isAbort(error)) return;
      const isGone = error.status === 404;
      const isDown = [429, 502, 503, 504].includes(error.status);
      origin.replaceChildren(isGone ? t("notRegistered") : isDown ? t("noRegistry") : raw(error.message));
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
  }
  return element;
}

/** Puts the draft into the form; gives what the form has no place for. */
function fillIn(controls, { prefill }) {
  const draft = prefill?.client ?? {};
  const [place = {}] = draft.addresses ?? [];
  const values = { ...draft, ...place, cnpj: cnpj(draft.cnpj), postal_code: cep(place.postal_code), phones: (draft.phones ?? []).join(", "), tags: null, owner: null };
  for (const [name, value] of Object.entries(values)) {
    if (controls[name] && typeof value === "string") controls[name].value = value;
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
