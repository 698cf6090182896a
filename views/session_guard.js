// Watches the visitor's session, and takes the page off the screen when it ends.
// session_guard.py mounts it.
//
// Streamlit mounts a component anew on reruns and page switches. There is one watch for
// as long as the document lives, and it goes on without the component. What it draws
// stands beside <body>, so that it stays when <body> is hidden.

const EVERY = 1000; // ms between two questions; asking never extends the session
const PATIENCE = 3000; // ms until an unanswered question is given up
const FIRST_TRUST = 60000; // ms that a page may be shown before the first answer
const WARN_ALONE = 60; // s before the end, if the server cannot say when to warn
const SPOKEN_AT = [60, 30, 10]; // s left; the number itself changes every second
const KEY = Symbol.for("infusion-outcomes.session");

const UNSURE = "unsure"; // Nobody could say yet whether the session goes on.
const LEAVING = "leaving";
const OVER = "over";

const COVERS = {
  [UNSURE]: [
    "Please wait",
    "Whether you are still signed in has to be asked first, and the server does not answer yet.",
  ],
  [LEAVING]: [
    "Signing out …",
    "If this stays, the server cannot be reached and you are not signed out yet. This page stays covered and keeps trying.",
  ],
  [OVER]: ["You are signed out", "Sign in again to go on where you were."],
};

export default function mount({ data, parentElement }) {
  const watch = (window[KEY] ??= new Watch());
  const part = (selector) => parentElement.querySelector(selector);
  part(".name").textContent = data.name;
  part(".roles").textContent = data.roles;
  part(".out").onclick = () => watch.leave();
  watch.follow(data.session, colours(part(".signed-in")));
}

class Watch {
  constructor() {
    this.deadline = Date.now() + FIRST_TRUST;
    this.cover = null; // why the page is covered; null while it is shown
    this.screen = new Screen(() => this.stay());
    document.addEventListener("visibilitychange", () => this.tick());
    // A page that the browser kept to go back to comes back covered, and is asked for
    // anew: by then it may not be the visitor's any more.
    window.addEventListener("pagehide", () => this.hide(UNSURE));
    window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
    setInterval(() => this.tick(), EVERY);
    this.tick();
  }

  // The page was drawn for this session; another one may have taken its place since.
  follow(session, colours) {
    this.session = session;
    this.screen.dress(colours);
  }

  tick() {
    if (this.cover === LEAVING) return this.signOut();
    if (this.cover === null && Date.now() >= this.deadline) this.hide(UNSURE);
    this.warn();
    return this.ask();
  }

  // --- what the server says ----------------------------------------------------

  async ask() {
    if (this.asking) return;
    this.asking = true;
    await this.hear("/session", "GET");
    this.asking = false;
  }

  async stay() {
    const before = this.deadline;
    await this.hear("/session/stay", "POST");
    // It did not last longer for it: the session is as old as it may become.
    // Both moments are as far off as their answers were slow, so they may differ a bit.
    this.isLast = this.warned === true && this.deadline < before + PATIENCE;
    this.warn();
  }

  async hear(address, method) {
    const asked = Date.now();
    try {
      const answer = await request(address, method);
      if (answer.status === 401) this.end();
      else if (answer.ok) this.learn(await answer.json(), asked);
      else this.warned = null;
    } catch {
      this.warned = null;
    }
  }

  learn({ left, warn, session }, asked) {
    if (session !== undefined && session !== this.session) return this.startAnew();
    this.deadline = asked + left * 1000;
    this.warned = warn;
    if (this.cover === UNSURE && Date.now() < this.deadline) this.show();
    this.warn();
  }

  // --- the end -------------------------------------------------------------------

  end() {
    if (this.cover === OVER || this.cover === LEAVING) return;
    this.hide(OVER);
    const here = location.pathname + location.search;
    location.replace(`/login?next=${encodeURIComponent(here)}`);
  }

  // Somebody else is signed in by now, or a patient holds the tablet.
  startAnew() {
    if (this.cover === OVER || this.cover === LEAVING) return;
    this.hide(OVER);
    location.reload();
  }

  leave() {
    this.hide(LEAVING);
    return this.signOut();
  }

  async signOut() {
    if (this.signingOut) return;
    this.signingOut = true;
    try {
      const answer = await request("/logout", "POST");
      if (!isDone(answer)) return;
      this.hide(OVER);
      location.replace("/login");
    } catch {
      // Tried again at the next tick.
    } finally {
      this.signingOut = false;
    }
  }

  // --- what is on the screen -------------------------------------------------------

  hide(why) {
    if (this.cover === OVER || (this.cover === LEAVING && why === UNSURE)) return;
    this.cover = why;
    this.screen.hide(...COVERS[why]);
  }

  show() {
    this.cover = null;
    this.screen.show();
  }

  warn() {
    const left = Math.max(0, Math.ceil((this.deadline - Date.now()) / 1000));
    const due = this.warned ?? left <= WARN_ALONE;
    if (!due) this.isLast = false;
    this.screen.warn(due && this.cover === null ? left : null, this.isLast);
  }
}

function request(address, method) {
  return fetch(address, {
    method,
    cache: "no-store",
    credentials: "same-origin",
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE),
  });
}

// Signing out leads on to the sign-in page, and so does having been signed out.
function isDone(answer) {
  return answer.ok || answer.type === "opaqueredirect" || answer.status === 401;
}

// Custom properties do not reach what stands outside of Streamlit.
function colours(element) {
  const style = getComputedStyle(element);
  const names = ["--st-text-color", "--st-background-color", "--st-primary-color"];
  return names.map((name) => [name, style.getPropertyValue(name)]);
}

// --- beside the page ---------------------------------------------------------------

const STYLE = `
  :host { position: fixed; inset: 0 0 auto; z-index: 2147483647;
    color: var(--st-text-color, CanvasText); font: 1rem/1.5 system-ui, sans-serif; }
  [hidden] { display: none !important; }
  .warning { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center;
    justify-content: center; padding: .5rem 1rem; border-bottom: 2px solid;
    background: var(--st-background-color, Canvas); }
  .spoken { position: absolute; width: 1px; height: 1px; overflow: hidden;
    clip-path: inset(50%); white-space: nowrap; }
  .count { font-weight: 600; font-variant-numeric: tabular-nums; }
  button { min-height: 2.75rem; padding: 0 1rem; border: 1px solid; border-radius: .5rem;
    background: transparent; color: inherit; font: inherit; cursor: pointer; }
  :focus-visible { outline: 2px solid; outline-offset: 2px; }
  .cover { position: fixed; inset: 0; display: grid; place-content: center;
    padding: 1rem; text-align: center; background: var(--st-background-color, Canvas); }
  .cover h1 { margin: 0 0 .5rem; font-size: 1.5rem; }
  .cover p { max-width: 32rem; margin: 0 0 .5rem; }
  .cover a { color: inherit; }
  @media print { .warning { display: none; } }
`;

class Screen {
  constructor(onStay) {
    this.host = document.createElement("infusion-outcomes-session");
    const root = this.host.attachShadow({ mode: "open" });
    this.count = make("span", { class: "count", "aria-hidden": "true" });
    this.spoken = make("span", { class: "spoken", role: "status" });
    this.button = make("button", { type: "button" }, "Stay signed in");
    this.button.onclick = onStay;
    this.bar = make("div", { class: "warning", hidden: "" }, this.count, this.button);
    this.title = make("h1", { tabindex: "-1" });
    this.words = make("p", {});
    const link = make("p", {}, make("a", { href: "/login" }, "Sign in"));
    this.sheet = make("main", { class: "cover", hidden: "" }, this.title, this.words, link);
    root.append(make("style", {}, STYLE), this.spoken, this.bar, this.sheet);
    document.documentElement.append(this.host);
  }

  dress(colours) {
    for (const [name, value] of colours) this.host.style.setProperty(name, value);
  }

  // Seconds left, or null for no warning.
  warn(left, isLast) {
    this.bar.hidden = left === null;
    this.button.hidden = isLast;
    if (left === null) return this.say("");
    const more = isLast ? " This cannot be put off; you can sign in again then." : "";
    this.count.textContent = `You will be signed out in ${left} s.${more}`;
    const mark = SPOKEN_AT.filter((seconds) => left <= seconds).at(-1) ?? "early";
    if (mark !== this.mark) this.say(`You will be signed out in ${left} seconds.`);
    this.mark = mark;
  }

  say(words) {
    if (words === "") this.mark = null;
    this.spoken.textContent = words;
  }

  hide(title, words) {
    this.title.textContent = title;
    this.words.textContent = words;
    this.sheet.hidden = false;
    document.body.style.setProperty("display", "none", "important");
    this.title.focus();
  }

  show() {
    this.sheet.hidden = true;
    document.body.style.removeProperty("display");
  }
}

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}
