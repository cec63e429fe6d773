// Finds [data-module] and mounts it. The table is literal: hashed file names are rewritten in it.
import "./fork.js";
import "./menus.js";
import "./copy.js";
import "./times.js";
import "./keys.js";
import "./shortcuts.js";

const modules = {
  agents: () => import("./agents.js"),
  compare: () => import("./compare.js"),
  frame: () => import("./frame.js"),
  fork: () => import("./fork.js"),
  graph: () => import("./graph.js"),
  inbox: () => import("./inbox.js"),
  preview: () => import("./preview.js"),
  run: () => import("./run.js"),
  run_list: () => import("./run_list.js"),
  toasts: () => import("./toasts.js"),
};

const mounted = [...document.querySelectorAll("[data-module]")].map((element) =>
  modules[element.dataset.module]?.().then((module) => module.mount(element)),
);
// Says that keys and buttons are answered from now on; tests wait for it.
Promise.allSettled(mounted).then(() => {
  document.documentElement.dataset.ready = "";
});
