// Full screen, the menu "View", and the graph as a file.

export function followTools(stage, win) {
  const form = stage.querySelector("[data-look-form]");
  const opener = stage.querySelector("[data-look-menu]");
  const full = stage.querySelector("[data-full-screen]");
  const work = stage.closest(".work"); // with the panel, that is read beside the graph

  full.hidden = !document.fullscreenEnabled;
  full.addEventListener("click", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else work.requestFullscreen();
  });
  document.addEventListener("fullscreenchange", () => {
    full.setAttribute("aria-pressed", String(document.fullscreenElement === work));
  });

  // Below its button, inside the window; a phone has it as a sheet.
  form.addEventListener("toggle", (event) => {
    if (event.newState !== "open" || innerWidth < 641) return;
    const box = opener.getBoundingClientRect();
    form.style.left = `${Math.max(8, Math.min(box.left, innerWidth - form.offsetWidth - 8))}px`;
    form.style.top = `${box.bottom + 6}px`;
    form.querySelector("label:not([hidden]) input").focus();
  });

  form.addEventListener("click", async (event) => {
    const save = event.target.closest("[data-save]");
    if (!save) return;
    const link = form.querySelector("a[data-save]");
    const address = new URL(link.href);
    address.search = win.viewport.dataset.look;
    const query = new URL(location).searchParams;
    for (const name of ["status", "colour", "critical"]) {
      address.searchParams.delete(name);
      for (const value of query.getAll(name)) address.searchParams.append(name, value);
    }
    link.href = address.href;
    if (save === link) return; // the browser saves it
    save.setAttribute("aria-busy", "true");
    try {
      const { savePng } = await import("./graph_png.js");
      await savePng(address.href);
    } finally {
      save.removeAttribute("aria-busy");
    }
  });
}
