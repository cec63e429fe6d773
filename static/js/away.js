// Whether the server answers. While it does not, what is shown looks as if it were so now: rings turn
// and durations count. So the page says since when it has heard nothing, until it hears again.
import { tell } from "./toasts.js";

let said = null;
let heard = new Date();

export async function ask(address, options) {
  let answer;
  try {
    answer = await fetch(address, options);
  } catch (error) {
    if (error.name !== "AbortError") away();
    throw error;
  }
  heard = new Date();
  if (said) {
    said.remove();
    said = null;
    tellOthers(false);
  }
  return answer;
}

// fetch() has one error for all the ways of not being answered.
export const unanswered = (error) => error instanceof TypeError;

function away() {
  if (said?.isConnected) return;
  const at = heard.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  said = tell(`The server does not answer. This page shows what was so at ${at}.`, null, true);
  said.classList.add("is-error");
  tellOthers(true);
}

const tellOthers = (away) => document.dispatchEvent(new CustomEvent("away", { detail: away }));
