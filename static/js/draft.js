// Keeps an unfinished form on the phone and puts it back after a dead battery or a lost line.
// Used by <form data-draft="name">. Never keeps passwords, codes, ID numbers, files, hidden fields or [data-no-draft].
// The draft goes when a page that says [data-done] follows the sending, so a failed sending never loses it.

const PREFIX = "cishan.draft.";
const SENT = "cishan.sent";
const KEEP_DAYS = 7;
const SECRET_NAME = /password|passwd|secret|code|id_?(number|no|card)|identity/i;
const SECRET_TOKEN = /one-time-code|password|cc-/i;

function keepable(field) {
  if (!field.name || ["password", "file", "hidden", "submit", "button"].includes(field.type)) return false;
  if ("noDraft" in field.dataset) return false;
  return !SECRET_NAME.test(field.name) && !SECRET_TOKEN.test(field.autocomplete || "");
}

function read(form) {
  const values = {};
  for (const field of form.elements) {
    if (!keepable(field)) continue;
    if (field.type === "checkbox" || field.type === "radio") {
      values[field.name] = values[field.name] || [];
      if (field.checked) values[field.name].push(field.value);
    } else {
      values[field.name] = field.value;
    }
  }
  return values;
}

function write(form, values) {
  let changed = false;
  for (const field of form.elements) {
    if (!keepable(field) || !(field.name in values)) continue;
    const value = values[field.name];
    if (field.type === "checkbox" || field.type === "radio") {
      const checked = Array.isArray(value) && value.includes(field.value);
      changed = changed || checked !== field.checked;
      field.checked = checked;
    } else if (typeof value === "string" && field.value !== value) {
      field.value = value;
      changed = true;
    }
  }
  return changed;
}

function load(name) {
  try {
    const draft = JSON.parse(localStorage.getItem(PREFIX + name));
    if (draft && Date.now() - draft.at < KEEP_DAYS * 86400000) return draft.values;
    localStorage.removeItem(PREFIX + name);
  } catch { /* storage is full, forbidden or broken: the form works without it */ }
  return null;
}

function save(form) {
  try {
    localStorage.setItem(PREFIX + form.dataset.draft, JSON.stringify({ at: Date.now(), values: read(form) }));
  } catch { /* as above */ }
}

function tell(form, original) {
  const words = document.createElement("div");
  words.className = "restored";
  words.setAttribute("role", "status");
  const text = document.createElement("span");
  text.textContent = "上次没填完的内容已经找回来了。";
  const clear = document.createElement("button");
  clear.type = "button";
  clear.className = "button button-plain";
  clear.textContent = "清空重填";
  clear.addEventListener("click", () => {
    write(form, original);
    localStorage.removeItem(PREFIX + form.dataset.draft);
    words.remove();
  });
  words.append(text, clear);
  form.prepend(words);
}

function watch(form) {
  const original = read(form);
  const draft = load(form.dataset.draft);
  // After a refused sending the server shows again what was typed: that is newer than the draft.
  const refused = document.querySelector(".error-summary");
  if (draft && !refused && write(form, draft)) tell(form, original);
  form.addEventListener("input", () => save(form));
  form.addEventListener("change", () => save(form));
  form.addEventListener("submit", () => {
    save(form);
    try { sessionStorage.setItem(SENT, form.dataset.draft); } catch { /* as above */ }
  });
}

function forget(name) {
  try { localStorage.removeItem(PREFIX + name); } catch { /* as above */ }
}

function afterSending() {
  let sent = null;
  try {
    sent = sessionStorage.getItem(SENT);
    sessionStorage.removeItem(SENT);
  } catch { /* as above */ }
  if (sent && document.querySelector("[data-done]")) forget(sent);
}

// A phone may be shared: signing out (<form data-forget-drafts>) leaves nothing behind.
function forgetAll() {
  try {
    Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).forEach((key) => localStorage.removeItem(key));
  } catch { /* as above */ }
}

afterSending();
document.querySelectorAll("form[data-draft]").forEach(watch);
document.querySelectorAll("form[data-forget-drafts]").forEach((form) => form.addEventListener("submit", forgetAll));
