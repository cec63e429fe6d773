// Navigation on a phone, and the theme.

const root = document.documentElement;

function setTheme(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // No storage: it holds for this page.
  }
}

// The search of the run list, when this page is it.
const findField = () => document.getElementById("find");

export function mount(app) {
  if (location.hash === "#find") findField()?.focus();
  for (const current of app.querySelectorAll(":is(.tabs, .counts) [aria-current]")) {
    current.scrollIntoView({ inline: "center", block: "nearest" });
  }
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
