// Navigation on a phone, the theme, and how many decisions wait.
import { ask } from "./away.js";
import { signedOut } from "./session.js";

const COUNT_MS = 5000;

const root = document.documentElement;
let sent = Promise.resolve(); // the theme that was chosen before

function setTheme(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // No storage: it holds for this page.
  }
  // With the account, or with the session of who has none; the next page comes as it is wanted.
  const token = document.querySelector("input[name=csrfmiddlewaretoken]");
  if (!token) return;
  const body = new URLSearchParams({ theme, csrfmiddlewaretoken: token.value });
  const send = () =>
    fetch("/settings", { method: "POST", body, keepalive: true, headers: { "HX-Request": "true" } });
  // One after the other, else the account keeps what came last and not what was chosen last.
  sent = sent.then(send).catch(() => {}); // it holds in this browser then
}

// How many decisions wait for this person, beside the link to them.
function keepCounting(link) {
  const shown = link.querySelector("[data-count]");
  async function count() {
    if (document.hidden) return;
    try {
      const answer = await ask(link.dataset.approvals, { headers: { "HX-Request": "true" } });
      if (answer.status === 401) signedOut(false);
      if (!answer.ok || answer.redirected) return;
      const text = (await answer.text()).trim();
      if (shown.textContent === text) return;
      shown.textContent = text;
      link.dispatchEvent(new CustomEvent("counted", { bubbles: true }));
    } catch {
      // The next time.
    }
  }
  count();
  setInterval(count, COUNT_MS);
  document.addEventListener("visibilitychange", count);
}

// The search of the run list, when this page is it.
const findField = () => document.getElementById("find");

export function mount(app) {
  if (location.hash === "#find") findField()?.focus();
  for (const current of app.querySelectorAll(":is(.tabs, .counts) [aria-current]")) {
    current.scrollIntoView({ inline: "center", block: "nearest" });
  }
  const approvals = app.querySelector("[data-approvals]");
  if (approvals) keepCounting(approvals);
  const toggle = app.querySelector("[data-do=nav]");
  const show = (open) => {
    app.toggleAttribute("data-open-nav", open);
    toggle.setAttribute("aria-expanded", String(open));
  };
  app.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button?.dataset.do === "theme") {
      const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
      setTheme((root.dataset.theme ?? system) === "dark" ? "light" : "dark");
    } else if (button?.dataset.do === "theme-set") {
      setTheme(button.dataset.themeTo);
      button.closest("details").open = false;
    } else if (button?.dataset.do === "find" && findField()) {
      event.preventDefault();
      findField().focus();
    } else if (button?.dataset.do === "nav") {
      show(!app.hasAttribute("data-open-nav"));
      if (app.hasAttribute("data-open-nav")) app.querySelector(".nav a").focus();
    } else if (!event.target.closest(".nav")) {
      show(false);
    }
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && app.hasAttribute("data-open-nav")) {
      show(false);
      toggle.focus();
    }
  });
}
