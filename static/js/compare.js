// Two runs side by side: the panel of a step opens beside what is shown, as on the page of a run.
import { unanswered } from "./away.js";
import { fragment } from "./live.js";

const VIEW = { tab: "graph", show: "both", only: "" };

export function mount(page) {
  const work = page.querySelector(".work");
  if (!work) return;
  const panel = work.querySelector(".panel");
  const drawn = new URL(location);
  let opener = null;
  let newest = 0;

  const nodeOf = (url) => url.searchParams.get("node") ?? "";
  const view = (url) => Object.entries(VIEW).map(([name, plain]) => url.searchParams.get(name) || plain);

  function mark(path) {
    for (const one of work.querySelectorAll(".stage [aria-current=true][data-path], .stage .step[aria-current]")) {
      one.removeAttribute("aria-current");
    }
    for (const row of work.querySelectorAll("tr[aria-selected]")) row.removeAttribute("aria-selected");
    const found = path && work.querySelector(`.stage [data-path="${CSS.escape(path)}"]`);
    if (!found) return;
    if (found.matches("tr")) found.setAttribute("aria-selected", "true");
    (found.querySelector("a.step") ?? found).setAttribute("aria-current", "true");
  }

  // The other views keep the step: their links were made for the one before it.
  function aim(path) {
    for (const link of work.querySelectorAll(".toolbar a[href]")) {
      const url = new URL(link.href);
      if (path) url.searchParams.set("node", path);
      else url.searchParams.delete("node");
      link.href = url;
    }
  }

  async function show(url) {
    const mine = ++newest;
    const path = nodeOf(url);
    const held = panel.contains(document.activeElement);
    mark(path);
    aim(path);
    let html = "";
    if (path) {
      const part = new URL(url);
      part.searchParams.set("part", "panel");
      try {
        html = await fragment(part);
      } catch (error) {
        if (mine === newest && !unanswered(error)) location.reload();
        return;
      }
      if (mine !== newest) return;
    }
    panel.innerHTML = html;
    panel.setAttribute("aria-label", `Step ${path}`.trim());
    work.dataset.panel = path ? "open" : "closed";
    page.dispatchEvent(new CustomEvent("panel", { detail: path }));
    if (held && path) panel.querySelector("[data-key=Escape]").focus({ preventScroll: true });
  }

  page.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button || event.defaultPrevented) return;
    const link = event.target.closest("a");
    if (!link) return;
    const url = new URL(link.href.baseVal ?? link.href, location);
    if (url.pathname !== location.pathname || `${view(url)}` !== `${view(new URL(location))}`) return;
    event.preventDefault();
    if (url.search === location.search) return;
    history.pushState(null, "", url);
    const closes = !nodeOf(url);
    if (!closes && !panel.contains(link)) opener = link;
    show(url);
    if (closes && opener?.isConnected) opener.focus({ preventScroll: true });
  });
  addEventListener("popstate", () => {
    if (`${view(new URL(location))}` !== `${view(drawn)}`) location.reload();
    else show(new URL(location));
  });
}
