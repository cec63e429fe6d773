// How the reader looks at the graph: direction, opened groups, filter, colours. All of it stands in
// the address. What moves nodes is drawn by the server; what only lights them is a class.
import { fragment } from "./live.js";
import { redraw } from "./graph_redraw.js";

const SHAPE = ["dir", "open", "close"]; // what moves nodes
const LOOK = [...SHAPE, "status", "colour", "critical"];

export function makeLook(stage, win, run, again) {
  const form = stage.querySelector("[data-look-form]");
  const told = stage.querySelector("[data-told]");
  let newest = 0;
  let acts = Promise.resolve(); // what the reader does, one after the other

  const now = () => new URL(location).searchParams;

  // The fragment of what the address says, with `changes` on top. Only the newest answer counts.
  async function load(changes = [], { hold = "", fit = false } = {}) {
    const mine = ++newest;
    const query = new URLSearchParams(changes.length ? "" : "tab=graph");
    for (const [name, value] of now()) {
      if ((LOOK.includes(name) || name === "node") && !changes.some(([key]) => key === `-${name}`)) {
        query.append(name, value);
      }
    }
    for (const [name, value] of changes) if (!name.startsWith("-")) query.append(name, value);
    query.set("part", "graph");
    stage.setAttribute("aria-busy", "true");
    try {
      const html = await fragment(`${location.pathname}?${query}`);
      if (mine !== newest) return null;
      return put(html, hold, fit);
    } finally {
      if (mine === newest) stage.removeAttribute("aria-busy");
    }
  }

  function put(html, hold, fit) {
    redraw(stage, win, html, hold);
    again();
    const { dataset } = stage.querySelector(".viewport");
    stage.querySelector("[data-look=open]").hidden =
      dataset.groups === "0" || new URLSearchParams(dataset.look).getAll("open").includes("*");
    stage.querySelector("[data-look=close]").hidden = dataset.open === "0";
    count(dataset.counts);
    light();
    if (fit) win.fit();
    return dataset;
  }

  // Each begins with what the one before it left in the address.
  function act(job) {
    const done = acts.then(job);
    acts = done.catch(() => {});
    return done;
  }

  // The run has gone on. What the reader does is drawn with its newest state anyway, and first: a
  // renewal asked for in between has not heard of it, and would take its place.
  async function renew() {
    let before;
    do await (before = acts);
    while (before !== acts);
    return load();
  }

  // The address takes the server's words for what moves nodes: short, and only what is really there.
  // What only lights them may have been chosen anew meanwhile, and so may another step than `was`.
  function settle({ look, chosen }, was) {
    const url = new URL(location);
    for (const name of SHAPE) url.searchParams.delete(name);
    for (const [name, value] of new URLSearchParams(look)) {
      if (SHAPE.includes(name)) url.searchParams.append(name, value);
    }
    if (chosen && now().get("node") === was) url.searchParams.set("node", chosen);
    history.replaceState(history.state, "", url);
  }

  async function change(changes, how) {
    const was = now().get("node");
    const dataset = await load(changes, how);
    if (dataset) settle(dataset, was);
    return dataset;
  }

  // What the address asks for and no node has to move for.
  function light() {
    const asked = now();
    const wanted = new Set(asked.getAll("status"));
    const heat = asked.get("colour") === "duration";
    const critical = asked.get("critical") === "1";
    win.svg.classList.toggle("is-heat", heat);
    win.svg.classList.toggle("is-critical", critical);
    stage.querySelector("[data-part=scale]").hidden = !heat;
    stage.querySelector("[data-part=critical]").hidden = !critical;
    let shown = 0;
    const nodes = win.nodes();
    for (const node of nodes) {
      const dim = wanted.size > 0 && !matches(node, wanted);
      if (node.classList.contains("dim") !== dim) node.classList.toggle("dim", dim);
      shown += dim ? 0 : 1;
    }
    const changes = wanted.size + heat + critical;
    const badge = stage.querySelector("[data-look-count]");
    badge.textContent = changes;
    badge.hidden = !changes;
    form.querySelector("[data-all]").hidden = !wanted.size;
    return { shown, of: nodes.length, wanted, critical };
  }

  function matches(node, wanted) {
    if (wanted.has(node.dataset.status)) return true;
    return (node.dataset.inside ?? "").split(" ").some((status) => wanted.has(status));
  }

  function count(counts) {
    const numbers = new Map(counts.trim().split(" ").map((one) => one.split(":")));
    for (const box of form.querySelectorAll("[name=status]")) {
      const number = numbers.get(box.value) ?? "0";
      box.parentElement.querySelector("[data-count]").textContent = number;
      box.parentElement.hidden = number === "0" && !box.checked;
    }
  }

  function fromForm() {
    const data = new FormData(form);
    const url = new URL(location);
    for (const name of ["status", "colour", "critical"]) {
      url.searchParams.delete(name);
      for (const value of data.getAll(name)) if (value) url.searchParams.append(name, value);
    }
    history.replaceState(history.state, "", url);
    const { shown, of, wanted, critical } = light();
    if (wanted.size) told.textContent = `${shown} of ${of} steps stand out.`;
    else if (critical) told.textContent = stage.querySelector("[data-part=critical]").textContent;
    else told.textContent = "All steps are shown.";
  }

  function toForm() {
    const asked = now();
    for (const box of form.querySelectorAll("[name=status]")) {
      box.checked = asked.getAll("status").includes(box.value);
    }
    const colour = asked.get("colour") === "duration" ? "duration" : "";
    form.querySelector(`[name=colour][value="${colour}"]`).checked = true;
    form.querySelector("[name=critical]").checked = asked.get("critical") === "1";
  }

  form.addEventListener("change", fromForm);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.querySelector("[data-all]").addEventListener("click", () => {
    for (const box of form.querySelectorAll("[name=status]")) box.checked = false;
    fromForm();
  });

  const mark = () => {
    const node = win.node(now().get("node"));
    if (node) win.reveal(node);
  };

  const turnings = {
    open: async () => {
      if (!(await change([["-open", ""], ["-close", ""], ["open", "*"]], { fit: true }))) return;
      told.textContent = "All groups are open.";
      mark();
    },
    close: async () => {
      if (!(await change([["-open", ""], ["-close", ""]], { fit: true }))) return;
      // What was chosen in a group is not there any more: the group is.
      const chosen = now().get("node");
      const around = chosen && win.around(chosen);
      if (around && around.dataset.path !== chosen) select(around.dataset.path);
      told.textContent = "All groups are closed.";
    },
    dir: async () => {
      const down = now().get("dir") !== "down";
      if (!(await change(down ? [["dir", "down"]] : [["-dir", ""]], { fit: true }))) return;
      const word = down ? "Top down" : "Left to right";
      stage.querySelector("[data-down]").textContent = word;
      told.textContent = `${word}.`;
      mark();
    },
  };

  stage.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const tool = event.target.closest("[data-look=open], [data-look=close], [data-look=dir]");
    const toggle = event.target.closest(".toggle");
    if (event.defaultPrevented || !(tool || toggle)) return;
    event.preventDefault();
    if (tool) act(turnings[tool.dataset.look]);
    else act(() => turn(toggle));
  });

  // One group: its address says what it does. The group stays where it is in the window.
  async function turn(pressed) {
    const { group } = pressed.dataset;
    // What was done just before may have drawn it anew.
    const toggle = pressed.isConnected ? pressed : win.toggleOf(group);
    if (!toggle) return;
    const held = toggle === document.activeElement;
    const asked = new URL(toggle.href.baseVal, location).searchParams;
    const changes = ["open", "close"].flatMap((name) => [
      [`-${name}`, ""],
      ...asked.getAll(name).map((value) => [name, value]),
    ]);
    const shut = toggle.getAttribute("aria-expanded") === "true";
    if (!(await change(changes, { hold: group }))) return;
    const chosen = now().get("node") ?? "";
    if (shut && chosen !== group && inside(chosen, group)) select(group);
    const node = win.node(group);
    if (node) win.reveal(node);
    if (held) win.toggleOf(group)?.focus({ preventScroll: true });
    told.textContent = shut ? `${group} is closed.` : `${group} is open.`;
  }

  function inside(path, group) {
    return path.startsWith(`${group}/`) || path.startsWith(`${group}[`);
  }

  // As if it had been clicked: the panel follows.
  function select(path) {
    win.node(path)?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  }

  // A step that may stand in a closed group: what is around it is opened.
  async function go(path) {
    if (!win.node(path)) {
      await change([["-node", ""], ["node", path], ["reveal", "1"]]);
    }
    const node = win.node(path);
    win.focus(node, true);
    select(path);
  }

  async function nextFailed() {
    const dataset = await load([["next", "failed"]]);
    if (dataset && !dataset.chosen) told.textContent = "No step has failed.";
    if (!dataset?.chosen) return;
    settle({ look: dataset.look }); // choosing it is a step that "back" undoes
    win.focus(win.node(dataset.chosen), true);
    select(dataset.chosen);
  }

  addEventListener("popstate", () => {
    const shown = new URLSearchParams(stage.querySelector(".viewport").dataset.look);
    const differs = SHAPE.some(
      (name) => shown.getAll(name).join("\n") !== now().getAll(name).join("\n"),
    );
    toForm();
    if (differs) load();
    else light();
  });
  // A form that the browser filled in again after "back" says nothing.
  toForm();
  return { renew, go: (path) => act(() => go(path)), nextFailed: () => act(nextFailed) };
}
