// The log of a run while it goes on: new lines are put below the old ones, and the end is followed
// until somebody scrolls up.
import { fragment } from "./live.js";

const EVERY_MS = 1000;
const NEAR = 40;
const MOST_LINES = 5000; // beyond, the oldest leave; the file has them all

export function followLog(run, address) {
  const body = run.querySelector("[data-part=tab]");
  const log = () => body.querySelector("[data-log]");
  const atEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
  let following = true;
  let asking = false;

  function toEnd() {
    log().scrollTop = log().scrollHeight;
    following = true;
    show();
  }
  function show() {
    const button = body.querySelector("[data-do=log-end]");
    if (button) button.hidden = following;
  }
  // Scrolling does not bubble.
  body.addEventListener(
    "scroll",
    (event) => {
      if (!event.target.matches("[data-log]")) return;
      following = atEnd(event.target);
      show();
    },
    true,
  );
  body.addEventListener("click", (event) => {
    if (event.target.closest("[data-do=log-end]")) toEnd();
  });
  toEnd();

  async function more() {
    const place = body.querySelector(".log-fill");
    if (asking || document.hidden || place?.dataset.live !== "1") return;
    asking = true;
    try {
      const url = address("lines");
      url.searchParams.delete("before");
      url.searchParams.set("after", place.dataset.last);
      const html = await fragment(url);
      const now = body.querySelector(".log-fill");
      if (html.trim() && now === place && place.isConnected) {
        place.classList.remove("is-empty");
        place.querySelector(".empty")?.remove();
        log().insertAdjacentHTML("beforeend", html);
        place.dataset.last = log().lastElementChild.dataset.last;
        while (log().childElementCount > MOST_LINES) log().firstElementChild.remove();
        if (following) toEnd();
      }
    } finally {
      asking = false;
    }
  }
  const timer = setInterval(() => {
    if (body.querySelector(".log-fill")?.dataset.live === "1") more().catch(() => {});
    else if (run.dataset.ended) clearInterval(timer);
  }, EVERY_MS);

  return { more, swapped: () => (following ? toEnd() : show()) };
}
