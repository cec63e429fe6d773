// The run page: tabs stay links; the header, the graph, the panel and the tab follow the run.
import { unanswered } from "./away.js";
import { fragment, listen, swap } from "./live.js";
import { followLog } from "./run_log.js";
import { softTab } from "./run_tab.js";
import { written } from "./session.js";

const PATIENCE_MS = 300; // then the frame of the new step stands where the old one was
const INERT = ".because, .reason, .panel-body, .panel-foot";

function panelSkeleton(path, why = "") {
  const box = document.createElement("div");
  box.className = "panel-skeleton";
  const row = document.createElement("div");
  row.className = "row";
  row.innerHTML = `<h2 class="truncate"></h2><span class="grow"></span><button class="btn btn-quiet btn-s btn-icon"
    type="button" data-do="close-panel" aria-label="Close panel"><svg class="i" aria-hidden="true"><use href="#x"/></svg></button>`;
  row.firstElementChild.textContent = path;
  if (!why) box.append(row, ...Array.from({ length: 6 }, () => document.createElement("span")));
  else {
    const note = document.createElement("p");
    note.setAttribute("role", "alert");
    const again = document.createElement("a");
    again.className = "link step-link";
    again.href = location.href;
    again.textContent = "Try again";
    note.append(`${why} `, again);
    box.append(row, note);
  }
  return box;
}

export function mount(run) {
  const work = run.querySelector(".work");
  const panel = run.querySelector("[data-part=panel]");
  const head = run.querySelector("[data-part=head]");
  const tab = run.dataset.tab;
  let opener = null;
  let newest = 0; // which opening of the panel counts
  let opening = null; // the one that is on its way
  let asking = new AbortController();

  // A refused form is shown under the address that it was sent to, which answers no reader.
  const here = run.dataset.stream.replace(/\/events\/stream$/, "");
  if (location.pathname !== here) history.replaceState(null, "", `${here}?tab=${tab}`);

  const address = (part, extra = {}) => {
    // All that the address asks of this tab: filters, what is open, where it begins.
    const url = new URL(location);
    url.hash = "";
    url.searchParams.delete("node");
    url.searchParams.set("tab", tab);
    url.searchParams.set("part", part);
    // A run that grows does not close its loops under the reader.
    const begins = run.querySelector("[data-begins]")?.dataset.begins;
    if (part === "tab" && begins) url.searchParams.set("begins", begins);
    for (const [key, value] of Object.entries(extra)) if (value) url.searchParams.set(key, value);
    return url;
  };
  const chosen = () => new URL(location).searchParams.get("node") ?? "";

  function mark(path) {
    for (const link of run.querySelectorAll("[aria-current=true]")) {
      link.removeAttribute("aria-current");
      link.closest("tr")?.removeAttribute("aria-selected");
    }
    if (!path) return;
    const link = run.querySelector(`.stage [data-path="${CSS.escape(path)}"]`);
    if (link?.matches("tr")) {
      link.setAttribute("aria-selected", "true");
      link.querySelector("a.step, a:not(.twist)")?.setAttribute("aria-current", "true");
    } else link?.setAttribute("aria-current", "true");
  }

  function show(path, push) {
    const mine = (opening = open(path, push).finally(() => {
      if (mine === opening) opening = null;
    }));
  }

  async function open(path, push) {
    if (push) {
      run.dispatchEvent(new CustomEvent("leave"));
      const url = new URL(location);
      url.searchParams.set("tab", tab);
      if (path) url.searchParams.set("node", path);
      else url.searchParams.delete("node");
      history.pushState(null, "", url);
    }
    mark(path);
    asking.abort();
    asking = new AbortController();
    if (!path) {
      newest += 1;
      work.dataset.panel = "closed";
      panel.removeAttribute("aria-busy");
      panel.replaceChildren();
      run.dispatchEvent(new CustomEvent("panel"));
      return;
    }
    work.dataset.panel = "open";
    panel.setAttribute("aria-label", `Step ${path}`);
    panel.setAttribute("aria-busy", "true");
    // The step before it stays for a moment, so that nothing flickers, and its buttons do nothing
    // any more: pressed now, they would restart another step than the one that was chosen.
    const held = panel.contains(document.activeElement);
    const mine = ++newest;
    const skeleton = () => mine === newest && panel.replaceChildren(panelSkeleton(path));
    for (const part of panel.querySelectorAll(INERT)) part.inert = true;
    if (!panel.firstElementChild) skeleton();
    const slow = setTimeout(skeleton, PATIENCE_MS);
    run.dispatchEvent(new CustomEvent("panel", { detail: path }));
    try {
      const html = await fragment(address("panel", { node: path }), asking.signal);
      if (mine !== newest) return;
      clearTimeout(slow);
      panel.innerHTML = html;
      panel.removeAttribute("aria-busy");
      // A link inside the panel was followed: the keys go on in the panel.
      if (held) panel.querySelector("[data-do=close-panel]")?.focus({ preventScroll: true });
    } catch (error) {
      if (mine !== newest) return;
      if (!unanswered(error) && !written()) return location.reload();
      panel.removeAttribute("aria-busy");
      panel.replaceChildren(panelSkeleton(path, unanswered(error) ? "The server does not answer." : error.message));
    } finally {
      clearTimeout(slow);
    }
  }

  let drawn = location.search;
  let looks = 0;
  let seen = 0; // the newest of the looks that has been put in
  async function refreshTab() {
    const body = run.querySelector("[data-part=tab]");
    const asked = new URL(location).search;
    const mine = ++looks;
    const html = await fragment(address("tab", { node: chosen() }));
    if (mine < seen) return; // asked for earlier than what stands there
    seen = mine;
    // What came belongs to another address, and nobody else may be on the way to this one.
    if (new URL(location).search !== asked) return refreshTab();
    const same = asked === drawn;
    drawn = asked;
    if (swap(body, html, same)) log?.swapped();
  }
  if (tab !== "graph") softTab(run, refreshTab, () => drawn);
  const log = tab === "log" ? followLog(run, address) : null;
  function withoutNode(search) {
    const query = new URLSearchParams(search);
    query.delete("node");
    return `${query}`;
  }

  // One after the other: what was asked for later shall not be written over by what comes later.
  let last = Promise.resolve();
  const refresh = () => (last = last.then(renew, renew));

  // The step as it is now, after the one that is on its way: that one may be older than the change.
  async function renewPanel() {
    while (opening) await opening;
    const mine = newest;
    const node = chosen();
    if (!node) return;
    const html = await fragment(address("panel", { node }));
    if (mine === newest) swap(panel, html);
  }

  async function renew() {
    const jobs = [
      fragment(address("head")).then((html) => {
        swap(head, html);
        const title = head.querySelector("[data-seq]");
        const steps = run.querySelector("[data-n=steps]");
        if (steps && title) steps.textContent = title.dataset.steps;
      }),
    ];
    if (tab === "graph") {
      // The graph knows how it is looked at, and asks for itself.
      run
        .querySelector("[data-module=graph]")
        .dispatchEvent(new CustomEvent("renew", { detail: jobs }));
    } else if (!run.querySelector("[data-part=tab] textarea")) {
      // What somebody writes there stays, with the reason why it was refused.
      // Lines are put below those that are there; only the end of the run draws the log anew.
      jobs.push(log && head.querySelector("[data-over]")?.dataset.over !== "1" ? log.more() : refreshTab());
    }
    if (panel) jobs.push(renewPanel());
    await Promise.allSettled(jobs);
  }

  run.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    if (event.target.closest("[data-do=close-panel]")) {
      event.preventDefault();
      show("", true);
      opener?.isConnected && opener.focus();
      return;
    }
    const link = event.target.closest(".node, .step, .step-link");
    if (!link || !panel || event.defaultPrevented) return;
    const path = new URL(link.href?.baseVal ?? link.href, location).searchParams.get("node");
    if (!path) return;
    event.preventDefault();
    opener = link;
    show(path, true);
  });

  // A decision is sent without leaving the page: a refusal stands below the form, which keeps what
  // was typed into it.
  run.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-decide]") || event.defaultPrevented) return;
    event.preventDefault();
    if (form.dataset.sent) return; // pressed twice
    form.dataset.sent = "1";
    const said = form.querySelector("[data-said]");
    const body = new FormData(form, event.submitter);
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body,
        headers: { "HX-Request": "true" },
      });
      if (answer.status === 401 || answer.redirected) throw signedOut();
      if (!answer.ok) throw new Error(await answer.text());
      form.reset();
      await refresh();
    } catch (error) {
      said.querySelector("span").textContent = error.message;
      said.hidden = false;
    } finally {
      delete form.dataset.sent;
    }
  });

  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !panel || work.dataset.panel === "closed") return;
    if (document.querySelector("dialog[open]")) return;
    if (event.target.closest?.("input, textarea") && event.target.value) return;
    const path = chosen();
    show("", true);
    run.querySelector(`.stage [data-path="${CSS.escape(path)}"]`)?.focus();
  });

  addEventListener("popstate", () => {
    const now = new URL(location).searchParams;
    if ((now.get("tab") ?? "graph") !== tab) location.reload();
    else {
      if (tab !== "graph" && withoutNode(location.search) !== withoutNode(drawn)) refreshTab();
      if (panel) show(chosen(), false);
    }
  });

  // On a phone the sheet's handle drags it to full height and back.
  panel?.addEventListener("click", (event) => {
    if (event.target === panel) panel.toggleAttribute("data-full");
  });

  if (run.dataset.over !== "1") {
    listen(`${run.dataset.stream}?after=${run.dataset.seq}`, refresh);
  }
}
