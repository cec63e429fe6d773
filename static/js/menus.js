// One menu at a time; arrows walk in it; Escape closes it and gives the focus back.
import { tell } from "./toasts.js";

addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const off = event.target.closest?.("[aria-disabled=true]");
  if (!off) return;
  event.preventDefault();
  // Why it is off stands in its title, which neither a finger nor a key shows.
  if (off.title) tell(off.title);
});

addEventListener(
  "keydown",
  (event) => {
    const menu = document.querySelector("details.menu[open]");
    if (!menu) return;
    if (event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
      event.stopImmediatePropagation();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const all = menu.querySelectorAll(".menu-list :is(a, button, summary)");
      const items = [...all].filter((one) => one.checkVisibility());
      const at = items.indexOf(document.activeElement);
      const step = event.key === "ArrowDown" ? 1 : -1;
      items[(at + step + items.length) % items.length]?.focus();
      event.preventDefault();
    }
  },
  true,
);

// A menu near the lower edge opens upward, else its last lines are below the fold.
addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!menu.matches?.("details.menu[open]")) return;
    const list = menu.querySelector(".menu-list");
    list.classList.remove("is-up");
    const box = list.getBoundingClientRect();
    const above = menu.getBoundingClientRect().top;
    if (box.bottom > innerHeight && above > box.height) list.classList.add("is-up");
    // Opened in order to write a name: what is typed next would else be keys of the page.
    if (menu.contains(document.activeElement)) list.querySelector("[data-first]")?.focus();
  },
  true,
);

// The second press of a button that sends a form would be a second request; the key in the form
// makes it harmless, this makes it rare. What a script answers by itself is that script's affair.
addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
  setTimeout(() => delete form.dataset.sent, 3000);
});
