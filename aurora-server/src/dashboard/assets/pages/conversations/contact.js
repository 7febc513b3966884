// Who writes: the client behind a contact, what is booked, labels, blocking.
import { clientName, clientPicker } from "../../kit/clients.js";
import { confirm, openDialog } from "../../kit/dialog.js";
import { h, newId, raw } from "../../kit/dom.js";
import { form } from "../../kit/form.js";
import { badge, button } from "../../kit/parts.js";
import { toast } from "../../kit/toast.js";
import { isAbort } from "../../kit/api.js";
import { appointmentRow, bookLink, nextOf } from "../appointments/of-client.js";
import { addressOf, nameOf } from "./people.js";

/** The card of a contact: {element, update(conversation)}. */
export function contactCard(ctx, { actions, changed }) {
  const { t, api, can, href } = ctx;
  const name = h("p", { class: "strong" });
  const address = raw("", { class: "soft small" });
  const client = h("div", { class: "stack-small" });
  const booked = h("ul", { class: "rows" });
  const bookedPart = h("section", { class: "aside-part", hidden: true }, h("h3", null, t("appointments")), booked);
  const tags = h("ul", { class: "labels" });
  const block = h("div");
  const known = h("datalist", { id: newId("labels") });
  const tagInput = h("input", { type: "text", maxlength: "50", list: known.id, on: { focus: () => offerTags() }, "aria-label": t("addTag"), placeholder: t("addTag"), autocomplete: "off" });
  const tagForm = can("conversation:write") && h("form", { class: "label-form", on: { submit: addTag } }, tagInput, known, button(t("add"), null, { type: "submit", small: true }));
  const element = h("div", { class: "aside-parts" },
    h("section", { class: "aside-part" }, h("h3", null, t("contact")), name, address, client),
    bookedPart, h("section", { class: "aside-part" }, h("h3", null, t("tags")), tags, tagForm), block);
  let conversation = null;
  let shownClient;
  let shownTags = null;

  let isOffered = false;
  /** Labels that are in use, so that one is written the same way each time. */
  async function offerTags() {
    if (isOffered) return;
    isOffered = true;
    try {
      const { items } = await api.get("/api/v1/conversations/tags");
      known.replaceChildren(...items.map(({ tag }) => h("option", { value: tag, translate: "no" })));
    } catch { isOffered = false; }
  }
  async function addTag(event) {
    event.preventDefault();
    const tag = tagInput.value.trim();
    if (!tag) return;
    tagInput.value = "";
    await actions.addTag(tag);
    isOffered = false;
    tagInput.focus();
  }
  const setContact = (contact) => changed({ ...conversation, contact });
  const showTags = () => {
    if (shownTags === conversation.tags.join("\n")) return;
    shownTags = conversation.tags.join("\n");
    tags.replaceChildren(...(conversation.tags.length ? conversation.tags.map((tag) => h("li", { class: "label" }, raw(tag),
      can("conversation:write") && h("button", { type: "button", "aria-label": t("removeTag", { tag }), on: { click: async () => { await actions.removeTag(tag); tagInput.focus(); } } }, raw("×", { "aria-hidden": "true" })))) : [h("li", { class: "soft small" }, t("noTags"))]));
  };
  async function showClient() {
    const { client_id: id } = conversation.contact;
    if (shownClient === id) return;
    shownClient = id;
    booked.replaceChildren();
    bookedPart.hidden = true;
    if (!id) return client.replaceChildren(h("p", { class: "soft small" }, t("noClient")), ...[can("conversation:write") && can("client:read") && button(t("link"), link, { small: true, icon: "clients" })].filter(Boolean));
    client.replaceChildren(h("p", { class: "small" }, h("a", { href: href("clients", id) }, t("openClient"))));
    if (can("appointment:read")) showAppointments(id);
    if (!can("client:read")) return null;
    try {
      const found = await api.get(`/api/v1/clients/${id}`);
      if (shownClient !== id) return null;
      client.replaceChildren(h("p", null, h("span", { class: "soft small" }, t("client")), raw(" "), h("a", { href: href("clients", id) }, raw(clientName(found)))),
        ...[can("conversation:write") && button(t("unlink"), () => unlink(found), { small: true, kind: "plain" })].filter(Boolean));
    } catch (error) {
      if (!isAbort(error)) client.append(h("p", { class: "field-error" }, raw(error.message)));
    }
    return null;
  }
  async function showAppointments(id) {
    try {
      const items = await nextOf(api, id);
      if (shownClient !== id) return;
      bookedPart.hidden = false;
      const way = bookLink(ctx, id);
      booked.replaceChildren(...(items.length ? items.map((one) => appointmentRow(ctx, one)) : [h("li", { class: "soft small" }, t("noAppointments"))]), ...(way ? [h("li", null, way)] : []));
    } catch (error) {
      if (!isAbort(error)) booked.replaceChildren(h("li", { class: "field-error" }, raw(error.message)));
    }
  }
  function link() {
    openDialog(t("link"), (close) => {
      const picker = clientPicker(api);
      const parts = form({ fields: [], action: t("link"), cancel: () => close(null), submit: async () => {
        const chosen = picker.client();
        if (!chosen) return picker.fail(t("required"));
        setContact(await api.put(`/api/v1/conversations/contacts/${conversation.contact.id}/client`, { client_id: chosen.id }));
        toast(t("linked", { name: clientName(chosen) }));
        close(true);
        return null;
      } });
      parts.element.prepend(picker.element);
      return [h("p", { class: "body" }, t("linkText")), parts.element];
    });
  }
  const unlink = (found) => actions.attempt(async () => {
    const place = `/api/v1/conversations/contacts/${conversation.contact.id}/client`;
    setContact(await api.delete(place));
    toast(t("unlinked"), { undo: () => actions.attempt(async () => setContact(await api.put(place, { client_id: found.id }))) });
  });
  async function turnBlock(isBlock) {
    if (isBlock && !(await confirm({ title: t("blockTitle"), text: t("blockText"), action: t("blockDo"), danger: true }))) return;
    await actions.attempt(async () => {
      setContact(await api.post(`/api/v1/conversations/contacts/${conversation.contact.id}/${isBlock ? "block" : "unblock"}`));
      toast(t(isBlock ? "isBlocked" : "isUnblocked"));
    });
  }
  function showBlock(isBlocked) {
    if (!can("conversation:write") || block.dataset.blocked === String(isBlocked)) return;
    const hadFocus = block.contains(document.activeElement);
    block.dataset.blocked = String(isBlocked);
    block.replaceChildren(button(t(isBlocked ? "unblock" : "block"), () => turnBlock(!isBlocked), { small: true, kind: "plain" }));
    if (hadFocus) block.firstChild.focus();
  }
  return {
    element,
    update(given) {
      conversation = given;
      const { contact } = given;
      name.replaceChildren(nameOf(contact, t), ...(contact.blocked_at ? [raw(" "), badge("bad", t("blocked"))] : []));
      address.textContent = addressOf(contact) ?? "";
      showTags();
      showClient();
      showBlock(Boolean(contact.blocked_at));
    },
  };
}
