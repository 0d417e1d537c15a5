"use strict";
// The page works without this file: it only says that work is under way.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || !button.dataset.busy) return;
  button.dataset.label = button.textContent;
  button.textContent = button.dataset.busy;
  button.setAttribute("aria-busy", "true");
});
// Coming back by the browser's button shows the page as it was left.
window.addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[aria-busy]")) {
    button.textContent = button.dataset.label;
    button.removeAttribute("aria-busy");
  }
});
