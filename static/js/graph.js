// Pan, zoom and walk in the graph that the server drew. Positions are the server's; this only moves
// the window over them (the viewBox), so a redraw changes nothing that the reader has arranged.
import { inField } from "./shortcuts.js";

const MOST = 2.5;
const PADDING = 12;

export function mount(stage) {
  const canvas = stage.querySelector("[data-part=graph]");
  const run = stage.closest("[data-module=run]");
  const word = stage.querySelector("[data-zoom-word]");
  let viewport;
  let svg;
  let size;
  let view; // {x, y, scale}: what is at the upper left corner, and pixels for each unit
  let fitted = true;
  let moved = false;

  function adopt() {
    viewport = canvas.querySelector(".viewport");
    svg = viewport.querySelector("svg");
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    size = size ?? {};
    const same = size.width === width && size.height === height;
    size = { width, height };
    viewport.classList.add("is-live");
    return same;
  }

  const room = () => ({ width: viewport.clientWidth, height: viewport.clientHeight });

  function least() {
    const { width, height } = room();
    return Math.min(0.5, (width - 24) / size.width, (height - 24) / size.height);
  }

  function draw() {
    const { width, height } = room();
    if (!width || !height) return;
    svg.setAttribute(
      "viewBox",
      [view.x, view.y, width / view.scale, height / view.scale].map((n) => n.toFixed(2)).join(" "),
    );
    word.textContent = `${Math.round(view.scale * 100)} %`;
    const mini = canvas.querySelector(".mm-view");
    if (mini) {
      const x = Math.max(0, view.x);
      const y = Math.max(0, view.y);
      mini.setAttribute("x", x);
      mini.setAttribute("y", y);
      const right = Math.min(size.width, view.x + width / view.scale);
      const bottom = Math.min(size.height, view.y + height / view.scale);
      mini.setAttribute("width", Math.max(0, right - x));
      mini.setAttribute("height", Math.max(0, bottom - y));
    }
  }

  // Everything, if it stays readable; else the place to look at, at a readable size.
  function fit(whole = false) {
    const { width, height } = room();
    const all = Math.min(
      (width - 2 * PADDING) / size.width,
      (height - 2 * PADDING - 44) / size.height,
      1.09,
    );
    const readable = width < 500 ? 0.82 : 0.6;
    if (all >= readable || whole) {
      view = { scale: all };
      view.x = (size.width - width / all) / 2;
      view.y = (size.height - (height - 44) / all) / 2;
      fitted = true;
      draw();
      return;
    }
    const scale = Math.max(readable, Math.min(1, (height - 64) / size.height));
    view = { scale, x: -PADDING / scale, y: (size.height - (height - 44) / scale) / 2 };
    if (size.height * scale > height) view.y = -PADDING / scale;
    const first =
      svg.querySelector(".node[aria-current]") ??
      svg.querySelector('.node[data-status="failed"]') ??
      svg.querySelector('.node[data-status="running"]');
    fitted = true;
    draw();
    if (first) reveal(first, true);
    else if (size.height * scale > height) reveal(svg.querySelector(".node"), true);
  }

  function boxOf(node) {
    const box = node.querySelector(".ring").getBBox();
    return { x: box.x, y: box.y, width: box.width, height: box.height };
  }

  function reveal(node, centre = false) {
    if (!node) return;
    const { width, height } = room();
    const box = boxOf(node);
    const floating = panelOver();
    const wide = (width - floating.right) / view.scale;
    const tall = (height - floating.bottom - 8) / view.scale;
    const edge = 24 / view.scale;
    if (centre) {
      if (box.x < view.x + edge || box.x + box.width > view.x + wide - edge)
        view.x = box.x + box.width / 2 - wide / 2;
      if (box.y < view.y + edge || box.y + box.height > view.y + tall - edge)
        view.y = box.y + box.height / 2 - tall / 2;
    } else {
      if (box.x < view.x + edge) view.x = box.x - edge;
      else if (box.x + box.width > view.x + wide - edge) view.x = box.x + box.width - wide + edge;
      if (box.y < view.y + edge) view.y = box.y - edge;
      else if (box.y + box.height > view.y + tall - edge) view.y = box.y + box.height - tall + edge;
    }
    clamp();
    draw();
  }

  // How much of the canvas a floating panel (tablet) or a sheet (phone) covers.
  function panelOver() {
    const panel = run.querySelector(".panel");
    if (!panel || !panel.checkVisibility()) return { right: 0, bottom: 0 };
    const over = panel.getBoundingClientRect();
    const under = viewport.getBoundingClientRect();
    if (over.left >= under.right - 1) return { right: 0, bottom: 0 };
    if (over.left <= under.left + 1) return { right: 0, bottom: Math.max(0, under.bottom - over.top) };
    return { right: under.right - over.left, bottom: 0 };
  }

  function clamp() {
    const { width, height } = room();
    const keep = 60 / view.scale;
    view.x = Math.min(size.width - keep, Math.max(keep - width / view.scale, view.x));
    view.y = Math.min(size.height - keep, Math.max(keep - height / view.scale, view.y));
  }

  function zoom(factor, at) {
    const { width, height } = room();
    const point = at ?? { x: width / 2, y: height / 2 };
    const scale = Math.min(MOST, Math.max(least(), view.scale * factor));
    view.x += point.x / view.scale - point.x / scale;
    view.y += point.y / view.scale - point.y / scale;
    view.scale = scale;
    fitted = false;
    clamp();
    draw();
  }

  function pan(dx, dy) {
    view.x += dx / view.scale;
    view.y += dy / view.scale;
    fitted = false;
    clamp();
    draw();
  }

  // -- pointer -----------------------------------------------------------------------------
  const held = new Map();
  let start = null;

  const at = (event) => {
    const box = viewport.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  function spread() {
    const [a, b] = [...held.values()];
    return { distance: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!event.target.closest(".viewport") || event.button) return;
    held.set(event.pointerId, at(event));
    moved = false;
    start = held.size === 2 ? spread() : at(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    if (held.size === 2) {
      const old = spread();
      held.set(event.pointerId, now);
      const fresh = spread();
      zoom(fresh.distance / (old.distance || 1), fresh);
      pan(old.x - fresh.x, old.y - fresh.y);
      moved = true;
      return;
    }
    if (!moved && Math.hypot(now.x - start.x, now.y - start.y) < 4) return;
    if (!moved) {
      moved = true;
      viewport.setPointerCapture?.(event.pointerId);
      viewport.classList.add("is-panning");
    }
    held.set(event.pointerId, now);
    pan(before.x - now.x, before.y - now.y);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, (event) => {
      held.delete(event.pointerId);
      viewport.classList.remove("is-panning");
    });
  }
  // A drag that ends on a node is not a click on it.
  canvas.addEventListener(
    "click",
    (event) => {
      if (moved && event.target.closest(".viewport")) {
        event.preventDefault();
        event.stopPropagation();
      }
      moved = false;
    },
    true,
  );
  canvas.addEventListener("dragstart", (event) => event.preventDefault());
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.target.closest(".viewport")) return;
      event.preventDefault();
      const unit = event.deltaMode === 1 ? 16 : 1;
      if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY * unit * 0.008), at(event));
      else if (event.shiftKey && !event.deltaX) pan(event.deltaY * unit, 0);
      else pan(event.deltaX * unit, event.deltaY * unit);
    },
    { passive: false },
  );

  // -- minimap -----------------------------------------------------------------------------
  function jump(event) {
    const mini = event.target.closest(".minimap svg");
    if (!mini) return;
    const box = mini.getBoundingClientRect();
    const { width, height } = room();
    view.x = ((event.clientX - box.left) / box.width) * size.width - width / view.scale / 2;
    view.y = ((event.clientY - box.top) / box.height) * size.height - height / view.scale / 2;
    fitted = false;
    clamp();
    draw();
  }
  canvas.addEventListener("pointerdown", jump);
  canvas.addEventListener("pointermove", (event) => event.buttons && !held.size && jump(event));

  // -- toolbar and keys --------------------------------------------------------------------
  const nodes = () => [...svg.querySelectorAll(".node")];

  function focus(node) {
    if (!node) return;
    node.focus({ preventScroll: true });
    reveal(node);
  }

  function nextFailed() {
    const failed = nodes().filter((one) => ["failed", "timeout"].includes(one.dataset.status));
    const now = failed.findIndex((one) => one.hasAttribute("aria-current"));
    const next = failed[(now + 1) % failed.length];
    if (!next) return;
    focus(next);
    next.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  }

  stage.querySelector(".toolbar").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.zoom === "in") zoom(1.2);
    else if (button.dataset.zoom === "out") zoom(1 / 1.2);
    else if (button.dataset.zoom === "fit") fit(true);
    else if ("nextFailed" in button.dataset) nextFailed();
  });

  const find = stage.querySelector("[data-find]");
  function found() {
    const text = find.value.trim().toLowerCase();
    const hits = text ? nodes().filter((one) => one.dataset.path.toLowerCase().includes(text)) : [];
    svg.classList.toggle("is-finding", hits.length > 0);
    for (const one of nodes()) one.classList.toggle("is-hit", hits.includes(one));
    return hits;
  }
  find.addEventListener("input", () => {
    const [first] = found();
    if (first) reveal(first, true);
  });
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      const hits = found();
      if (hits.length) {
        focus(hits[0]);
        hits[0].dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
      }
    } else if (event.key === "Escape") {
      find.value = "";
      found();
      viewport.focus();
      event.stopPropagation();
    }
  });

  // Arrows walk: left and right to what stands nearest in the next column, up and down within one.
  function walk(node, key) {
    const from = boxOf(node);
    const middle = { x: from.x + from.width / 2, y: from.y + from.height / 2 };
    let best = null;
    let least = Infinity;
    for (const other of nodes()) {
      if (other === node) continue;
      const box = boxOf(other);
      const dx = box.x + box.width / 2 - middle.x;
      const dy = box.y + box.height / 2 - middle.y;
      const [along, aside] = {
        ArrowRight: [dx, dy],
        ArrowLeft: [-dx, dy],
        ArrowDown: [dy, dx],
        ArrowUp: [-dy, dx],
      }[key];
      if (along < 8) continue;
      const cost = along + Math.abs(aside) * (key === "ArrowUp" || key === "ArrowDown" ? 4 : 1.5);
      if (cost < least) [least, best] = [cost, other];
    }
    focus(best);
  }

  stage.addEventListener("keydown", (event) => {
    if (!event.key.startsWith("Arrow") || inField(event)) return;
    const node = event.target.closest(".node");
    event.preventDefault();
    if (node) walk(node, event.key);
    else if (event.target.closest(".viewport")) {
      const step = { ArrowLeft: [-80, 0], ArrowRight: [80, 0], ArrowUp: [0, -80], ArrowDown: [0, 80] };
      pan(...step[event.key]);
    }
  });
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || inField(event)) return;
    if (event.key === "+" || event.key === "=") zoom(1.2);
    else if (event.key === "-") zoom(1 / 1.2);
    else if (event.key === "0") fit(true);
    else if (event.key === "n") nextFailed();
    else if (event.key === "j" || event.key === "k") {
      const all = nodes();
      const now = all.indexOf(document.activeElement);
      focus(all[now < 0 ? 0 : now + (event.key === "j" ? 1 : -1)]);
    } else return;
    event.preventDefault();
  });
  canvas.addEventListener("focusin", (event) => {
    const node = event.target.closest(".node");
    if (node && node.matches(":focus-visible")) reveal(node);
  });

  // -- what comes from outside -------------------------------------------------------------
  run.addEventListener("panel", () => {
    requestAnimationFrame(() => {
      if (fitted) fit();
      const node = svg.querySelector(".node[aria-current]");
      if (node) reveal(node);
      else draw();
    });
  });

  stage.addEventListener("redraw", (event) => {
    const made = document.createElement("div");
    made.innerHTML = event.detail;
    const fresh = made.querySelector("svg.graph");
    if (!fresh) return;
    const failed = made.querySelector(".viewport").dataset.failed;
    stage.querySelector("[data-failed]:not(.viewport)").textContent = failed;
    stage.querySelector("[data-next-failed]").hidden = failed === "0";
    const mini = canvas.querySelector(".minimap");
    mini.replaceChildren(...made.querySelector(".minimap").childNodes);
    const [, , width, height] = fresh.getAttribute("viewBox").split(" ").map(Number);
    const grown = size.width !== width || size.height !== height;
    size = { width, height };
    svg.querySelector(".edges").replaceWith(fresh.querySelector(".edges"));
    const old = new Map(nodes().map((one) => [one.dataset.path, one]));
    let before = svg.querySelector(".edges");
    for (const node of fresh.querySelectorAll(".node")) {
      const known = old.get(node.dataset.path);
      old.delete(node.dataset.path);
      if (known && same(known, node)) {
        before = known;
        continue;
      }
      if (known) {
        const focused = known === document.activeElement;
        known.replaceWith(node);
        if (focused) node.focus({ preventScroll: true });
      } else before.after(node);
      before = node;
    }
    for (const gone of old.values()) gone.remove();
    const current = new URL(location).searchParams.get("node");
    for (const node of nodes()) {
      if (node.dataset.path === current) node.setAttribute("aria-current", "true");
      else node.removeAttribute("aria-current");
    }
    if (find.value) found();
    if (grown && fitted) fit();
    else draw();
  });

  function same(a, b) {
    // The running time is counted on in the page; it alone is no reason to redraw.
    const strip = (node) =>
      node.outerHTML
        .replace(/ (aria-current|class)="[^"]*"/g, "")
        .replace(/(data-since="[^"]*">)[^<]*/g, "$1")
        .replace(/aria-label="[^"]*"/, "");
    return strip(a) === strip(b);
  }

  adopt();
  fit();
  new ResizeObserver(() => (fitted ? fit() : draw())).observe(viewport);
}
