// A login that ends while a page is open. The page itself leads to the sign-in form and back; but
// where something is being written nothing is reloaded: it stays until somebody has signed in again in
// another tab, and is sent from here with the mark of the new login.
import { tell } from "./toasts.js";

let out = false;

export function changed(field) {
  if (field.localName !== "select") return field.value !== field.defaultValue;
  // Where the HTML marks none, the first one was sent as the choice.
  const sent = [...field.options].findLast((one) => one.defaultSelected) ?? field.options[0];
  return field.value !== sent?.value;
}

export const written = (within = document) =>
  [...within.querySelectorAll('form[method="post"] :is(input:not([type=hidden]), textarea, select)')]
    .some(changed);

// Returns what there is to say, for who has a better place for it.
export function signedOut(reload = true) {
  const says = "You are signed out. What you wrote stays here: sign in in another tab, then go on.";
  if (!written()) {
    if (reload) location.reload();
  } else if (!out) {
    out = true;
    tell(says, { word: "Sign in", href: "/sign-in/?next=/settings" });
  }
  return new Error(says);
}

async function backIn() {
  if (!out || document.hidden) return;
  try {
    const answer = await fetch("/settings");
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const mark = page.querySelector("input[name=csrfmiddlewaretoken]").value;
    for (const one of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) one.value = mark;
    out = false;
    tell("You are signed in again. Go on here.");
    document.dispatchEvent(new CustomEvent("signed-in"));
  } catch {
    // The next time.
  }
}

addEventListener("focus", backIn);
document.addEventListener("visibilitychange", backIn);
