// A newer drawing from the server: nodes that changed are replaced, the others stay as they are, with
// focus and hover.

export function redraw(stage, win, html) {
  const made = document.createElement("template");
  made.innerHTML = html;
  const fresh = made.content.querySelector("svg.graph");
  if (!fresh) return;
  const { svg } = win;
  const failed = made.content.querySelector(".viewport").dataset.failed;
  stage.querySelector("[data-failed]:not(.viewport)").textContent = failed;
  stage.querySelector("[data-next-failed]").hidden = failed === "0";
  win.canvas
    .querySelector(".minimap")
    .replaceChildren(...made.content.querySelector(".minimap").childNodes);
  const edges = svg.querySelector(".edges");
  const newer = fresh.querySelector(".edges");
  if (edges.innerHTML !== newer.innerHTML) edges.replaceWith(newer);

  const old = new Map(win.nodes().map((one) => [one.dataset.path, one]));
  const current = new URL(location).searchParams.get("node");
  let before = svg.querySelector(".edges");
  for (const node of fresh.querySelectorAll(".node")) {
    const known = old.get(node.dataset.path);
    old.delete(node.dataset.path);
    if (known && same(known, node)) {
      before = known;
      continue;
    }
    if (known) {
      node.setAttribute("class", known.getAttribute("class"));
      const focused = known === document.activeElement;
      known.replaceWith(node);
      if (focused) node.focus({ preventScroll: true });
    } else before.after(node);
    before = node;
  }
  for (const gone of old.values()) gone.remove();
  for (const node of win.nodes()) {
    if (node.dataset.path === current) node.setAttribute("aria-current", "true");
    else node.removeAttribute("aria-current");
  }
  win.grow(fresh);
}

// What the page itself changes is no difference: the chosen node, what is drawn, the running time.
function same(a, b) {
  return (
    ["href", "data-status", "data-handled", "data-box"].every((name) => a.getAttribute(name) === b.getAttribute(name)) &&
    still(a) === still(b)
  );
}

function still(node) {
  return node.innerHTML.replace(/(data-(?:since|until)="[^"]*">)[^<]*/g, "$1");
}
