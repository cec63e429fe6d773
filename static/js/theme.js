// Before the first paint, so that a chosen theme does not flash. A plain script, and blocking.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // No storage: the system decides.
}
document.documentElement.classList.add("js");
