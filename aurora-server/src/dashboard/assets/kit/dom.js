// Elements made of nodes and text alone: no data ever becomes markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element: h("p", {class: "soft", on: {click}}, "text", node, null). Strings are words, see raw() for data. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  setProps(element, props);
  element.append(...nodes(children));
  return element;
}

/** Data rather than words: numbers, names, what a server says. Keeps it out of translation. */
export function raw(text, props) {
  return h("span", { translate: "no", ...props }, text == null ? "–" : String(text));
}

/** Words for a code, which is data and stands in the title. */
export const coded = (code, words) => h("span", { translate: "no", title: code }, h("span", { translate: "yes" }, words));

/** An SVG element; same rules as h(). */
export function svg(tag, props, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props ?? {})) element.setAttribute(name, value);
  element.append(...nodes(children));
  return element;
}

/** Writes text only where it changed, so that screen readers and selections are left in peace. */
export function put(element, text) {
  const wanted = text == null ? "–" : String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}

/** Puts nodes in place of an element's children unless they are the same already. */
export function fill(element, ...children) {
  const wanted = nodes(children);
  const present = element.childNodes;
  const same = present.length === wanted.length && wanted.every((node, index) => present[index].isEqualNode(node));
  if (!same) element.replaceChildren(...wanted);
}

/** Keeps one child of `parent` for each item, in order: `make(item)` gives {element, update(item)}. */
export function keyed(parent, key, make) {
  const known = new Map();
  return (items) => {
    const seen = new Set();
    let previous = null;
    for (const item of items) {
      const id = key(item);
      seen.add(id);
      let entry = known.get(id);
      if (!entry) known.set(id, (entry = make(item)));
      entry.update?.(item);
      const place = previous ? previous.nextSibling : parent.firstChild;
      if (place !== entry.element) parent.insertBefore(entry.element, place);
      previous = entry.element;
    }
    for (const [id, entry] of known) {
      if (seen.has(id)) continue;
      entry.element.remove();
      entry.remove?.();
      known.delete(id);
    }
  };
}

let count = 0;
/** An id that is unique in the document. */
export const newId = (prefix = "id") => `${prefix}-${(count += 1)}`;

function setProps(element, props) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value == null || value === false) continue;
    if (name === "class") element.className = [value].flat().filter(Boolean).join(" ");
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

const nodes = (children) =>
  children.flat(Infinity).filter((child) => child != null && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
