// Keys that press what is on the page: [data-key]. One key alone does nothing while a field has focus.
import { help, pair } from "./keys.js";

const LISTS = "table.runs, table.list-table, table.g-names";

export function inField(event) {
  return event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]") != null;
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || inField(event)) return;
  if (document.querySelector("dialog[open]")) return; // the page behind it is not meant
  const { key } = event;
  if (key === "?") help();
  else if (!pair(key, () => press(key)) && !press(key)) return;
  event.preventDefault();
});

// Whether the key does something here.
function press(key) {
  return inRow(key) || onPage(key) || ofRun(key) || inMenu(key, document) || among(key);
}

// A run's menu has keys of its own: those of the row that has the focus, or of the run's page.
function inRow(key) {
  const row = document.activeElement?.closest("tr[data-run]");
  if (!row) return false;
  const element = row.querySelector(`[data-row-key="${CSS.escape(key)}"]`);
  if (element) {
    element.click();
    return true;
  }
  return inMenu(key, row);
}

function ofRun(key) {
  const element = document.querySelector(`.run-head [data-row-key="${CSS.escape(key)}"]`);
  element?.click();
  return Boolean(element);
}

function onPage(key) {
  const wanted = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)];
  // What belongs to the page itself comes before what stands above every page.
  const seen = wanted.filter((one) => one.checkVisibility());
  const element = seen.find((one) => one.closest("main")) ?? seen[0];
  if (!element) return false;
  if (element.matches("input")) element.focus();
  else element.click();
  return true;
}

// What stops work is not done by one key: the menu opens with the focus on it, Enter does it.
function inMenu(key, within) {
  const wanted = [...within.querySelectorAll(`[data-menu-key="${CSS.escape(key)}"]`)];
  const element = within === document ? wanted.find((one) => !one.closest("tr")) : wanted[0];
  const menu = element?.closest("details.menu");
  if (!menu) return false;
  menu.open = true;
  element.focus();
  return true;
}

function among(key) {
  if (/^[1-9]$/.test(key)) {
    document.querySelectorAll("[data-tabs] a")[Number(key) - 1]?.click();
  } else if ((key === "j" || key === "k") && document.querySelector(LISTS)) {
    const rows = [...document.querySelectorAll(`:is(${LISTS}) tbody tr:has(a)`)];
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const next = at < 0 ? 0 : at + (key === "j" ? 1 : -1);
    (rows[next]?.querySelector("a.step") ?? rows[next]?.querySelector("a"))?.focus();
  } else if (key === ".") {
    document.activeElement?.closest("tr")?.querySelector("details.menu summary")?.click();
  } else return false;
  return true;
}
