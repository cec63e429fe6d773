// Drag, pinch, wheel, minimap and toolbar.

export function followPointer(stage, win) {
  const { canvas, viewport } = win;
  const held = new Map();
  // The hand that holds the graph belongs to an element with nothing in it: a cursor on the viewport
  // is inherited, and to change it would style a thousand nodes again before the first move.
  const grabber = canvas.appendChild(document.createElement("div"));
  grabber.className = "grabber";
  let start = null;
  let moved = false;

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
      win.zoom(fresh.distance / (old.distance || 1), fresh);
      win.pan(old.x - fresh.x, old.y - fresh.y);
      moved = true;
      return;
    }
    if (!moved && Math.hypot(now.x - start.x, now.y - start.y) < 4) return;
    if (!moved) {
      moved = true;
      grabber.setPointerCapture?.(event.pointerId);
    }
    held.set(event.pointerId, now);
    win.pan(before.x - now.x, before.y - now.y);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, (event) => held.delete(event.pointerId));
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
      if (event.ctrlKey || event.metaKey) {
        win.zoom(Math.exp(-event.deltaY * unit * 0.008), at(event));
      } else if (event.shiftKey && !event.deltaX) win.pan(event.deltaY * unit, 0);
      else win.pan(event.deltaX * unit, event.deltaY * unit);
    },
    { passive: false },
  );

  function jump(event) {
    const mini = event.target.closest(".minimap svg");
    if (!mini) return;
    const box = mini.getBoundingClientRect();
    win.jump((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }
  canvas.addEventListener("pointerdown", jump);
  canvas.addEventListener("pointermove", (event) => event.buttons && !held.size && jump(event));

  stage.querySelector(".toolbar").addEventListener("click", (event) => {
    const button = event.target.closest("button, a");
    if (!button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (button.dataset.zoom === "in") win.zoom(1.2);
    else if (button.dataset.zoom === "out") win.zoom(1 / 1.2);
    else if (button.dataset.zoom === "fit") win.fit(true);
    else if ("nextFailed" in button.dataset) {
      event.preventDefault();
      win.nextFailed();
    }
  });
}
