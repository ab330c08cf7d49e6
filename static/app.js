// What the pages add for browsers with scripts. Everything here is a comfort: each page works without it.
(() => {
  "use strict";

  // A clock that counts up between two updates: <time data-since="RFC 3339">.
  const pad = (n) => String(n).padStart(2, "0");
  const tick = () => {
    for (const clock of document.querySelectorAll("[data-since]")) {
      const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(clock.dataset.since)) / 1000));
      clock.textContent = `${Math.floor(seconds / 60)}:${pad(seconds % 60)}`;
    }
  };
  setInterval(tick, 1000);

  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const value = document.getElementById(copy.dataset.copy);
      await navigator.clipboard.writeText(value.textContent);
      copy.querySelector("[data-label]").textContent = copy.dataset.done;
      return;
    }
    // An open menu closes when something else is chosen.
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // A button that was pressed once is not pressed again while its answer is on the way.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-once")) return;
    setTimeout(() => form.querySelectorAll("button").forEach((button) => { button.disabled = true; }), 0);
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    document.querySelectorAll("form[data-once] button").forEach((button) => { button.disabled = false; });
  });

  // Tabs that do not all fit show the one that is open.
  for (const tabs of document.querySelectorAll("[data-tabs]")) {
    const open = tabs.querySelector("[aria-current=page]");
    if (open) tabs.scrollLeft = open.getBoundingClientRect().left - tabs.getBoundingClientRect().left - 48;
  }

  // A form that came back with errors puts the reader at the first of them.
  const wrong = document.querySelector("[data-focus]") || document.querySelector("[aria-invalid=true]");
  if (wrong) wrong.focus();

  // A live check marks its field for readers that do not see the message.
  document.addEventListener("htmx:load", (event) => {
    const message = event.detail.elt;
    if (!message.id || !message.id.startsWith("message-")) return;
    for (const field of document.querySelectorAll(`[aria-describedby~="${message.id}"]`)) {
      if (message.hasAttribute("data-wrong")) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  });

  // News of an operation leaves open what the reader has unfolded, and the cursor where it was.
  let unfolded = [], cursor = "";
  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    unfolded = [...event.target.querySelectorAll("details[id][open]")].map((part) => part.id);
    cursor = event.target.contains(document.activeElement) ? document.activeElement.id : "";
  });
  document.addEventListener("htmx:sseMessage", () => {
    for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
    if (cursor) document.getElementById(cursor)?.focus({ preventScroll: true });
  });

  // The end of an operation changes more of a service's page than its progress.
  document.addEventListener("htmx:sseClose", (event) => {
    if (event.detail.type === "message" && event.target.hasAttribute("data-reload")) location.reload();
  });
})();
