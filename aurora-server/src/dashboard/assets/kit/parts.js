// Small parts of which pages are made.
import { h, put, raw } from "./dom.js";
import { once } from "./attempt.js";
import { icon } from "./icons.js";
import { c } from "./common.js";

// A figure with more signs is set smaller, so that it stays within its tile.
const LONG_FIGURE = 8;

/** The head of a page: its h1, a line about it, and buttons. */
export const pageHead = (title, { about, actions } = {}) =>
  h("div", { class: "page-head" }, h("h1", { tabindex: "-1" }, title), h("p", { class: "about" }, about), actions && h("div", { class: "actions" }, actions));

/** A section with a heading: card(title, {about, actions, class, level}, ...children). */
export const card = (title, { about, actions, level = 2, ...props } = {}, ...children) => {
  const head = title && h("div", { class: "card-head" },
    h("div", null, h(`h${level}`, null, title), about && h("p", { class: "about" }, about)), actions && h("div", { class: "actions" }, actions));
  return h("section", { ...props, class: ["card", props.class] }, head, children);
};

/** A button: button(label, onClick, {kind: "primary"|"danger"|"plain", small, icon, iconOnly, ...attributes}); pressed again while `onClick` goes on it does nothing. */
export const button = (label, click, { kind, small, icon: name, iconOnly, ...props } = {}) =>
  h("button", { type: "button", ...props, class: ["button", kind, small && "small", iconOnly && "icon", props.class],
    "aria-label": iconOnly ? label : props["aria-label"], title: iconOnly ? label : null, on: click && { click: once(click) } }, name && icon(name), !iconOnly && label);

/** A state in a word and a colour: badge("good"|"warn"|"bad"|"info"|"", text). */
export const badge = (kind, text) => h("span", { class: ["badge", kind] }, text);

/** One number with its name: {element, set(text, {words, kind})}; `text` is data, `words` stand below it. */
export function tile(label) {
  const figure = raw("–", { class: "figure" });
  const note = h("p", { class: "note" });
  const element = h("div", { class: "tile" }, h("dt", null, label), h("dd", null, figure, note));
  return {
    element,
    set(text, { words = "", kind = "" } = {}) {
      put(figure, text);
      figure.classList.toggle("long", figure.textContent.length > LONG_FIGURE);
      put(note, words);
      element.className = `tile ${kind}`;
    },
  };
}

/** Tiles side by side. */
export const tiles = (...items) => h("dl", { class: "tiles" }, items.map((item) => item.element ?? item));

/** Nothing is there: what would be here, and what to do about it. */
export const emptyState = (title, text, action, name = "empty") =>
  h("div", { class: "state" }, icon(name), h("strong", null, title), text && h("p", null, text), action);

/** Something went wrong: the server's words, its reference, and another try. */
export const errorState = (error, retry) =>
  h("div", { class: "state problem", role: "alert" }, icon("warning"), h("strong", null, c("failed")), h("p", null, raw(error.message)),
    error.requestId && h("p", { class: "small" }, c("reference", { id: "" }), raw(error.requestId)), retry && button(c("retry"), retry));

/** Something is on its way. */
export const loadingState = (lines = 4) =>
  h("div", { class: "bones", role: "status" }, h("span", { class: "unseen" }, c("loading")), Array.from({ length: lines }, () => h("span", { "aria-hidden": "true" })));

/** One of a few: choice(label, [[value, text]], value, onChange) → {element, value}. */
export function choice(label, options, value, onChange) {
  const state = { value };
  const buttons = options.map(([key, text]) => h("button", { type: "button", "aria-pressed": String(key === value), on: { click: () => select(key) } }, text));
  const select = (key) => {
    state.value = key;
    buttons.forEach((one, index) => one.setAttribute("aria-pressed", String(options[index][0] === key)));
    onChange(key);
  };
  state.element = h("div", { class: "choice", role: "group", "aria-label": label }, buttons);
  return state;
}
