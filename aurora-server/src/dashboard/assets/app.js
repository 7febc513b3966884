// The start of the dashboard: who is there, which page is asked for, and the way from one page to the next.
import { apiFor, isAbort, setHooks, setWorkspace } from "./kit/api.js";
import { common } from "./kit/common.js";
import { h } from "./kit/dom.js";
import { emptyState, errorState, loadingState, pageHead } from "./kit/parts.js";
import { language, locale, texts } from "./kit/words.js";
import { pages } from "./pages.js";
import { entrance } from "./shell/entrance.js";
import { frame, hrefOf, labelOf } from "./shell/frame.js";
import { makePulse } from "./shell/pulse.js";
import { reenter } from "./shell/reentry.js";
import { chooseWorkspace, forgetWorkspace, signOut, whoAmI } from "./shell/session.js";
import { stepUp } from "./shell/step-up.js";
import { t } from "./shell/words.js";

const place = document.getElementById("app");
let session = null; // {me, pulse, ending}: from signing in to signing out
let shown = null; // {frame, ending}: from one drawing of the frame to the next
let page = null; // {ending, unmount}: the page that is mounted

async function start() {
  setLanguage();
  place.replaceChildren(h("main", { class: "main" }, loadingState()));
  try {
    const me = await whoAmI();
    if (!me) return enter();
    session?.ending.abort();
    forgetUndos();
    session = { me, pulse: makePulse(), ending: new AbortController() };
    if (me.can("status:read")) session.pulse.start(session.ending.signal);
    draw();
  } catch (error) {
    if (error.status === 401) return;
    place.replaceChildren(h("main", { class: "main" }, h("h1", { class: "unseen", tabindex: "-1" }, "Aurora"), errorState(error, start)));
  }
}

/** Draws the frame and the page anew: at the start, and in another language. */
function draw() {
  setLanguage();
  leave();
  shown?.ending.abort();
  const { me, pulse } = session;
  const ending = new AbortController();
  shown = { ending, frame: frame({ me, pulse, pages: visible(), signal: ending.signal, redraw: draw,
    onWorkspace: (id) => { chooseWorkspace(id); start(); }, onSignOut: goOut }) };
  place.replaceChildren(shown.frame.element);
  open();
}

/** The entrance, at whatever address: whoever comes in goes on to it. */
function enter() {
  setLanguage();
  leave();
  session?.ending.abort();
  session = null;
  // Whoever comes next has workspaces of their own.
  setWorkspace(null);
  forgetUndos();
  document.title = `${t("signIn")} · Aurora`;
  const { element, start: begin } = entrance({ done: start, redraw: enter });
  place.replaceChildren(element);
  begin();
}

async function goOut() {
  const leaving = session;
  leaving.isLeaving = true;
  try {
    await signOut();
  } catch (error) {
    leaving.isLeaving = false;
    throw error;
  }
  enter();
}

/** The session is over: whoever signs in again goes on where they were, others begin anew. Gives whether the call is repeated. */
async function signedOut() {
  const ended = session;
  if (!ended) {
    // Whoever is at the entrance already is left to it.
    if (!place.querySelector(".entrance")) enter();
    return false;
  }
  if (ended.isLeaving) return false;
  const user = await reenter(ended.me);
  if (user && user.id === ended.me.user?.id) return true;
  // The first call that waited leads on, for all.
  if (session !== ended) return false;
  forgetWorkspace();
  // Nothing that the first one wrote, and no call on its way, is left to another.
  if (user) location.reload();
  else enter();
  return false;
}

async function open({ focus } = {}) {
  leave();
  const [name, id] = asked();
  const entry = visible().find((one) => one.name === name);
  const ending = new AbortController();
  page = { ending };
  const root = h("div", { class: "page" });
  shown.frame.main.replaceChildren(root);
  shown.frame.setPage(name);
  scrollTo(0, 0);
  if (!entry) {
    document.title = `${t("missingTitle")} · Aurora`;
    root.append(pageHead(t("missingTitle")), emptyState(t("missingTitle"), t("missingText"), h("a", { class: "button", href: "/" }, t("home"))));
  } else {
    document.title = `${labelOf(entry)} · Aurora`;
    await mount(entry, root, id, ending);
  }
  if (focus && !ending.signal.aborted) root.querySelector("h1")?.focus();
}

async function mount(entry, root, id, ending) {
  const { signal } = ending;
  root.append(loadingState());
  try {
    const module = await entry.load();
    if (module.style) await addStyle(module.style);
    if (signal.aborted) return;
    root.replaceChildren();
    const ctx = {
      t: texts(module.words, common), api: apiFor(signal), signal, id, query: new URLSearchParams(location.search), me: session.me, can: session.me.can,
      pulse: session.pulse, navigate, href: hrefOf, setTitle: (title) => { if (!signal.aborted) document.title = `${title} · ${labelOf(entry)} · Aurora`; },
    };
    const unmount = await module.mount(root, ctx);
    if (signal.aborted) unmount?.();
    else page.unmount = unmount;
  } catch (error) {
    if (isAbort(error) || signal.aborted) return;
    console.error(error);
    root.replaceChildren(pageHead(labelOf(entry)), errorState(error, () => open()));
  }
}

/** Adds a page's style sheet once, and waits for it so that nothing is seen without it. */
function addStyle(href) {
  if (document.querySelector(`link[href="${href}"]`)) return null;
  return new Promise((resolve) => document.head.append(h("link", { rel: "stylesheet", href, on: { load: resolve, error: resolve } })));
}

function leave() {
  page?.ending.abort();
  page?.unmount?.();
  page = null;
  // What a page asked does not stand before the next one; what is shown once is kept.
  for (const dialog of document.querySelectorAll("dialog[open]:not([data-kept])")) dialog.close();
}

/** Goes to an address of the dashboard: navigate("/dashboard/clients/cli_1", {replace}). */
function navigate(address, { replace } = {}) {
  const target = new URL(address, location.origin);
  // The pseudo-language is part of the address and stays in it.
  if (language() === "qps") target.searchParams.set("lang", "qps");
  history[replace ? "replaceState" : "pushState"](null, "", target);
  open({ focus: true });
}

function asked() {
  const [, first, name, ...rest] = location.pathname.split("/");
  if (first !== "dashboard" || !name) return [visible()[0]?.name, null];
  return [name, rest.length ? decodeURIComponent(rest.join("/")) : null];
}

/** What was done in another workspace, or by somebody else, is not taken back in this one. */
const forgetUndos = () => document.getElementById("toasts").replaceChildren();

const visible = () => pages.filter(({ rights }) => rights.some((right) => session.me.can(right)));

function setLanguage() {
  document.documentElement.lang = locale();
  document.getElementById("toasts").setAttribute("aria-label", t("toasts"));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey && !event.defaultPrevented;
  if (!link || !isPlain || link.target || !session) return;
  const isPage = link.origin === location.origin && (link.pathname === "/" || (link.pathname.startsWith("/dashboard/") && !link.pathname.includes(".")));
  if (!isPage) return;
  event.preventDefault();
  navigate(link.href);
});
addEventListener("popstate", () => { if (session) open({ focus: true }); });
setHooks({ stepUp: () => stepUp(session?.me), signedOut });
start();
