// Keys in the graph: arrows walk to the next node on that side, or move the window.
import { inField } from "./shortcuts.js";

const STEP = { ArrowLeft: [-80, 0], ArrowRight: [80, 0], ArrowUp: [0, -80], ArrowDown: [0, 80] };

export function followKeys(stage, win) {
  // Left and right to what stands nearest in the next column, up and down within one.
  function walk(node, key) {
    const from = win.boxOf(node);
    const middle = { x: from.x + from.width / 2, y: from.y + from.height / 2 };
    let best = null;
    let least = Infinity;
    for (const other of win.nodes()) {
      if (other === node) continue;
      const box = win.boxOf(other);
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
    win.focus(best);
  }

  // A space presses what is a button, and opens or closes the group that has the focus.
  stage.addEventListener("keydown", (event) => {
    if (event.key !== " " || inField(event)) return;
    const node = event.target.closest("a.node");
    const pressed = node ? win.toggleOf(node.dataset.path) : event.target.closest("a[role=button]");
    if (!node && !pressed) return;
    event.preventDefault();
    pressed?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  });
  stage.addEventListener("keydown", (event) => {
    if (!(event.key in STEP) || inField(event)) return;
    const node = event.target.closest(".node");
    event.preventDefault();
    if (node) walk(node, event.key);
    else if (event.target.closest(".viewport")) win.pan(...STEP[event.key]);
  });
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || inField(event)) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "+" || event.key === "=") win.zoom(1.2);
    else if (event.key === "-") win.zoom(1 / 1.2);
    else if (event.key === "0") win.fit(true);
    else if (event.key === "n") win.nextFailed();
    else if (event.key === "j" || event.key === "k") {
      const all = win.nodes().filter((one) => !one.classList.contains("dim"));
      const now = all.indexOf(document.activeElement);
      win.focus(all[now < 0 ? 0 : now + (event.key === "j" ? 1 : -1)]);
    } else return;
    event.preventDefault();
  });
  win.canvas.addEventListener("focusin", (event) => {
    const node = event.target.closest(".node, .toggle");
    if (node && node.matches(":focus-visible")) win.reveal(node);
  });
}
