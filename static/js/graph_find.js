// The field "Find step": what matches stays bright, Enter opens the first.

export function makeFinder(stage, win) {
  const field = stage.querySelector("[data-find]");

  function found() {
    const text = field.value.trim().toLowerCase();
    const all = win.nodes();
    const hits = text ? all.filter((one) => one.dataset.path.toLowerCase().includes(text)) : [];
    const hit = new Set(hits);
    win.svg.classList.toggle("is-finding", hits.length > 0);
    for (const one of all) one.classList.toggle("is-hit", hit.has(one));
    return hits;
  }

  field.addEventListener("input", () => {
    const [first] = found();
    if (first) win.reveal(first, true);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      const [first] = found();
      if (!first) return;
      win.focus(first);
      first.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    } else if (event.key === "Escape") {
      field.value = "";
      found();
      win.viewport.focus();
      event.stopPropagation();
    }
  });
  return { again: () => field.value && found() };
}
