// What the keys do: `?` shows it. And keys in a row: `g r` goes to the runs.

const TOGETHER_MS = 900;
let began = 0;

export function help() {
  const dialog = document.querySelector("[data-keys]");
  if (!dialog || dialog.open) return;
  const places = dialog.querySelector("[data-places]");
  places.replaceChildren(...[...document.querySelectorAll(".nav [data-go]")].map(place));
  dialog.showModal();
}

// The navigation says itself where its keys lead.
function place(link) {
  const made = document.createElement("div");
  const keys = document.createElement("dt");
  for (const key of ["g", link.dataset.go]) {
    const one = document.createElement("kbd");
    one.textContent = key;
    keys.append(one, " ");
  }
  const says = document.createElement("dd");
  says.textContent = `Go to ${link.title}`;
  made.append(keys, says);
  return made;
}

// Whether the key was part of a pair. `single` is what the first key does when no second one comes.
export function pair(key, single) {
  if (began) {
    clearTimeout(began);
    began = 0;
    const link = document.querySelector(`.nav [data-go="${CSS.escape(key)}"]`);
    if (link) {
      link.click();
      return true;
    }
  }
  if (key !== "g") return false;
  began = setTimeout(() => {
    began = 0;
    single();
  }, TOGETHER_MS);
  return true;
}

addEventListener("click", (event) => {
  const dialog = event.target.closest?.("[data-keys]");
  if (event.target.closest?.("[data-do=keys]")) help();
  // The backdrop belongs to the dialog itself.
  else if (event.target === dialog || event.target.closest?.("[data-do=close-keys]")) dialog.close();
});
