// Passkeys (W3C WebAuthn). A form with data-passkey is shown where the browser can use one; when it is sent, the browser is asked first,
// and its answer goes along in the field "passkey".
(() => {
  "use strict";
  const here = (host) => location.hostname === host || location.hostname.endsWith("." + host);
  const able = window.isSecureContext && window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON;

  const ask = async (form) => {
    const answer = await fetch(form.dataset.options, { method: "POST", credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error(`options: ${answer.status}`);
    const { publicKey } = await answer.json();
    if (form.dataset.passkey === "create") {
      return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) });
    }
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!able || !here(form.dataset.host)) continue;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button"), trouble = form.querySelector("[data-trouble]");
      button.disabled = true;
      trouble.textContent = "";
      try {
        const credential = await ask(form);
        form.elements.passkey.value = JSON.stringify(credential.toJSON());
        form.submit();
      } catch {
        trouble.textContent = trouble.dataset.trouble;
        button.disabled = false;
      }
    });
  }
})();
