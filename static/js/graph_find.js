// The field "Find step": what matches stays bright. On a run's page a list below it has what stands
// in closed groups as well; elsewhere Enter opens the first.
import { fragment } from "./live.js";

const WAIT = 150; // milliseconds after a key

export function makeFinder(stage, win, look) {
  const field = stage.querySelector("[data-find]");
  const list = stage.querySelector("[data-found]");
  let timer = null;
  let newest = 0;
  let loading = null;

  function found() {
    const text = field.value.trim().toLowerCase();
    const all = win.nodes();
    const hits = text ? all.filter((one) => one.dataset.path.toLowerCase().includes(text)) : [];
    const hit = new Set(hits);
    win.svg.classList.toggle("is-finding", hits.length > 0);
    for (const one of all) one.classList.toggle("is-hit", hit.has(one));
    return hits;
  }

  const options = () => [...list.querySelectorAll("[role=option]")];
  const chosen = () => list.querySelector("[aria-selected=true]");

  function show(open) {
    if (open && !list.matches(":popover-open")) {
      list.showPopover();
      const box = field.closest(".find").getBoundingClientRect();
      list.style.top = `${box.bottom + 6}px`;
      list.style.left = `${Math.max(8, Math.min(box.left, innerWidth - list.offsetWidth - 8))}px`;
    } else if (!open && list.matches(":popover-open")) list.hidePopover();
    field.setAttribute("aria-expanded", String(open));
    if (!open) field.removeAttribute("aria-activedescendant");
  }

  function point(option) {
    for (const one of options()) one.setAttribute("aria-selected", String(one === option));
    if (!option) return;
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  async function ask() {
    const mine = ++newest;
    clearTimeout(timer);
    timer = null;
    const text = field.value.trim();
    if (!text) {
      show(false);
      return;
    }
    const html = await fragment(`${location.pathname}?part=find&q=${encodeURIComponent(text)}`);
    if (mine !== newest || document.activeElement !== field) return;
    list.innerHTML = html;
    show(true);
    point(options()[0]);
  }

  async function open(option) {
    const path = option.dataset.hit;
    clear();
    await look.go(path);
  }

  function clear() {
    clearTimeout(timer);
    timer = null;
    newest += 1;
    field.value = "";
    found();
    if (look) show(false);
  }

  field.addEventListener("input", () => {
    const [first] = found();
    if (first) win.reveal(first, true);
    if (!look) return;
    clearTimeout(timer);
    timer = setTimeout(() => (loading = ask()), WAIT);
  });
  field.addEventListener("keydown", async (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      if (look) {
        // The list may still be that of the text before the last key.
        if (timer || !list.matches(":popover-open")) loading = ask();
        await loading;
        const option = chosen();
        if (option && list.matches(":popover-open")) await open(option);
        return;
      }
      const [first] = found();
      if (!first) return;
      win.focus(first);
      first.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    } else if (event.key === "Escape") {
      clear();
      win.viewport.focus();
      event.stopPropagation();
    } else if (look && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const all = options();
      const step = event.key === "ArrowDown" ? 1 : -1;
      point(all[(all.indexOf(chosen()) + step + all.length) % all.length]);
      event.preventDefault();
    }
  });
  if (look) {
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) open(option);
    });
    field.addEventListener("blur", () => show(false));
  }
  return { again: () => field.value && found() };
}
