// Suggestions for the word that is being typed, from the server. The pattern is the combobox with a
// list: the focus stays in the field, arrows choose, Enter takes, Escape closes.

const WAIT_MS = 80;

export function combobox(list, take) {
  let timer = null;
  let asked = 0;
  let at = -1;

  const field = () => list.querySelector("input[data-suggest]");
  const box = () => list.querySelector("#find-list");
  const options = () => [...box().children];

  // The word around the caret: that one is completed, the others stay.
  function word(input) {
    const caret = input.selectionStart ?? input.value.length;
    const begin = input.value.slice(0, caret).search(/(?:[^\s"]|"[^"]*"?)*$/);
    const rest = input.value.slice(caret).match(/^\S*/)[0];
    return { begin, end: caret + rest.length, text: input.value.slice(begin, caret) };
  }

  function close() {
    clearTimeout(timer);
    asked += 1;
    at = -1;
    if (!box()) return;
    box().hidden = true;
    field().setAttribute("aria-expanded", "false");
    field().removeAttribute("aria-activedescendant");
  }

  function choose(next) {
    const all = options();
    at = all.length ? (next + all.length) % all.length : -1;
    all.forEach((one, n) => one.setAttribute("aria-selected", String(n === at)));
    field().setAttribute("aria-activedescendant", all[at]?.id ?? "");
    all[at]?.scrollIntoView({ block: "nearest" });
  }

  async function open(input) {
    const mine = ++asked;
    const address = `${input.dataset.suggest}?word=${encodeURIComponent(word(input).text)}`;
    const answer = await fetch(address).catch(() => null);
    if (!answer?.ok || mine !== asked || document.activeElement !== field()) return;
    const { items } = await answer.json();
    if (mine !== asked) return;
    // What the arrows have chosen meanwhile stays chosen.
    const kept = options()[at]?.dataset.value;
    box().replaceChildren(...items.map(option));
    at = -1;
    box().hidden = !items.length;
    input.setAttribute("aria-expanded", String(items.length > 0));
    input.removeAttribute("aria-activedescendant");
    const again = items.findIndex(({ value }) => value === kept);
    if (again >= 0) choose(again);
  }

  function option({ value, says }, n) {
    const made = document.createElement("li");
    made.id = `find-${n}`;
    made.dataset.value = value;
    made.setAttribute("role", "option");
    made.setAttribute("aria-selected", "false");
    const code = document.createElement("code");
    code.textContent = value;
    const small = document.createElement("small");
    small.textContent = says;
    made.append(code, small);
    return made;
  }

  // A key waits for its value; a whole filter is taken at once.
  function accept(value) {
    const input = field();
    const { begin, end } = word(input);
    const whole = !value.endsWith(":");
    input.value = `${input.value.slice(0, begin)}${value}${whole ? " " : ""}${input.value.slice(end)}`;
    const caret = begin + value.length + (whole ? 1 : 0);
    input.setSelectionRange(caret, caret);
    close();
    if (whole) take(input.form);
    else open(input);
  }

  list.addEventListener("input", (event) => {
    if (event.target !== field()) return;
    clearTimeout(timer);
    timer = setTimeout(() => open(event.target), WAIT_MS);
  });
  // Not when the focus comes: it comes back after every filter, and the list would hide the rows.
  list.addEventListener("mouseup", (event) => {
    if (event.target === field() && box().hidden) open(event.target);
  });
  list.addEventListener("focusout", (event) => {
    if (event.target.matches?.("input[data-suggest]")) close();
  });
  // Before the focus would leave the field.
  list.addEventListener("mousedown", (event) => {
    if (event.target.closest("#find-list")) event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    const one = event.target.closest("#find-list li");
    if (one) accept(one.dataset.value);
  });
  list.addEventListener("keydown", (event) => {
    if (event.target !== field()) return;
    const shown = !box().hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!shown) open(event.target);
      else choose(event.key === "ArrowDown" ? at + 1 : at < 0 ? -1 : at - 1);
    } else if (event.key === "Enter" && shown && at >= 0) {
      event.preventDefault();
      accept(options()[at].dataset.value);
    } else if (event.key === "Escape") {
      // A search field is emptied by the browser on Escape: what was typed would be lost with the list.
      event.preventDefault();
      if (shown) event.stopPropagation();
      close(); // also what is still on its way
    } else if (event.key === "Enter") {
      close();
    }
  });
}
