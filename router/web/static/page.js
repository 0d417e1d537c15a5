"use strict";
// The pages work without this file: it says that work is under way, and
// keeps a page where it is while its cases are accepted one after the other.
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
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!("inline" in form.dataset)) return;
  event.preventDefault();
  form.querySelector("button").disabled = true;
  try {
    const asked = { method: "POST", body: new FormData(form), headers: { "X-Requested-With": "fetch" } };
    const answer = await fetch(form.action, asked);
    const told = answer.ok || answer.status === 409; // decided on in the meantime: said in the place
    if (!told || answer.redirected) throw new Error(answer.status);
    form.closest(".judge").outerHTML = await answer.text();
  } catch {
    form.querySelector("button").disabled = false;
    form.submit(); // shows what is wrong on a page of its own
  }
});
