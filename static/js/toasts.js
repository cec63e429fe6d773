// A toast goes after a while, unless the pointer or the focus is on it; errors stay.

export function mount(list) {
  list.addEventListener("click", (event) => {
    if (event.target.closest("[data-do=close]")) event.target.closest(".toast").remove();
  });
  fade(list.querySelectorAll(".toast:not(.is-error)"));
}

// Say a sentence of this page's own; said again, it stands there once.
export function tell(text) {
  const list = document.querySelector(".toasts");
  const made = document.createElement("div");
  made.className = "toast is-told";
  made.setAttribute("role", "status");
  made.innerHTML = '<span></span><button class="link" type="button" data-do="close">Close</button>';
  made.firstChild.textContent = text;
  for (const old of list.querySelectorAll(".is-told")) old.remove();
  list.append(made);
  fade([made]);
}

function fade(toasts) {
  setTimeout(() => {
    for (const toast of toasts) {
      if (!toast.matches(":hover, :focus-within")) toast.remove();
    }
  }, 8000);
}
