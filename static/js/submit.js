// A form is sent once: the second tap does nothing and the button says that it is busy.
// Used by <form data-once>; the button's words come from data-busy. The server's form key is the real guard.
// It also moves to the error summary, so that a screen reader starts there.

function busy(form, button) {
  form.dataset.busy = "yes";
  if (!button) return;
  button.dataset.words = button.textContent;
  button.textContent = button.dataset.busy || "正在提交…";
  button.setAttribute("aria-disabled", "true");
}

function ready(form) {
  delete form.dataset.busy;
  form.querySelectorAll("[data-words]").forEach((button) => {
    button.textContent = button.dataset.words;
    delete button.dataset.words;
    button.removeAttribute("aria-disabled");
  });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]")) return;
  if (form.dataset.busy) {
    event.preventDefault();
    return;
  }
  busy(form, event.submitter || form.querySelector(".button:not([type=button])"));
});

// The back button shows the page as it was left: a form sent before must be usable again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-busy]").forEach(ready);
});

document.querySelector("[data-focus]")?.focus();
