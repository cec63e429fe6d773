// Copy buttons: a text, or a whole document that the page may show shortened.

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "sr";
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}

addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-url]");
  if (!button) return;
  event.preventDefault();
  const address = button.dataset.copyUrl;
  await copy(address ? await (await fetch(address)).text() : button.dataset.copy);
  if (button.classList.contains("is-copied")) return; // pressed again: its own words come back soon
  button.classList.add("is-copied");
  const said = button.getAttribute("aria-label");
  button.setAttribute("aria-label", "Copied");
  setTimeout(() => {
    button.classList.remove("is-copied");
    if (said === null) button.removeAttribute("aria-label");
    else button.setAttribute("aria-label", said);
  }, 1200);
});

addEventListener("click", (event) => {
  const button = event.target.closest("[data-do=wrap]");
  if (!button) return;
  const log = button.closest("section").querySelector("[data-log]");
  button.setAttribute("aria-pressed", String(log.classList.toggle("is-wrapped")));
});
