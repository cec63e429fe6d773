// Tabs of a run that filter, fold and page: links and forms marked data-soft change the address and
// fetch the tab again, so that each view has its address and works without this script.

const TYPED_MS = 180;
const MANY = ["open", "shut"]; // of these the address has several

// `drawn` says which view is shown, that is: which one its links were made for.
export function softTab(run, refresh, drawn) {
  const body = run.querySelector("[data-part=tab]");
  if (!body) return;
  let timer = null;
  const typed = new Map(); // fields that are not in the address yet
  showChosen();

  // The row of the step that the address names. On a phone the page itself scrolls, and stays put.
  function showChosen() {
    const list = body.querySelector("[data-scroll]");
    const row = list?.querySelector("tr[aria-selected=true]")?.getBoundingClientRect();
    const box = list?.getBoundingClientRect();
    if (row && (row.top < box.top || row.bottom > box.bottom))
      list.scrollTop += row.top - box.top - (box.height - row.height) / 2;
  }

  function go(url, replace) {
    const now = new URL(location);
    if (url.search === now.search) return;
    url.hash = "";
    if (replace) history.replaceState(null, "", url);
    else history.pushState(null, "", url);
    return refresh();
  }

  run.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest("a[data-soft]");
    if (!link) return;
    event.preventDefault();
    const url = follow(new URL(link.href).searchParams);
    take(url);
    // Another page of rows is a place to come back from; another look at the same rows is not.
    const page = link.dataset.soft === "page";
    go(url, !page)?.then(() => {
      const box = page && body.querySelector("[data-scroll]");
      // The page begins where it is read from; earlier lines of a log are read from their end.
      if (box) box.scrollTop = box.matches("[data-log]") ? box.scrollHeight : 0;
      // The link may be gone with what it led away from.
      if (document.activeElement === document.body) body.focus({ preventScroll: true });
    });
  });

  // What a link changes of the view that it was drawn for. What was selected, folded or filtered
  // since then is not in it, and stays.
  function follow(wanted) {
    const url = new URL(location);
    const before = new URLSearchParams(drawn());
    for (const name of new Set([...wanted.keys(), ...before.keys()])) {
      const [to, from] = [wanted.getAll(name), before.getAll(name)];
      if (to.join("\n") === from.join("\n")) continue;
      const now = url.searchParams.getAll(name);
      const kept = MANY.includes(name) ? now.filter((one) => !from.includes(one)) : [];
      url.searchParams.delete(name);
      for (const value of new Set([...kept, ...to])) url.searchParams.append(name, value);
      typed.delete(name);
    }
    return url;
  }

  // What was typed and is not in the address yet. Other rows are read from their beginning.
  function take(url) {
    clearTimeout(timer);
    if (typed.size) for (const name of ["from", "before"]) url.searchParams.delete(name);
    for (const [name, value] of typed) {
      if (value) url.searchParams.set(name, value);
      else url.searchParams.delete(name);
    }
    typed.clear();
  }

  // All else as the address has it: the form may be older than the last link that was followed.
  function send() {
    const url = new URL(location);
    take(url);
    url.searchParams.set("tab", run.dataset.tab);
    go(url, true);
  }

  run.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-soft]")) return;
    event.preventDefault();
    for (const [name, value] of new FormData(event.target)) {
      if (event.target.elements[name].type !== "hidden") typed.set(name, value);
    }
    send();
  });
  run.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-soft]");
    if (!form) return;
    clearTimeout(timer);
    typed.set(event.target.name, event.target.value);
    timer = setTimeout(send, event.target.matches("select, [type=checkbox]") ? 0 : TYPED_MS);
  });

  // A space presses what is a button and is made as a link, so that it works without this script.
  body.addEventListener("keydown", (event) => {
    if (event.key !== " " || !event.target.matches("a[role=button]")) return;
    event.preventDefault();
    if (!event.repeat) event.target.click();
  });

  // Rows: arrows and j, k go up and down, left and right close and open.
  body.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey) return;
    const row = event.target.closest("tr[data-path]");
    if (!row) return;
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    const twist = row.querySelector(".twist");
    if (step) {
      const rows = [...row.parentElement.querySelectorAll("tr[data-path]:has(a)")];
      const next = rows[rows.indexOf(row) + step];
      // Enter opens the step; a turn is no step, and can only be opened or closed.
      (next?.querySelector("a.step") ?? next?.querySelector(".twist"))?.focus();
      event.stopPropagation();
      event.preventDefault();
    } else if (
      (event.key === "ArrowRight" && twist?.getAttribute("aria-expanded") === "false") ||
      (event.key === "ArrowLeft" && twist?.getAttribute("aria-expanded") === "true")
    ) {
      event.preventDefault();
      twist.click();
    }
  });

  run.addEventListener("click", (event) => {
    const fold = event.target.closest("[data-do=fold], [data-do=unfold]");
    if (fold) {
      for (const one of body.querySelectorAll(".jv details")) one.open = fold.dataset.do === "unfold";
    } else if (event.target.closest("[data-do=next-failed]")) nextFailed();
    else if (event.target.closest(".g-plot")) chooseRow(event);
  });

  function nextFailed() {
    const bad = "tr:is([data-status=failed], [data-status=timeout]):not([data-handled])";
    const rows = [...body.querySelectorAll(bad)].filter((row) => row.querySelector(".step"));
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.matches("[aria-selected=true]"));
    const row = rows[(at + 1) % rows.length];
    row.scrollIntoView({ block: "center" });
    row.querySelector(".step").click();
    row.querySelector(".step").focus({ preventScroll: true });
  }

  // A bar stands for its row; the table beside the drawing has the link.
  function chooseRow(event) {
    const plot = event.target.closest(".g-plot");
    const high = body.querySelector(".g-names tbody tr").offsetHeight;
    const number = Math.floor((event.clientY - plot.getBoundingClientRect().top) / high);
    body.querySelectorAll(".g-names tbody tr")[number]?.querySelector(".step")?.click();
  }
  run.addEventListener("panel", () => {
    const mark = body.querySelector(".g-chosen");
    if (!mark) return;
    const rows = [...body.querySelectorAll(".g-names tbody tr")];
    const at = rows.findIndex((row) => row.matches("[aria-selected=true]"));
    mark.setAttribute("y", String(at * (rows[0]?.offsetHeight ?? 28)));
  });

  // What runs grows, also while nothing happens.
  if (run.dataset.tab === "timeline" && run.dataset.over !== "1") {
    const beat = setInterval(() => {
      if (!body.querySelector(".g-plot .now")) clearInterval(beat);
      else if (!document.hidden && !body.contains(document.querySelector("input:focus"))) refresh();
    }, 2000);
  }
}
