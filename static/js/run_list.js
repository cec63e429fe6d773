// The list: filters without a page load, and rows that follow what happens.
import { bulk } from "./bulk.js";
import { unanswered } from "./away.js";
import { combobox } from "./combobox.js";
import { fragment, listen, swap } from "./live.js";

const COUNTS_MS = 1500;
const STATES = { live: "Live", connecting: "Connecting", polling: "Every 5 s" };

export function mount(page) {
  const list = page.querySelector("[data-list]");
  let stream = null;
  let asked = 0;
  let live = "live";
  let told = 0;
  let later = null; // counts that are still to be told

  const shown = () => [...list.querySelectorAll("[data-run]")].map((row) => row.dataset.run);
  const part = (query) => {
    const address = new URL(location);
    if (query !== undefined) address.search = query;
    address.searchParams.set("part", "list");
    return address;
  };

  // What was asked for a list that another one has replaced is not put into that one: it was drawn
  // later, and its stream tells every row of it.
  async function ofThis(address) {
    const drawn = list.firstElementChild;
    const html = await fragment(address);
    return drawn.isConnected ? html : null;
  }

  function follow() {
    stream?.stop();
    const ids = shown().join(",");
    // From the newest run shown on, not from now on: one that began while this page was on its way
    // would never be announced.
    const newest = list.querySelector("[data-newest]")?.dataset.newest ?? "";
    stream = listen(`${page.dataset.stream}?ids=${ids}&newest=${newest}`, refresh, {
      onState: (state) => {
        live = state;
        sayState(false);
      },
    });
  }

  function sayState(away) {
    const word = page.querySelector("[data-live-word]");
    if (!word) return;
    word.textContent = away ? "No answer" : STATES[live];
    word.classList.toggle("is-off", away || live !== "live");
  }
  document.addEventListener("away", (event) => sayState(event.detail));

  // What is new is announced and not put in: a row that moves is pressed by mistake.
  async function announce() {
    const address = part();
    address.searchParams.set("part", "news");
    address.searchParams.set("newest", list.querySelector("[data-newest]")?.dataset.newest ?? "");
    address.searchParams.set("had", list.querySelector("[data-total]")?.dataset.total ?? "0");
    const made = document.createElement("div");
    const html = await ofThis(address);
    if (html === null) return;
    made.innerHTML = html;
    for (const name of ["[data-strip]", "[data-news]"]) {
      const old = list.querySelector(name);
      const fresh = made.querySelector(name);
      if (old && fresh && old.innerHTML !== fresh.innerHTML) swap(old, fresh.innerHTML);
    }
    number(made);
  }

  // The same numbers stand in the navigation; what is not said (none; runs of a filter) is not shown.
  function number(made) {
    const totals = made.querySelector("[data-totals]")?.dataset ?? {};
    for (const one of document.querySelectorAll("[data-number]")) {
      const now = totals[one.dataset.number] ?? "";
      if (one.textContent !== now) one.textContent = now;
      one.hidden = !now;
    }
  }

  async function refresh(changes) {
    // The counts follow a run's every step, but not more often than anybody reads them.
    const fresh = changes.some((one) => one.new || one.poll);
    const early = told + COUNTS_MS - performance.now();
    if (!fresh && early > 0) {
      // The last of them may be the last for hours, and its counts would never be shown.
      later ??= setTimeout(() => stream.change({ poll: true }), early);
    } else {
      clearTimeout(later);
      later = null;
      told = performance.now();
      // An empty list fills itself, but not while somebody types a filter in it.
      if (shown().length || list.querySelector("details.menu[open], :focus")) await announce();
      else {
        const html = await ofThis(part());
        if (html === null) return;
        list.innerHTML = html;
        number(list);
        follow();
        return;
      }
    }
    const ids = [...new Set(changes.flatMap((one) => one.runs ?? []))];
    if (!ids.length) return;
    const address = part();
    address.searchParams.set("part", "rows");
    address.searchParams.set("ids", ids.join(","));
    const html = await ofThis(address);
    if (html === null) return;
    const made = document.createElement("tbody");
    made.innerHTML = html;
    for (const row of made.querySelectorAll("[data-run]")) {
      const old = document.getElementById(row.id);
      if (!old || old.querySelector("details.menu[open]")) continue;
      if (old.contains(document.activeElement)) swap(old, row.innerHTML);
      else old.replaceWith(row);
    }
  }

  async function go(query, push) {
    const mine = ++asked;
    const slow = setTimeout(() => list.setAttribute("aria-busy", "true"), 300);
    try {
      const html = await fragment(part(query));
      if (mine !== asked) return;
      list.innerHTML = html;
      number(list);
      // What was typed is a filter now: the address says it as the server does.
      const said = new URLSearchParams(query).has("q")
        ? list.querySelector("[data-query]").dataset.query
        : query;
      if (push) history.pushState(null, "", location.pathname + said);
      follow();
    } catch (error) {
      if (mine === asked && !unanswered(error)) location.search = query; // else it is said already
    } finally {
      clearTimeout(slow);
      if (mine === asked) list.removeAttribute("aria-busy");
    }
  }

  list.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    // By attribute: a bar of the chart is a link of SVG, whose `href` is no text.
    const address = new URL(link.getAttribute("href"), location);
    // On a phone a run opens with its steps: the graph is a tap away, and larger than the screen.
    if (link.matches(".wf > a:first-child") && matchMedia("(max-width: 640px)").matches) {
      link.search = "?tab=steps";
      return;
    }
    if (address.origin !== location.origin || address.pathname !== location.pathname) return;
    event.preventDefault();
    const back = placeOf(link);
    go(address.search, true).then(() => {
      if (link.closest(".table-foot")) scrollTo({ top: 0 });
      if (document.activeElement === document.body) back().focus({ preventScroll: true });
    });
  });

  // What was pressed is drawn anew with the list: the keys go on from the link in its place, or
  // from the beginning of the list where there is none any more.
  function placeOf(link) {
    const around = [".counts", ".tabs", ".activity", ".table-foot"].find((one) => link.closest(one));
    if (!around) return () => list;
    const links = () => [...(list.querySelector(around)?.querySelectorAll("a") ?? [])];
    const at = links().indexOf(link);
    return () => links().find((one) => link.rel && one.rel === link.rel) ?? links()[at] ?? list;
  }

  const find = () => list.querySelector("input[data-suggest]");
  const take = (form) =>
    go(`?${new URLSearchParams(new FormData(form))}`, true).then(() => find()?.focus());

  list.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-filter]");
    if (!form) return;
    event.preventDefault();
    take(form);
  });

  list.addEventListener("keydown", (event) => {
    if (event.key !== "Backspace" || event.target !== find() || event.target.value) return;
    const last = [...list.querySelectorAll(".filter a")].at(-1);
    if (last) {
      event.preventDefault();
      go(new URL(last.href).search, true).then(() => find()?.focus());
    }
  });

  addEventListener("popstate", () => go(location.search, false));
  bulk(page, list);
  combobox(list, take);
  follow();
}
