// The switches of language and theme, in the frame and at the entrance.
import { fill, h } from "../kit/dom.js";
import { icon } from "../kit/icons.js";
import { setTheme, theme } from "../kit/theme.js";
import { LANGUAGES, choose, language } from "../kit/words.js";
import { t } from "./words.js";

const THEMES = ["system", "light", "dark"];
const ICONS = { system: "system", light: "sun", dark: "moon" };

/** The two buttons; `redraw` puts the page into another language. */
export function controls(redraw) {
  const [tag, name] = LANGUAGES.find(([other]) => other !== (language() === "qps" ? "en" : language()));
  const short = tag.slice(0, 2).toUpperCase();
  const toOther = h("button", { type: "button", class: "button plain icon", lang: tag, translate: "no", title: name, "aria-label": `${short} – ${name}`,
    on: { click: () => { choose(tag); redraw(); } } }, short);
  const themes = h("button", { type: "button", class: "button plain icon", on: { click: () => {
    setTheme(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]);
    show();
  } } });
  const show = () => {
    themes.setAttribute("aria-label", t(`theme.${theme()}`));
    themes.title = t(`theme.${theme()}`);
    fill(themes, icon(ICONS[theme()]));
  };
  show();
  return [toOther, themes];
}
