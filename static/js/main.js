// Finds [data-module] and mounts it. The table is literal: hashed file names are rewritten in it.
import "./menus.js";
import "./copy.js";
import "./times.js";
import "./shortcuts.js";

const modules = {
  frame: () => import("./frame.js"),
  graph: () => import("./graph.js"),
  run: () => import("./run.js"),
  run_list: () => import("./run_list.js"),
  toasts: () => import("./toasts.js"),
};

for (const element of document.querySelectorAll("[data-module]")) {
  modules[element.dataset.module]?.().then((module) => module.mount(element));
}
