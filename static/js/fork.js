// Fork with changes: a dialog where scripts run, a page where they do not. What is typed shows at once
// what it would run again; only the server knows that, and it gets the form as it would be sent.
import { signedOut, written } from "./session.js";

const WAIT_MS = 250;
const drafts = new Map(); // by address: a dialog with something written in it, or an open one
let opening = false;
let opener = null; // gets the focus back

// The link opens the form as a dialog over the page it stands on.
addEventListener("click", async (event) => {
  const link = event.target.closest?.("a[data-fork]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (opening) return; // pressed twice
  const menu = link.closest("details");
  if (menu) menu.open = false;
  const dialog = drafts.get(link.href) ?? (await made(link));
  if (!dialog || dialog.open) return;
  opener = menu ? menu.querySelector("summary") : link;
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector(".field :is(input, select, textarea)")?.focus();
  if (written(dialog)) dialog.dispatchEvent(new Event("shown-again"));
});

async function made(link) {
  const address = new URL(link.href);
  address.searchParams.set("part", "dialog");
  let html;
  opening = true;
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.redirected || answer.status === 204) throw new Error(answer.status);
    html = await answer.text();
  } catch {
    location.assign(link.href); // the page says what is wrong
    return null;
  } finally {
    opening = false;
  }
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "fork-title");
  dialog.innerHTML = html;
  mount(dialog);
  // The press begins and ends beside the form; a text that is selected past its edge only ends there.
  let beside = false;
  dialog.addEventListener("pointerdown", (press) => (beside = press.target === dialog));
  dialog.addEventListener("click", (press) => {
    const button = press.target.closest("[data-do=close-dialog]");
    if (!button && !(beside && press.target === dialog)) return;
    press.preventDefault();
    if (button?.closest(".dialog-foot")) drafts.delete(link.href); // Cancel
    dialog.close();
  });
  dialog.addEventListener("close", () => {
    // The event comes a moment after the dialog has closed, which may stand there again by then.
    if (dialog.open) return;
    dialog.remove();
    if (drafts.get(link.href) === dialog && !written(dialog)) drafts.delete(link.href);
    opener.focus();
  });
  drafts.set(link.href, dialog);
  return dialog;
}

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
    const changed = new Set();
    for (const field of form.querySelectorAll("[data-field]")) {
      const { name, value } = controlOf(field);
      const other = value !== field.dataset.was;
      if (other) changed.add(name);
      field.classList.toggle("is-changed", other);
      field.querySelector(".changed-flag").hidden = !other;
      field.querySelector(".was").hidden = !other;
      const now = field.querySelector("ins");
      if (now) now.textContent = brief(value);
    }
    for (const key of named()) changed.add(`input.${key}`);
    const { size } = changed;
    form.querySelector("[data-sum]").textContent = `${size} field${size === 1 ? "" : "s"} changed`;
  }

  // What the JSON names goes before the fields.
  function named() {
    try {
      const typed = JSON.parse(form.elements.json.value);
      return typed instanceof Object && !Array.isArray(typed) ? Object.keys(typed) : [];
    } catch {
      return []; // none, or none yet
    }
  }

  async function show() {
    const mine = ++asked;
    const address = new URL(form.action);
    address.searchParams.set("part", "side");
    const body = new FormData(form);
    body.set("do", "preview");
    side.setAttribute("aria-busy", "true");
    try {
      const headers = { "HX-Request": "true" };
      const answer = await fetch(address, { method: "POST", body, headers });
      const html = await answer.text();
      if (mine !== asked) return;
      if (answer.status === 401) throw signedOut();
      if (!answer.ok) throw new Error(html);
      if (answer.headers.has("HX-Redirect")) return location.assign(answer.headers.get("HX-Redirect"));
      side.innerHTML = html;
    } catch (error) {
      if (mine === asked) refuse(error instanceof TypeError ? "The server does not answer." : error.message);
    } finally {
      if (mine === asked) {
        side.removeAttribute("aria-busy");
        shown();
      }
    }
  }

  // In the place of a preview that is none any more, and of the plan that it would commit.
  function refuse(why) {
    side.innerHTML = '<h2>What will happen</h2><p class="note" role="alert" data-status="failed"></p>';
    side.lastChild.textContent = why;
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
  box.addEventListener("shown-again", () => soon(0));
  document.addEventListener("signed-in", () => form.isConnected && soon(0));
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
    } else if (!form.elements.plan_id) {
      event.preventDefault(); // nothing can be started: the reason stands there, if it still holds
      soon(0);
      await pending;
      const reason = side.querySelector("[role=alert]");
      reason?.setAttribute("tabindex", "-1");
      reason?.focus();
    }
  });
}
