// The selection of the list: kept by run id, so that rows may be renewed while somebody ticks.

export function bulk(page, list) {
  const bar = page.querySelector("[data-bulk]");
  if (!bar) return;
  const picked = new Set();
  const word = bar.querySelector("[data-picked]");
  const all = bar.elements.all ?? { value: "" }; // who only looks compares, and no more
  const button = (name) => bar.querySelector(`[data-do=${name}]`);
  const boxes = () => [...list.querySelectorAll("[data-pick]")];

  function show() {
    const head = list.querySelector("[data-pick-all]");
    const shown = boxes();
    // What is not on the page is not sent, and must not be counted.
    for (const id of [...picked]) if (!shown.some((box) => box.value === id)) picked.delete(id);
    for (const box of shown) box.checked = picked.has(box.value);
    const whole = shown.length > 0 && picked.size === shown.length;
    if (!whole) all.value = "";
    if (head) {
      head.checked = whole;
      head.indeterminate = picked.size > 0 && !whole;
    }
    const total = list.querySelector("[data-total]")?.dataset.total ?? "";
    word.textContent = all.value ? `All ${total} selected` : `${picked.size} selected`;
    bar.toggleAttribute("data-open", picked.size > 0);
    const more = button("all");
    if (more) {
      more.hidden = !whole || Boolean(all.value) || total === String(shown.length);
      const filtered = list.querySelector("[data-total]")?.hasAttribute("data-filtered");
      more.value = filtered ? "1" : "every";
      more.textContent = filtered ? `Select all ${total} that match` : `Select every run (${total})`;
    }
    const two = picked.size === 2 && !all.value;
    button("compare").hidden = !two;
    if (two) {
      const [older, newer] = [...picked].sort();
      button("compare").href = `/runs/${older}/compare/${newer}`;
    }
    const hint = bar.querySelector("[data-hint]");
    if (hint) hint.hidden = two;
    if (bar.elements.query) bar.elements.query.value = location.search;
  }

  list.addEventListener("change", (event) => {
    const box = event.target;
    if (box.matches("[data-pick]")) {
      if (box.checked) picked.add(box.value);
      else picked.delete(box.value);
    } else if (box.matches("[data-pick-all]")) {
      picked.clear();
      if (box.checked) for (const one of boxes()) picked.add(one.value);
    } else return;
    all.value = "";
    show();
  });
  bar.addEventListener("click", (event) => {
    const what = event.target.closest("[data-do]")?.dataset.do;
    // Without a filter it is every run, and the server wants to be told that this is meant.
    if (what === "all") all.value = button("all").value;
    else if (what === "none") picked.clear();
    else return;
    show();
  });
  addEventListener("keydown", (event) => {
    // What is open above the list is closed first.
    const above = document.querySelector("details.menu[open], dialog[open]");
    if (event.key === "Escape" && picked.size && !above) {
      picked.clear();
      show();
    }
  });
  // Ticked before this script was there.
  for (const box of boxes()) if (box.checked) picked.add(box.value);
  new MutationObserver(show).observe(list, { childList: true, subtree: true });
  show();
}
