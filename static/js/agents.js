// Agents come and go: what is marked as live is asked for every few seconds while somebody looks.
import { fragment, swap } from "./live.js";

const EVERY_MS = 5000;

export function mount() {
  let busy = false;

  async function look() {
    if (document.hidden || busy) return;
    busy = true;
    const address = new URL(location.href);
    address.searchParams.set("part", "live");
    const made = document.createElement("template");
    try {
      made.innerHTML = await fragment(address.pathname + address.search);
      for (const part of made.content.querySelectorAll("[data-live]")) {
        const old = document.getElementById(part.id);
        if (old) swap(old, part.innerHTML);
      }
      show(true);
    } catch {
      show(false); // the next look tries again
    }
    busy = false;
  }

  function show(live) {
    for (const word of document.querySelectorAll(".live")) {
      word.classList.toggle("is-off", !live);
      word.textContent = live ? "Live" : "No answer";
    }
  }

  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
}
