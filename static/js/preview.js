// The restart preview: the choice of what is kept shows at once; graph and reasons point at each other.

export function mount(run) {
  const work = run.querySelector(".work");
  const panel = run.querySelector(".panel");
  const toggles = run.querySelectorAll("[data-do=why]");

  function open(shown) {
    work.dataset.panel = shown ? "open" : "closed";
    for (const one of toggles) if (one.hasAttribute("aria-pressed")) one.setAttribute("aria-pressed", String(shown));
    run.dispatchEvent(new CustomEvent("panel"));
  }

  const inside = (path, around) =>
    path === around || path.startsWith(`${around}/`) || path.startsWith(`${around}[`);

  // The node of a row is the innermost one that the row's path stands in; a node's rows are those
  // that stand in it.
  function point(path) {
    const nodes = [...run.querySelectorAll(".node")];
    const node = nodes
      .filter((one) => inside(path, one.dataset.path))
      .sort((a, b) => b.dataset.path.length - a.dataset.path.length)[0];
    const rows = [...panel.querySelectorAll("li[data-path]")];
    const row =
      rows.find((one) => one.dataset.path === path) ??
      rows.find((one) => inside(one.dataset.path, path)) ??
      rows.find((one) => inside(path, one.dataset.path));
    for (const one of run.querySelectorAll("[aria-current=true]")) one.removeAttribute("aria-current");
    node?.setAttribute("aria-current", "true");
    if (row) {
      row.setAttribute("aria-current", "true");
      const folded = row.closest("details");
      if (folded) folded.open = true;
      row.scrollIntoView({ block: "nearest" });
    }
    run.dispatchEvent(new CustomEvent("panel", { detail: path }));
  }

  run.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    if (event.target.closest("[data-do=why]")) {
      open(work.dataset.panel === "closed");
      return;
    }
    const link = event.target.closest(".node, .decisions a");
    if (!link || event.defaultPrevented) return;
    event.preventDefault();
    const path = link.closest("[data-path]").dataset.path;
    const url = new URL(location);
    url.searchParams.set("node", path);
    history.replaceState(null, "", url);
    if (link.matches(".node")) open(true);
    point(path);
  });

  const keep = run.querySelector("form[data-keep]");
  keep.addEventListener("change", () => {
    // The other choice is another page: what was typed goes along.
    const typed = run.querySelector("[data-reason]")?.value;
    if (typed) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: "reason", value: typed });
      keep.append(field);
    }
    keep.requestSubmit();
  });

  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (event.target.closest?.("input") && event.target.value) return;
    if (work.dataset.panel === "open") open(false);
    else run.querySelector("[data-do=cancel]").click();
  });

  panel.addEventListener("click", (event) => {
    if (event.target === panel) panel.toggleAttribute("data-full");
  });
  const chosen = new URL(location).searchParams.get("node");
  if (chosen) point(chosen);
}
