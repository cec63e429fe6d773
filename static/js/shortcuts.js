// Keys that press what is on the page: [data-key]. One key alone does nothing while a field has focus.

export function inField(event) {
  return event.target.closest?.("input, textarea, select, [contenteditable]") !== null;
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || inField(event)) return;
  if (document.querySelector("dialog[open]")) return; // the page behind it is not meant
  // A row's menu has keys of its own, for the row that has the focus.
  const inRow = document.activeElement
    ?.closest("tr[data-run]")
    ?.querySelector(`[data-row-key="${CSS.escape(event.key)}"]`);
  if (inRow) {
    event.preventDefault();
    inRow.click();
    return;
  }
  const wanted = [...document.querySelectorAll(`[data-key="${CSS.escape(event.key)}"]`)];
  // What belongs to the page itself comes before what stands above every page.
  const seen = wanted.filter((one) => one.checkVisibility());
  const element = seen.find((one) => one.closest("main")) ?? seen[0];
  if (element) {
    event.preventDefault();
    if (element.matches("input")) element.focus();
    else element.click();
    return;
  }
  if (/^[1-9]$/.test(event.key)) {
    document.querySelectorAll("[data-tabs] a")[Number(event.key) - 1]?.click();
  } else if ((event.key === "j" || event.key === "k") && document.querySelector("table.runs")) {
    const rows = [...document.querySelectorAll("table.runs tbody tr")];
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const next = at < 0 ? 0 : at + (event.key === "j" ? 1 : -1);
    rows[next]?.querySelector("a")?.focus();
  } else if (event.key === ".") {
    document.activeElement?.closest("tr")?.querySelector("details.menu summary")?.click();
  }
});
