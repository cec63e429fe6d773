// A stream says what changed; the page fetches it from its normal address.
//
// Changes are gathered for a moment, and a new fetch waits for the one before it: a fast run costs a
// slow page a few large updates, never a queue of small ones. EventSource connects again by itself
// and sends Last-Event-ID; where it cannot connect at all, the page asks every few seconds.
import { ask } from "./away.js";
import { changed, signedOut } from "./session.js";

const GATHER_MS = 120;
const POLL_MS = 5000;
const SCROLLED = ".panel-body, .json, .log, .facts, .toolbar, [data-scroll]";

export function listen(address, refresh, { onState } = {}) {
  let timer = null;
  let busy = false;
  let waiting = [];
  let poll = null;
  let source = null;
  let failures = 0;
  let stopped = false;

  async function flush() {
    timer = null;
    if (busy) return;
    busy = true;
    const changes = waiting;
    waiting = [];
    const began = performance.now();
    try {
      await refresh(changes);
    } catch {
      // The next change or poll tries again.
    }
    busy = false;
    if (waiting.length) schedule(Math.max(GATHER_MS, performance.now() - began));
  }

  function schedule(wait = GATHER_MS) {
    if (timer === null && !busy && !stopped) timer = setTimeout(flush, wait);
  }

  function change(data) {
    waiting.push(data);
    if (!document.hidden) schedule();
  }

  function startPolling() {
    if (poll === null) poll = setInterval(() => change({ poll: true }), POLL_MS);
  }

  function stopPolling() {
    clearInterval(poll);
    poll = null;
  }

  function connect() {
    if (stopped) return;
    source?.close();
    source = new EventSource(address);
    source.onopen = () => {
      failures = 0;
      stopPolling();
      onState?.("live");
    };
    source.onerror = () => {
      failures += 1;
      onState?.(failures > 1 ? "polling" : "connecting");
      if (source.readyState === EventSource.CLOSED || failures > 2) startPolling();
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, 15000);
    };
    source.addEventListener("change", (event) => {
      try {
        change(JSON.parse(event.data));
      } catch {
        change({});
      }
    });
    source.addEventListener("end", () => {
      change({ end: true });
      close();
    });
  }

  function close() {
    source?.close();
    stopPolling();
  }

  // For good: neither a timer nor the way back to this page opens it again.
  function stop() {
    stopped = true;
    clearTimeout(timer);
    close();
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && waiting.length) schedule(0);
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => {
    if (event.persisted) connect();
  });
  connect();
  return { stop, change };
}

export async function fragment(address, signal) {
  const answer = await ask(address, { headers: { "HX-Request": "true" }, signal });
  if (answer.status === 401 || answer.redirected) throw signedOut();
  if (!answer.ok) throw new Error(`The server answers ${answer.status}.`);
  const html = await answer.text();
  await released();
  return html;
}

// Until no button of the pointer is down. A click needs the element that it began on: put in between,
// new HTML would take away the button under the finger, and nothing would happen.
const TAP_MS = 60; // of a finger, the click comes a moment after it was lifted
let press = null; // { over: a promise, end: what keeps it }
let lifting = 0;

async function released() {
  while (press) await press.over;
}

function pressed(event) {
  if (event.button || !event.isPrimary) return;
  clearTimeout(lifting);
  lifting = 0;
  if (press) return;
  press = {};
  press.over = new Promise((resolve) => (press.end = resolve));
}

function lifted(event) {
  if (!press || lifting || event.isPrimary === false) return;
  lifting = setTimeout(() => {
    const { end } = press;
    press = null;
    lifting = 0;
    end();
  }, TAP_MS);
}

addEventListener("pointerdown", pressed, true);
for (const name of ["pointerup", "pointercancel", "contextmenu"]) addEventListener(name, lifted, true);
// Lifted where this page could not see it: outside, or on a list that the system draws.
addEventListener("blur", lifted);
addEventListener("pointermove", (event) => event.buttons || lifted(event), true);

// Put new HTML into an element and keep what the reader holds: an open menu keeps the old content,
// focus goes back to the same link or button, scrolled boxes stay where they are, fields keep what
// was typed into them.
export function swap(element, html, keepFolds = true) {
  if (element.innerHTML === html || element.querySelector("details.menu[open]")) return false;
  const held = element.contains(document.activeElement) ? describe(document.activeElement) : null;
  const scrolled = [...element.querySelectorAll(SCROLLED)].map((box) => [
    box.dataset.scroll || box.id || box.className,
    box.scrollTop,
    box.scrollLeft,
  ]);
  const typed = [...element.querySelectorAll("form [id][name]")].filter(changed);
  const caret = element.contains(document.activeElement) ? caretOf(document.activeElement) : null;
  const wrapped = element.querySelector("[data-log].is-wrapped") !== null;
  const folded = new Map(
    [...element.querySelectorAll("details[data-at]")].map((one) => [one.dataset.at, one.open]),
  );
  element.innerHTML = html;
  for (const one of element.querySelectorAll("details[data-at]")) {
    if (keepFolds && folded.has(one.dataset.at)) one.open = folded.get(one.dataset.at);
  }
  for (const [name, top, left] of scrolled) {
    const box = [...element.querySelectorAll(SCROLLED)].find(
      (one) => (one.dataset.scroll || one.id || one.className) === name,
    );
    if (box) [box.scrollTop, box.scrollLeft] = [top, left];
  }
  if (wrapped) element.querySelector("[data-log]")?.classList.add("is-wrapped");
  for (const old of typed) {
    const field = element.querySelector(`form [id="${CSS.escape(old.id)}"]`);
    if (field?.name === old.name) field.value = old.value;
  }
  if (held) {
    const again = element.querySelector(held);
    again?.focus({ preventScroll: true });
    if (again && caret) again.setSelectionRange(...caret);
  }
  return true;
}

// Where in a text the reader writes; numbers and choices have no such place.
function caretOf(field) {
  return typeof field.selectionStart === "number"
    ? [field.selectionStart, field.selectionEnd]
    : null;
}

function describe(element) {
  // The address of a row's link changes with every filter; its place in the row does not.
  const row = element.matches(".step, .twist") && element.closest("tr[data-path]");
  if (row) {
    const link = element.matches(".twist") ? ".twist" : ".step";
    return `tr[data-path="${CSS.escape(row.dataset.path)}"] ${link}`;
  }
  for (const name of ["id", "data-path", "data-hold", "data-copy", "data-key", "href", "aria-label"]) {
    const value = element.getAttribute(name);
    if (value) return `[${name}="${CSS.escape(value)}"]`;
  }
  return null;
}
