// Choosing a client by name, number or document.
import { h, newId, raw } from "./dom.js";
import { cnpj, cpf, phone } from "./format.js";
import { button } from "./parts.js";
import { isAbort } from "./api.js";
import { texts } from "./words.js";

const words = {
  en: { client: "Client", hint: "Name, phone, CNPJ or CPF", none: "No client is called that.", add: "New client…", found: { one: "{count} client found", other: "{count} clients found" }, results: "Clients found" },
  "pt-BR": { client: "Cliente", hint: "Nome, telefone, CNPJ ou CPF", none: "Nenhum cliente com esse nome.", add: "Novo cliente…", found: { one: "{count} cliente encontrado", other: "{count} clientes encontrados" }, results: "Clientes encontrados" },
};
const t = texts(words);
const WAIT_MS = 250;

/** What a client is called. */
export const clientName = ({ trade_name: trade, legal_name: legal }) => trade || legal;
const detail = (client) => (client.cnpj ? cnpj(client.cnpj) : client.cpf ? cpf(client.cpf) : client.phones?.[0] ? phone(client.phones[0]) : "");

/**
 * A field to choose a client with: clientPicker(api, {chosen, onChoose, add}) → {element, client(), control, fail(words)}; arrows and Enter choose.
 * `add(name)` makes one where none is found, and gives null when dismissed; without it none is made here.
 */
export function clientPicker(api, { chosen = null, onChoose = () => {}, add = null } = {}) {
  const [id, listId, stateId] = [newId("client"), newId("clients"), newId("state")];
  const input = h("input", { id, type: "text", role: "combobox", autocomplete: "off", "aria-expanded": "false", "aria-controls": listId, "aria-autocomplete": "list",
    "aria-describedby": stateId, placeholder: t("hint"), value: chosen ? clientName(chosen) : "" });
  const list = h("ul", { id: listId, class: "picks", role: "listbox", "aria-label": t("results"), hidden: true });
  const state = h("p", { id: stateId, class: "hint", role: "status" });
  const adding = add && button(t("add"), () => make(), { small: true, icon: "plus" });
  const addRow = h("div", { hidden: true }, adding);
  let client = chosen;
  let found = [];
  let active = -1;
  let timer = null;
  let round = 0;

  const show = () => {
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    list.replaceChildren(...found.map((one, index) => h("li", { id: `${listId}-${index}`, role: "option", "aria-selected": String(index === active), on: { pointerdown: (event) => { event.preventDefault(); take(one); } } },
      raw(clientName(one), { class: "strong" }), raw(detail(one), { class: "soft small" }))));
    if (active >= 0) {
      input.setAttribute("aria-activedescendant", `${listId}-${active}`);
      list.children[active].scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const say = (text, { isNone = false } = {}) => {
    state.replaceChildren(...[text].flat());
    addRow.hidden = !add || !isNone;
  };
  const close = () => {
    found = [];
    active = -1;
    show();
  };
  const take = (one) => {
    client = one;
    input.value = clientName(one);
    input.removeAttribute("aria-invalid");
    say([]);
    close();
    onChoose(one);
  };
  const make = async () => {
    const made = await add(input.value.trim());
    if (made) take(made);
    input.focus();
  };
  const look = async () => {
    const mine = (round += 1);
    const q = input.value.trim();
    if (q.length < 2) {
      say([]);
      return close();
    }
    try {
      const { items } = await api.get("/api/v1/clients", { query: { q, limit: 6 } });
      if (mine !== round || client) return;
      found = items;
      active = -1;
      show();
      say(items.length ? t("found", { count: items.length }) : t("none"), { isNone: !items.length });
    } catch (error) {
      if (!isAbort(error)) say(raw(error.message));
    }
  };
  input.addEventListener("input", () => {
    client = null;
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      event.preventDefault();
      active = (active + step + found.length) % found.length;
      show();
    } else if (event.key === "Enter" && found.length) {
      event.preventDefault();
      take(found[Math.max(active, 0)]);
    } else if (event.key === "Escape" && found.length) {
      event.preventDefault();
      close();
    }
  });
  input.addEventListener("blur", close);
  return {
    control: input, client: () => client,
    fail(text) {
      input.setAttribute("aria-invalid", "true");
      state.replaceChildren(text); // the way to a new client stays
      input.focus();
    },
    element: h("div", { class: "field picker" }, h("label", { for: id }, t("client")), input, list, state, addRow),
  };
}
