// The graph that the server drew: moved, walked, searched, and brought up to date. Positions are the
// server's; the page moves a window over them, so a redraw changes nothing that the reader has
// arranged.
import { makeFinder } from "./graph_find.js";
import { followKeys } from "./graph_keys.js";
import { followPointer } from "./graph_pointer.js";
import { makeLook } from "./graph_look.js";
import { redraw } from "./graph_redraw.js";
import { followTools } from "./graph_tools.js";
import { makeWindow } from "./graph_window.js";

// Where the reader has moved the window stands in the address, so that a reload and a link show it.
const SETTLED_MS = 200;

function keepPlace(win, run) {
  let timer = null;
  function write() {
    timer = null;
    const url = new URL(location);
    if (win.fitted) url.searchParams.delete("place");
    else url.searchParams.set("place", win.place());
    if (url.search !== location.search) history.replaceState(history.state, "", url);
  }
  if (!win.restore(new URL(location).searchParams.get("place"))) win.fit();
  win.onMoved = () => {
    clearTimeout(timer);
    timer = setTimeout(write, SETTLED_MS);
  };
  // Before the address becomes another entry of the history: the place belongs to this one too.
  run.addEventListener("leave", () => {
    clearTimeout(timer);
    if (timer) write();
  });
}

export function mount(stage) {
  const run = stage.closest(".run");
  const win = makeWindow(stage, run);
  // A run's page has all of it; a preview and a comparison show one drawing.
  const look = stage.querySelector("[data-look-form]")
    ? makeLook(stage, win, run, () => finder.again())
    : null;
  const finder = makeFinder(stage, win, look);
  if (look) {
    win.nextFailed = look.nextFailed;
    followTools(stage, win);
  }
  followPointer(stage, win);
  followKeys(stage, win);

  run.addEventListener("panel", () => {
    requestAnimationFrame(() => {
      if (win.fitted) win.fit();
      const node = win.svg.querySelector(".node[aria-current]");
      if (node) win.reveal(node);
      else win.draw();
    });
  });
  stage.addEventListener("redraw", (event) => {
    redraw(stage, win, event.detail);
    finder.again();
  });
  // The run has gone on: whoever asks waits for what is put into `detail`.
  stage.addEventListener("renew", (event) => event.detail.push(look.renew()));

  if (look) keepPlace(win, run);
  else win.fit();
  new ResizeObserver(() => (win.fitted ? win.fit() : win.draw())).observe(win.viewport);
}
