// A toast goes after a while, unless the pointer or the focus is on it; errors stay.

export function mount(list) {
  list.addEventListener("click", (event) => {
    if (event.target.closest("[data-do=close]")) event.target.closest(".toast").remove();
  });
  setTimeout(() => {
    for (const toast of list.querySelectorAll(".toast:not(.is-error)")) {
      if (!toast.matches(":hover, :focus-within")) toast.remove();
    }
  }, 8000);
}
