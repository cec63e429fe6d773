// Fork with changes: a dialog where scripts run, a page where they do not. What is typed shows at once
// what it would run again; only the server knows that, and it gets the form as it would be sent.

const WAIT_MS = 250;
let opening = false;

// The link opens the form as a dialog over the page it stands on.
addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-fork]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (opening) return; // pressed twice
  opening = true;
  const menu = link.closest("details");
  if (menu) menu.open = false;
  const address = new URL(link.href);
  address.searchParams.set("part", "dialog");
  let html;
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.redirected || answer.status === 204) throw new Error(answer.status);
    html = await answer.text();
  } catch {
    location.assign(link.href); // the page says what is wrong
    return;
  } finally {
    opening = false;
  }
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "fork-title");
  dialog.innerHTML = html;
  document.body.append(dialog);
  mount(dialog);
  dialog.addEventListener("close", () => {
    dialog.remove();
    const back = menu ? menu.querySelector("summary") : link;
    back.focus();
  });
  dialog.addEventListener("click", (press) => {
    if (press.target === dialog || press.target.closest("[data-do=close-dialog]")) {
      press.preventDefault();
      dialog.close();
    }
  });
  dialog.showModal();
  dialog.querySelector(".field :is(input, select, textarea)")?.focus();
});

export function mount(box) {
  const form = box.querySelector("[data-fork-form]");
  const side = form.querySelector("[data-side]");
  let timer = null;
  let asked = 0;
  let pending = null; // the preview that is on its way
  let waiting = false; // a start waits for it
  let shown = () => {}; // says that it has come

  const controlOf = (field) => field.querySelector("input, select, textarea");
  const brief = (text) => (text.length > 40 ? `${text.slice(0, 39)}…` : text) || "empty";

  function mark() {
    let changed = 0;
    for (const field of form.querySelectorAll("[data-field]")) {
      const { value } = controlOf(field);
      const other = value !== field.dataset.was;
      changed += other;
      field.classList.toggle("is-changed", other);
      field.querySelector(".changed-flag").hidden = !other;
      field.querySelector(".was").hidden = !other;
      const now = field.querySelector("ins");
      if (now) now.textContent = brief(value);
    }
    form.querySelector("[data-sum]").textContent = `${changed} field${changed === 1 ? "" : "s"} changed`;
  }

  async function show() {
    const mine = ++asked;
    const address = new URL(form.action);
    address.searchParams.set("part", "side");
    const body = new FormData(form);
    body.set("do", "preview");
    side.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { method: "POST", body });
      const html = await answer.text();
      if (mine !== asked) return;
      if (answer.redirected || answer.status === 403) throw new Error("signed out");
      side.innerHTML = html;
    } catch {
      if (mine === asked) form.querySelector("[data-sum]").textContent = "The server does not answer";
    } finally {
      if (mine === asked) {
        side.removeAttribute("aria-busy");
        shown();
      }
    }
  }

  function soon(wait = WAIT_MS) {
    mark();
    clearTimeout(timer);
    asked += 1; // what is on its way is of something else
    // One promise until the newest of them is shown: who waits is not left behind by the next key.
    pending ??= new Promise((done) => {
      shown = () => {
        pending = null;
        done();
      };
    });
    timer = setTimeout(show, wait);
  }

  form.addEventListener("input", (event) => {
    if (event.target.closest("[data-field], [data-json]")) soon();
  });
  form.addEventListener("submit", async (event) => {
    const by = event.submitter;
    if (by?.name === "reset") {
      event.preventDefault();
      const field = by.closest("[data-field]");
      const control = controlOf(field);
      control.value = field.dataset.was;
      control.focus();
      soon(0);
    } else if (by?.name === "do") {
      event.preventDefault();
      soon(0);
    } else if (pending) {
      // What is committed is what was shown, so it has to be shown first.
      event.preventDefault();
      if (waiting) return; // pressed twice
      waiting = true;
      while (pending) await pending;
      waiting = false;
      if (form.reportValidity()) form.requestSubmit(form.querySelector("[data-start]"));
    }
  });
}
