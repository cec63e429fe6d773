// A toast goes after a while, unless the pointer or the focus is on it; errors stay, and so does what
// leads somewhere.

export function mount(list) {
  list.addEventListener("click", (event) => {
    if (event.target.closest("[data-do=close]")) event.target.closest(".toast").remove();
  });
  fade(list.querySelectorAll(".toast:not(.is-error)"));
}

// Say a sentence of this page's own; said again, it stands there once.
export function tell(text, link = null, stays = false) {
  const made = document.createElement("div");
  made.className = "toast is-told";
  made.setAttribute("role", "status");
  made.innerHTML =
    '<span></span><a class="link" target="_blank" hidden></a><button class="link" type="button" data-do="close">Close</button>';
  made.firstChild.textContent = text;
  if (link) Object.assign(made.children[1], { textContent: link.word, href: link.href, hidden: false });
  for (const old of document.querySelectorAll(".toast.is-told")) old.remove();
  place().append(made);
  if (!link && !stays) fade([made]);
  return made;
}

// Nothing behind a dialog can be pressed: what is said while one is open is said in it.
function place() {
  const dialog = document.querySelector("dialog[open]");
  if (!dialog) return document.querySelector(".toasts");
  const made = dialog.querySelector(".toasts") ?? document.createElement("div");
  if (!made.isConnected) {
    made.className = "toasts";
    made.setAttribute("aria-live", "polite");
    mount(made);
    dialog.append(made);
  }
  return made;
}

function fade(toasts) {
  setTimeout(() => {
    for (const toast of toasts) {
      if (!toast.matches(":hover, :focus-within")) toast.remove();
    }
  }, 8000);
}
