// Texts in the reader's language. A set of words is {en: {key: text}, "pt-BR": {key: text}}.

/** What a reader may choose. */
export const LANGUAGES = [["en", "English"], ["pt-BR", "Português"]];
const STORED = "aurora.language";
const asked = new URLSearchParams(location.search).get("lang");
let chosen = pick();

/** The language of the page: "en", "pt-BR", or "qps", made from English to find what is not translated. */
export const language = () => chosen;
/** The BCP 47 tag for Intl, `lang` and Accept-Language. */
export const locale = () => (chosen === "pt-BR" ? "pt-BR" : "en");

/** Chooses a language and keeps it. The caller draws anew. */
export function choose(tag) {
  chosen = tag;
  try { localStorage.setItem(STORED, tag); } catch { /* not kept, then */ }
}

/** The texts of a set: t("key", {name, count}). A text {one, other} is chosen by `count`. Sets that follow help out. */
export function texts(...sets) {
  return (key, values = {}) => {
    const found = lookUp(sets, key);
    if (found == null) {
      console.error(`no words for ${key}`);
      return key;
    }
    const text = typeof found === "string" ? found : found[new Intl.PluralRules(locale()).select(values.count)] ?? found.other;
    const template = chosen === "qps" ? accented(text) : text;
    return template.replace(/\{(\w+)\}/g, (whole, name) => show(values[name], whole));
  };
}

/** Whether a set has words for a key: for words that the server names, such as states. */
export const has = (set, key) => set.en[key] != null;

function lookUp(sets, key) {
  const tag = chosen === "qps" ? "en" : chosen;
  return sets.map((set) => set[tag]?.[key] ?? set.en?.[key]).find((text) => text != null);
}

function show(value, whole) {
  if (value == null) return whole;
  return typeof value === "number" ? new Intl.NumberFormat(locale()).format(value) : String(value);
}

const PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const ACCENTED = [..."åƀçđéƒĝĥíĵķļɱñöþǫŕšŧúṽŵẋýžÅƁÇĐÉƑĜĤÍĴĶĻṀÑÖÞǪŔŠŦÚṼŴẊÝŽ"];

function accented(text) {
  const pieces = text.split(/(\{\w+\})/).map((piece) => (piece.startsWith("{") ? piece
    : [...piece].map((letter) => ACCENTED[PLAIN.indexOf(letter)] ?? letter).join("")));
  return `⟦${pieces.join("")}⟧`;
}

function pick() {
  if (["en", "pt-BR", "qps"].includes(asked)) return asked;
  let kept = null;
  try { kept = localStorage.getItem(STORED); } catch { /* storage may be closed to us */ }
  if (LANGUAGES.some(([tag]) => tag === kept)) return kept;
  return navigator.languages?.some((tag) => tag.toLowerCase().startsWith("pt")) && !navigator.language.toLowerCase().startsWith("en") ? "pt-BR" : "en";
}
