import { h, newId } from "./dom.js";
import { isAbort } from "./api.js";

const PAUSE_MS = 250;

/** Suggestions while somebody types: `find(text)` gives [[id, name]]. chosen() is the id of the name that stands in the field, null for any other text. */
export function suggest(input, find, present = []) {
  const list = h("datalist", { id: newId("suggestions"), translate: "no" });
  const known = new Map(present.map(([id, name]) => [name, id]));
  let timer = null;
  let round = 0;
  input.setAttribute("list", list.id);
  input.setAttribute("autocomplete", "off");
  input.after(list);
  const ask = async () => {
    const mine = (round += 1);
    try {
      const found = await find(input.value.trim());
      if (mine !== round) return;
      for (const [id, name] of found) known.set(name, id);
      list.replaceChildren(...found.map(([, name]) => h("option", { value: name })));
    } catch (error) {
      // Suggestions are a help; whoever types is not stopped by their lack.
      if (!isAbort(error)) list.replaceChildren();
    }
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    if (input.value.trim() && !known.has(input.value)) timer = setTimeout(ask, PAUSE_MS);
  });
  return { chosen: () => known.get(input.value.trim()) ?? null };
}
