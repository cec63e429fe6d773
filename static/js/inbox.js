// The inbox follows the count in the navigation: a question that was answered goes, a new one comes,
// and what is typed stays.
import { fragment, swap } from "./live.js";

export function mount(list) {
  document.addEventListener("counted", async () => {
    if (list.querySelector("[data-wrong]")) return; // somebody mends a form
    try {
      swap(list, await fragment(list.dataset.address));
    } catch {
      // With the next change.
    }
  });
}
