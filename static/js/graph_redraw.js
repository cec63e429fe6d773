// A newer drawing from the server: nodes that changed are replaced, the others stay as they are, with
// focus and hover. `hold` names a group that stays where it is in the window.

const PARTS = ["left-out", "scale", "critical"];

export function redraw(stage, win, html, hold = "") {
  const made = document.createElement("template");
  made.innerHTML = html;
  const fresh = made.content.querySelector("svg.graph");
  if (!fresh) return;
  const { svg } = win;
  const viewport = made.content.querySelector(".viewport");
  const { failed } = viewport.dataset;
  stage.querySelector("[data-failed]:not(.viewport)").textContent = failed;
  stage.querySelector("[data-next-failed]").hidden = failed === "0";
  Object.assign(win.viewport.dataset, viewport.dataset);
  win.viewport.setAttribute("aria-label", viewport.getAttribute("aria-label"));
  win.canvas
    .querySelector(".minimap")
    .replaceChildren(...made.content.querySelector(".minimap").childNodes);
  for (const name of PARTS) {
    const part = made.content.querySelector(`[data-part=${name}]`);
    if (part) win.canvas.querySelector(`[data-part=${name}]`).replaceWith(part);
  }
  for (const name of [".frames", ".edges"]) {
    const layer = svg.querySelector(name);
    const newer = fresh.querySelector(name);
    if (layer.innerHTML !== newer.innerHTML) layer.replaceWith(newer);
  }
  const at = hold ? win.placeOf(hold) : null;
  const focused = document.activeElement;
  const held = svg.contains(focused) ? key(focused) : "";
  exchange(svg, fresh);
  svg.setAttribute("aria-label", fresh.getAttribute("aria-label"));
  const current = new URL(location).searchParams.get("node");
  for (const node of svg.querySelectorAll(".node")) {
    const chosen = node.dataset.path === current;
    if (chosen !== node.hasAttribute("aria-current")) node.toggleAttribute("aria-current", chosen);
    if (chosen) node.setAttribute("aria-current", "true");
  }
  if (held && !focused.isConnected) {
    const { path, group } = focused.dataset;
    const again = svg.querySelector(held) ?? win.around(path ?? group);
    (again ?? win.viewport).focus({ preventScroll: true });
  }
  win.grow(fresh, hold, at);
}

function exchange(svg, fresh) {
  const old = new Map([...svg.children].map((one) => [key(one), one]));
  let before = svg.querySelector(".edges");
  for (const part of [...fresh.children]) {
    const name = key(part);
    if (!name) continue; // frames and edges are there already
    const known = old.get(name);
    old.delete(name);
    if (known && same(known, part)) {
      if (before.nextElementSibling !== known) before.after(known);
      before = known;
      continue;
    }
    if (known) {
      part.setAttribute("class", kept(known, part));
      known.replaceWith(part);
    }
    if (before.nextElementSibling !== part) before.after(part);
    before = part;
  }
  for (const [name, gone] of old) if (name) gone.remove();
}

// What the page has decided of a node is kept: whether it is drawn, whether it is a hit.
function kept(known, part) {
  const names = new Set(part.getAttribute("class").split(" "));
  for (const name of ["far", "is-hit", "dim"]) {
    if (known.classList.contains(name)) names.add(name);
    else names.delete(name);
  }
  return [...names].join(" ");
}

function key(part) {
  if (part.dataset.path !== undefined) return `.node[data-path="${CSS.escape(part.dataset.path)}"]`;
  return part.dataset.key !== undefined ? `[data-key="${CSS.escape(part.dataset.key)}"]` : "";
}

const NAMES = ["href", "data-status", "data-handled", "data-box", "data-inside", "data-heat",
  "data-critical", "aria-label"];

// What the page itself changes is no difference: the chosen node, what is drawn, the running time.
function same(a, b) {
  return (
    a.classList.contains("is-frame") === b.classList.contains("is-frame") &&
    NAMES.every((name) => attribute(a, name) === attribute(b, name)) &&
    still(a) === still(b)
  );
}

function attribute(part, name) {
  const value = part.getAttribute(name);
  // A running time in the label: the count on the page is as true.
  return name === "aria-label" && part.querySelector("[data-since], [data-until]") ? "" : value;
}

function still(part) {
  return part.innerHTML.replace(/(data-(?:since|until)="[^"]*">)[^<]*/g, "$1");
}
