// Keeps times true without asking the server: "5 min ago", how long something has been running, how
// long it still waits.

const two = (number) => String(number).padStart(2, "0");

function ago(seconds) {
  if (seconds < 10) return "now";
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
  }
  return "now";
}

export function duration(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

function clock(ms) {
  if (ms < 9950 || ms >= 86_399_500) return duration(ms);
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick() {
  if (document.hidden) return;
  const now = Date.now();
  for (const element of document.querySelectorAll("time[data-ago]")) {
    set(element, ago((now - Date.parse(element.dateTime)) / 1000));
  }
  for (const element of document.querySelectorAll("[data-since], [data-until]")) {
    const { since, until } = element.dataset;
    const ms = Math.max(0, since ? now - Date.parse(since) : Date.parse(until) - now);
    const told = element.classList.contains("n-time") ? clock(ms) : duration(ms);
    set(element, until && !ms ? "0 s" : told); // due: the next look of a worker takes it up
  }
}

setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);
