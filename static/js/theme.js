// Before the first paint, so that a chosen theme does not flash. A plain script, and blocking.
// What is kept with the account came with the page.
try {
  if ("account" in document.documentElement.dataset) throw new Error("known");
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Known, or no storage: the page or the system decides.
}
document.documentElement.classList.add("js");
