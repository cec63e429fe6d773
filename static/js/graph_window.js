// The window over the drawing: where it is, how large things are, and what is drawn at all.
//
// Moving is a CSS transform of the whole drawing. A changed viewBox would lay out every text again,
// which takes a tenth of a second with a thousand nodes.

const MOST = 2.5;
const PADDING = 12;
const FOOT = 44; // minimap and legend stand there
const STILL = 160; // milliseconds without a move
const LEGEND_AT = 174; // to the left of it stands the minimap
const LEGIBLE = 0.28; // below it, words are specks and are not drawn

export function makeWindow(stage, run) {
  const canvas = stage.querySelector("[data-part=graph]");
  const viewport = canvas.querySelector(".viewport");
  const svg = viewport.querySelector("svg");
  const word = stage.querySelector("[data-zoom-word]");
  const size = sizeOf(svg);
  const view = { x: 0, y: 0, scale: 1 }; // what is at the upper left corner; pixels for each unit
  let places = null;
  let still = 0;

  const win = {
    svg,
    viewport,
    canvas,
    size,
    fitted: true, // the reader has arranged nothing yet
    draw,
    fit,
    reveal,
    zoom,
    pan,
    jump,
    nodes: () => [...svg.querySelectorAll(".node")],
    node: (path) => path && svg.querySelector(`.node[data-path="${CSS.escape(path)}"]`),
    toggleOf: (path) => svg.querySelector(`.toggle[data-group="${CSS.escape(path)}"]`),
    boxOf,
    placeOf,
    focus,
    grow,
    nextFailed,
    around,
    place,
    restore,
    onMoved: () => {},
  };

  const room = () => ({ width: viewport.clientWidth, height: viewport.clientHeight });

  function least() {
    const { width, height } = room();
    return Math.min(0.5, (width - 24) / size.width, (height - 24) / size.height);
  }

  function draw() {
    const { width, height } = room();
    if (!width || !height) return;
    const { x, y, scale } = view;
    cull(width / scale, height / scale);
    svg.style.transform = `translate(${-x * scale}px, ${-y * scale}px) scale(${scale})`;
    const zoomed = `${Math.round(scale * 100)} %`;
    if (word.textContent !== zoomed) word.textContent = zoomed;
    const mini = canvas.querySelector(".mm-view");
    if (!mini) return;
    const left = Math.max(0, x);
    const top = Math.max(0, y);
    mini.setAttribute("x", left);
    mini.setAttribute("y", top);
    mini.setAttribute("width", Math.max(0, Math.min(size.width, x + width / scale) - left));
    mini.setAttribute("height", Math.max(0, Math.min(size.height, y + height / scale) - top));
  }

  // Draws what comes near, and forgets what is far away: a drawn node costs layout, a thousand of
  // them cost half a second.
  function cull(wide, tall) {
    svg.classList.toggle("is-small", view.scale < LEGIBLE);
    if (!svg.classList.contains("is-culled")) return;
    places ??= [...svg.querySelectorAll("[data-box]")].map((node) => ({
      node,
      box: boxOf(node),
      far: isFar(node),
    }));
    for (const place of places) {
      const { x, y, width, height } = place.box;
      const aside = Math.max(view.x - (x + width), x - (view.x + wide)) / wide;
      const above = Math.max(view.y - (y + height), y - (view.y + tall)) / tall;
      const away = Math.max(aside, above); // in windows
      const far = place.far ? away > 0.25 : away > 1;
      if (far === place.far) continue;
      place.far = far;
      place.node.classList.toggle("far", far);
    }
  }

  // Everything, if it stays readable; else the place to look at, at a readable size.
  function fit(whole = false) {
    const { width, height } = room();
    const all = Math.min(
      (width - 2 * PADDING) / size.width,
      (height - 2 * PADDING - FOOT) / size.height,
      Math.max(1.09, Math.min(1.75, width / 1800)), // on a very wide screen not lost in its middle
    );
    const readable = width < 500 ? 0.82 : 0.6;
    win.fitted = true;
    win.onMoved();
    if (all >= readable || whole) {
      view.scale = all;
      view.x = (size.width - width / all) / 2;
      view.y = (size.height - (height - FOOT) / all) / 2;
      const chosen = whole ? null : svg.querySelector(".node[aria-current]");
      const over = panelOver();
      // A panel that lies on the drawing shall not hide what it speaks of.
      if (chosen && (over.right || over.bottom)) reveal(chosen);
      else draw();
      return;
    }
    view.scale = Math.max(readable, Math.min(1, (height - 64) / size.height));
    const tall = size.height * view.scale > height;
    view.x = -PADDING / view.scale;
    view.y = tall ? view.x : (size.height - (height - FOOT) / view.scale) / 2;
    const first =
      svg.querySelector(".node[aria-current]") ??
      svg.querySelector(
        '.node:is([data-status="failed"], [data-status="timeout"]):not([data-handled])',
      ) ??
      svg.querySelector('.node[data-status="running"]') ??
      svg.querySelector('.node[data-status="waiting"]') ??
      (tall ? svg.querySelector(".node") : null);
    if (first) reveal(first, true);
    else draw();
  }

  function reveal(node, centre = false) {
    if (!node) return;
    const { width, height } = room();
    const box = boxOf(node);
    // Of an opened group, its head.
    box.width = Math.min(box.width, Math.max(0, width / view.scale - 60));
    box.height = Math.min(box.height, 120);
    const floating = panelOver();
    // Neither a sheet nor the legend nor the minimap lies on it.
    const mini = canvas.querySelector(".minimap")?.offsetHeight ?? 0;
    const foot = mini && (box.x - view.x) * view.scale < LEGEND_AT ? mini + 20 : FOOT;
    const wide = (width - floating.right) / view.scale;
    const tall = (height - Math.max(floating.bottom + 8, foot)) / view.scale;
    const edge = 24 / view.scale;
    const right = box.x + box.width;
    const bottom = box.y + box.height;
    if (centre) {
      if (box.x < view.x + edge || right > view.x + wide - edge)
        view.x = box.x + box.width / 2 - wide / 2;
      if (box.y < view.y + edge || bottom > view.y + tall - edge)
        view.y = box.y + box.height / 2 - tall / 2;
    } else {
      if (box.x < view.x + edge) view.x = box.x - edge;
      else if (right > view.x + wide - edge) view.x = right - wide + edge;
      if (box.y < view.y + edge) view.y = box.y - edge;
      else if (bottom > view.y + tall - edge) view.y = bottom - tall + edge;
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

  // As a picture of its own: with a thousand words in sight, to set them again for every size would
  // take a tenth of a second. They are set when it stands still.
  function moved() {
    win.fitted = false;
    svg.classList.add("is-moving");
    clearTimeout(still);
    still = setTimeout(() => svg.classList.remove("is-moving"), STILL);
    clamp();
    draw();
    win.onMoved();
  }

  // What is in the middle and how large, as the address has it; and back.
  function place() {
    const { width, height } = room();
    const middle = [view.x + width / view.scale / 2, view.y + height / view.scale / 2];
    return [...middle, view.scale * 100].map(Math.round).join(",");
  }

  function restore(text) {
    const { width, height } = room();
    const [x, y, percent] = /^-?\d{1,7},-?\d{1,7},\d{1,3}$/.test(text) ? text.split(",").map(Number) : [];
    if (!percent || !width) return false;
    view.scale = Math.min(MOST, Math.max(least(), percent / 100));
    view.x = x - width / view.scale / 2;
    view.y = y - height / view.scale / 2;
    win.fitted = false;
    clamp();
    draw();
    return true;
  }

  // The node of this path, or of the closed group that it stands in.
  function around(path) {
    let outer = path ?? "";
    while (outer && !win.node(outer)) {
      const cut = outer.endsWith("]") ? outer.lastIndexOf("[") : outer.lastIndexOf("/");
      outer = cut > 0 ? outer.slice(0, cut) : "";
    }
    return win.node(outer) || null;
  }

  function zoom(factor, at) {
    const { width, height } = room();
    const point = at ?? { x: width / 2, y: height / 2 };
    const scale = Math.min(MOST, Math.max(least(), view.scale * factor));
    view.x += point.x / view.scale - point.x / scale;
    view.y += point.y / view.scale - point.y / scale;
    view.scale = scale;
    moved();
  }

  function pan(dx, dy) {
    view.x += dx / view.scale;
    view.y += dy / view.scale;
    moved();
  }

  // The middle of the window to a place, given in shares of the whole drawing.
  function jump(x, y) {
    const { width, height } = room();
    view.x = x * size.width - width / view.scale / 2;
    view.y = y * size.height - height / view.scale / 2;
    moved();
  }

  function focus(node, centre = false) {
    if (!node) return;
    reveal(node, centre); // first: what is not drawn yet cannot be seen to have the focus
    node.focus({ preventScroll: true });
  }

  function nextFailed() {
    const failed = win
      .nodes()
      .filter((one) => ["failed", "timeout"].includes(one.dataset.status))
      .filter((one) => one.dataset.handled === undefined);
    const now = failed.findIndex((one) => one.hasAttribute("aria-current"));
    const next = failed[(now + 1) % failed.length];
    if (!next) return;
    focus(next);
    next.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  }

  function placeOf(path) {
    const node = win.node(path);
    return node ? boxOf(node) : null;
  }

  // A new drawing has been put in: its size, and which of its nodes are drawn. The group `hold`,
  // that stood at `was`, stays where it is in the window.
  function grow(fresh, hold = "", was = null) {
    const { width, height } = sizeOf(fresh);
    const grown = size.width !== width || size.height !== height;
    Object.assign(size, { width, height });
    for (const name of ["viewBox", "width", "height"]) {
      svg.setAttribute(name, fresh.getAttribute(name));
    }
    svg.classList.toggle("is-culled", fresh.classList.contains("is-culled"));
    places = null;
    const now = was && placeOf(hold);
    if (now) {
      view.x += now.x - was.x;
      view.y += now.y - was.y;
      win.fitted = false;
      draw();
    } else if (grown && win.fitted) fit();
    else draw();
  }

  svg.classList.add("is-placed");
  return win;
}

function sizeOf(svg) {
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  return { width, height };
}

function isFar(node) {
  return node.classList.contains("far");
}

// As the server wrote it: to ask the browser would make it lay out everything.
function boxOf(node) {
  const [x, y, width, height] = node.dataset.box.split(" ").map(Number);
  return { x, y, width, height };
}
