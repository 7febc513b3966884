// The bar that says what is simulated; in the demo it leads on, once the story was told.
import { c } from "../kit/common.js";
import { openDialog } from "../kit/dialog.js";
import { h, put } from "../kit/dom.js";
import { button, errorState, loadingState } from "../kit/parts.js";
import { t } from "./words.js";

// By then the first outage is over; at another pace its end is seen by the message that tells of it.
const STORY_SECONDS = 50;
const COMMANDS = ["setup", "check", "serve"];

/** The bar: {element, show(snapshot), setPage(name)}. */
export function bar() {
  let page = null;
  let wasTold = false;
  const notice = h("span");
  const code = button(t("pageCode"), () => showCode(page), { class: "link" });
  const onward = h("span", { class: "onward", hidden: true }, button(t("ownKeys"), showKeys, { class: "link" }), code);
  const element = h("section", { class: "simulated", "aria-label": t("notice"), hidden: true }, notice, onward);
  return {
    element,
    show({ simulated, demo, uptime_seconds: uptime, notifications }) {
      element.hidden = !simulated;
      put(notice, t(demo ? "demo" : "simulated"));
      wasTold ||= demo && (uptime >= STORY_SECONDS || notifications.some(({ status }) => status === "resolved"));
      onward.hidden = !wasTold;
    },
    setPage(name) {
      page = name;
      code.hidden = !name;
    },
  };
}

const foot = (close) => h("div", { class: "form-foot" }, button(c("close"), () => close(), { kind: "primary", autofocus: true }));

/** How to go on from the demo with real providers. */
function showKeys() {
  openDialog(t("ownKeysTitle"), (close) => [
    h("p", { class: "body" }, t("ownKeysText")),
    h("dl", { class: "commands" }, COMMANDS.map((name) => h("div", null, h("dt", { translate: "no" }, h("code", null, `aurora ${name}`)), h("dd", null, t(`command.${name}`))))),
    foot(close),
  ]);
}

/** What the page does, as a program does it with the crates. */
function showCode(page) {
  openDialog(t("pageCodeTitle"), (close) => {
    const place = h("div", { class: "page-code" }, loadingState(6));
    const load = async () => {
      try {
        const answer = await fetch(`/dashboard/assets/pages/${page}/code.rs`);
        if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
        place.replaceChildren(h("pre", { translate: "no" }, (await answer.text()).trim()));
      } catch (error) {
        place.replaceChildren(errorState(error, load));
      }
    };
    load();
    return [h("p", { class: "body" }, t("pageCodeText")), place, foot(close)];
  }, { broad: true });
}
