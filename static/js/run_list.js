// The list: filters without a page load, and rows that follow what happens.
import { bulk } from "./bulk.js";
import { fragment, listen, swap } from "./live.js";

export function mount(page) {
  const list = page.querySelector("[data-list]");
  let stream = null;
  let asked = 0;

  const shown = () => [...list.querySelectorAll("[data-run]")].map((row) => row.dataset.run);
  const newest = () => !new URL(location).searchParams.has("before");
  const part = (query) => {
    const address = new URL(location);
    if (query !== undefined) address.search = query;
    address.searchParams.set("part", "list");
    return address;
  };

  function follow() {
    stream?.stop();
    const ids = shown().join(",");
    stream = listen(`${page.dataset.stream}?ids=${ids}`, refresh, {
      onState: (state) => {
        const word = page.querySelector("[data-live-word]");
        if (word) {
          word.textContent = { live: "Live", connecting: "Connecting", polling: "Every 5 s" }[state];
          word.classList.toggle("is-off", state !== "live");
        }
      },
    });
  }

  async function refresh(changes) {
    const fresh = changes.some((one) => one.new || one.poll);
    if (fresh && newest()) {
      const before = shown().join();
      const held = list.querySelector("details.menu[open], input:focus:not(:placeholder-shown)");
      if (held) {
        list.querySelector("[data-new]")?.removeAttribute("hidden");
      } else {
        const html = await fragment(part());
        swap(list, html);
        if (shown().join() !== before) follow();
        return;
      }
    }
    const ids = [...new Set(changes.flatMap((one) => one.runs ?? []))];
    if (!ids.length) return;
    const html = await fragment(`${location.pathname}?part=rows&ids=${ids.join(",")}`);
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
      if (push) history.pushState(null, "", location.pathname + query);
      list.innerHTML = html;
      follow();
    } catch {
      location.search = query;
    } finally {
      clearTimeout(slow);
      list.removeAttribute("aria-busy");
    }
  }

  list.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const address = new URL(link.href);
    // On a phone a run opens with its steps: the graph is a tap away, and larger than the screen.
    if (link.matches(".wf > a:first-child") && matchMedia("(max-width: 640px)").matches) {
      link.search = "?tab=steps";
      return;
    }
    if (address.origin !== location.origin || address.pathname !== location.pathname) return;
    event.preventDefault();
    go(address.search, true).then(() => {
      if (link.closest(".table-foot")) scrollTo({ top: 0 });
    });
  });

  list.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-filter]");
    if (!form) return;
    event.preventDefault();
    go(toQuery(form), true).then(() => list.querySelector("input[name=q]")?.focus());
  });

  list.addEventListener("keydown", (event) => {
    if (event.key !== "Backspace" || event.target.name !== "q" || event.target.value) return;
    const last = [...list.querySelectorAll(".filter a")].at(-1);
    if (last) {
      event.preventDefault();
      go(new URL(last.href).search, true).then(() => list.querySelector("input[name=q]")?.focus());
    }
  });

  addEventListener("popstate", () => go(location.search, false));
  bulk(page, list);
  follow();
}

// "status:failed deploy" → status=failed and q=deploy; what the page does not know stays text.
function toQuery(form) {
  const query = new URLSearchParams(new FormData(form));
  const words = [];
  for (const word of (query.get("q") ?? "").split(/\s+/)) {
    const [, key, value] = word.match(/^(status|workflow|chip|tag):(.+)$/) ?? [];
    if (key) query.set(key, value);
    else if (word) words.push(word);
  }
  if (words.length) query.set("q", words.join(" "));
  else query.delete("q");
  const text = query.toString();
  return text ? `?${text}` : "?";
}
