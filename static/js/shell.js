// The frame's behaviour: menus, dialogs, toasts, confirmations, theme. Events are handled on the document, so that
// parts which htmx brings later work without further ado. Widths and places are set through the CSSOM (strict CSP).
(() => {
  "use strict";
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

  // --- Menus: <button popovertarget="x"> and <div id="x" class="menu" popover> ---------------------------------------
  const place = (menu, button) => {
    const at = button.getBoundingClientRect();
    const size = menu.getBoundingClientRect();
    const gap = 4;
    const edge = 8;
    const below = at.bottom + gap + size.height <= innerHeight - edge;
    const top = below ? at.bottom + gap : Math.max(edge, at.top - gap - size.height);
    const rightAligned = at.left + size.width > innerWidth - edge;
    const left = Math.max(edge, rightAligned ? at.right - size.width : at.left);
    menu.style.top = `${top}px`;
    menu.style.left = `${Math.min(left, innerWidth - size.width - edge)}px`;
    menu.dataset.placed = "";
  };
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!(menu instanceof HTMLElement) || !menu.hasAttribute("popover")) return;
    const buttons = $$(`[popovertarget="${CSS.escape(menu.id)}"]`);
    const open = event.newState === "open";
    for (const button of buttons) button.setAttribute("aria-expanded", String(open));
    if (!menu.classList.contains("menu")) return;
    if (!open) {
      delete menu.dataset.placed;
      return;
    }
    const button = buttons.find((one) => one.offsetParent !== null) || buttons[0];
    if (button) place(menu, button);
    const first = $("input:not([type=hidden]), .menu-item, button", menu);
    if (first && menu.contains(document.activeElement) === false) first.focus({ preventScroll: true });
  }, true);
  document.addEventListener("keydown", (event) => {
    const menu = event.target instanceof Element ? event.target.closest(".menu:popover-open") : null;
    if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
    if (event.target instanceof HTMLInputElement && event.target.type !== "checkbox") return;
    const items = $$(".menu-item, .segmented button", menu);
    if (!items.length) return;
    event.preventDefault();
    const now = items.indexOf(document.activeElement);
    const next = { ArrowDown: now + 1, ArrowUp: now < 0 ? items.length - 1 : now - 1, Home: 0, End: items.length - 1 }[event.key];
    items[(next + items.length) % items.length].focus();
  });

  // --- Dialogs ----------------------------------------------------------------------------------------------------
  const openDialog = (dialog) => {
    for (const other of $$("dialog[open]")) if (other !== dialog) other.close(); // never one above another
    for (const menu of $$("[popover]:popover-open")) menu.hidePopover();
    if (!dialog.open) dialog.showModal();
    dialog.dispatchEvent(new CustomEvent("opened", { bubbles: true }));
  };
  window.encoursOpen = openDialog;
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    const opener = target.closest("[data-open]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.open);
      if (dialog) openDialog(dialog);
      return;
    }
    if (target.closest("[data-close]")) target.closest("dialog")?.close();
    if (target instanceof HTMLDialogElement && target.open) {
      const box = target.getBoundingClientRect(); // a click on the veil is a click on the dialog outside its box
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside && event.detail) target.close();
    }
  });
  // A form in a dialog that is refused comes back into the dialog, wherever its answer would go otherwise.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    const content = xhr.status === 422 && requestConfig.elt.closest("#drawer-content, #modal-content");
    if (content) event.detail.target = content;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const content = event.target;
    if (content.id !== "drawer-content" && content.id !== "modal-content") return;
    const dialog = content.closest("dialog");
    if (content.firstElementChild) {
      if (!dialog.open) openDialog(dialog);
      const field = $("[aria-invalid=true], [autofocus], input:not([type=hidden]), select, textarea", content);
      if (field) field.focus();
    } else {
      dialog.close();
    }
  });
  document.addEventListener("close-dialog", () => $$("dialog[open]").forEach((dialog) => dialog.close()));
  document.addEventListener("close", (event) => {
    const content = event.target instanceof Element ? $("#drawer-content, #modal-content", event.target) : null;
    if (content) content.replaceChildren();
  }, true);

  // --- hx-confirm in a dialog of ours: data-confirm-yes names the button, data-confirm-danger colours it -----------
  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    askFirst(event.detail.question, event.detail.elt, () => event.detail.issueRequest(true));
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const question = form.dataset.confirm;
    if (!question || form.dataset.confirmed) return;
    event.preventDefault();
    const submitter = event.submitter;
    askFirst(question, form, () => {
      form.dataset.confirmed = "yes";
      form.requestSubmit(submitter || undefined);
      delete form.dataset.confirmed;
    });
  });
  const askFirst = (question, element, go) => {
    const dialog = $("#confirm");
    const yes = $("#confirm-yes");
    $("#confirm-title").textContent = question;
    yes.textContent = element.dataset.confirmYes || yes.dataset.default;
    const danger = "confirmDanger" in element.dataset;
    yes.classList.toggle("btn-primary", !danger);
    yes.classList.toggle("btn-danger", danger);
    yes.classList.toggle("btn-solid", danger);
    dialog.returnValue = "";
    const covered = $$("dialog[open]");
    dialog.addEventListener("close", () => { if (dialog.returnValue === "yes") go(); }, { once: true });
    if (covered.length) dialog.showModal(); // a question about what the open drawer does may stand above it
    else openDialog(dialog);
    yes.focus();
  };

  // --- Toasts -----------------------------------------------------------------------------------------------------
  const toasts = () => $("#toasts");
  const leave = (card) => {
    const seconds = $("[hx-post]", card) ? 30 : 6;
    let timer = setTimeout(() => card.remove(), seconds * 1000);
    card.addEventListener("pointerenter", () => clearTimeout(timer));
    card.addEventListener("focusin", () => clearTimeout(timer));
    card.addEventListener("pointerleave", () => { timer = setTimeout(() => card.remove(), 3000); });
  };
  const toast = ({ text, level = "success", undo = "" }) => {
    const bad = level === "error" || level === "warning";
    const icons = $("#toast-icons").content;
    const drawing = (name) => $(`[data-level=${name}]`, icons).firstElementChild.cloneNode(true);
    const card = document.createElement("div");
    card.className = `toast-card is-${level}`;
    const words = document.createElement("span");
    words.textContent = text;
    card.append(drawing(bad ? "bad" : "good"), words);
    if (undo) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = toasts().dataset.undo;
      button.setAttribute("hx-post", undo);
      button.setAttribute("hx-swap", "none");
      card.append(button);
    }
    const close = document.createElement("button");
    close.type = "button";
    close.className = "toast-close";
    close.setAttribute("aria-label", toasts().dataset.close);
    close.append(drawing("close"));
    card.append(close);
    toasts().append(card);
    if (undo) window.htmx.process(card);
    leave(card);
  };
  window.encoursToast = toast;
  document.addEventListener("toasts", (event) => {
    const list = Array.isArray(event.detail) ? event.detail : event.detail.value;
    list.forEach(toast);
  });
  document.addEventListener("click", (event) => {
    const card = event.target instanceof Element ? event.target.closest(".toast-card") : null;
    if (card && event.target.closest("button")) setTimeout(() => card.remove(), event.target.closest("[hx-post]") ? 150 : 0);
  });

  // --- Forms: a second click sends nothing twice; a file's name shows; unsaved work is not lost by accident ---------
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method === "dialog" || form.hasAttribute("hx-post") || form.hasAttribute("hx-get")) return;
    const button = event.submitter;
    // What opens elsewhere (a PDF, a frame) or only reads leaves the form as it is: it is sent after that.
    const stays = button && (button.formTarget || button.formMethod === "get" || button.hasAttribute("data-repeatable"));
    if (button && form.method === "post" && !stays) {
      setTimeout(() => button.setAttribute("aria-busy", "true"), 120);
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    }
  });
  addEventListener("pageshow", () => {
    $$("form[data-sent]").forEach((form) => delete form.dataset.sent);
    $$("button[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  });
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input instanceof HTMLInputElement && input.type === "file") {
      const shown = input.closest(".dropzone")?.querySelector("[data-file-name]");
      if (shown) shown.textContent = [...input.files].map((file) => file.name).join(", ");
      const form = input.closest("form[data-submit-on-file]");
      if (form && input.files.length) form.requestSubmit();
    }
    if (input instanceof Element && input.matches("[data-submit]")) input.form?.requestSubmit();
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const zone = event.target instanceof Element ? event.target.closest(".dropzone") : null;
      if (zone) zone.classList.toggle("is-over", kind === "dragover");
    });
  }

  // --- Copy: <button data-copy="#field or list">, which says for two seconds that it was done ------------------------
  const copyText = async (source, text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      if (!source.select) return; // http on another machine's name: the clipboard is for secure pages only
      source.select();
      document.execCommand("copy");
    }
  };
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
    const source = button && $(button.dataset.copy);
    if (!source || "busy" in button.dataset) return;
    const items = $$("li", source).map((item) => item.textContent.trim());
    await copyText(source, source.value ?? (items.length ? items.join("\n") : source.textContent.trim()));
    const drawing = $("use", button);
    const words = $("span", button);
    const before = [drawing?.getAttribute("href"), words?.textContent];
    button.dataset.busy = "";
    drawing?.setAttribute("href", before[0].replace(/#.*/, "#check"));
    if (words && button.dataset.copied) words.textContent = button.dataset.copied;
    setTimeout(() => {
      drawing?.setAttribute("href", before[0]);
      if (words) words.textContent = before[1];
      delete button.dataset.busy;
    }, 2000);
  });

  // --- Theme without a reload ---------------------------------------------------------------------------------------
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-theme-form]") || !event.submitter) return;
    event.preventDefault();
    delete form.dataset.sent;
    const chosen = event.submitter.value;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${chosen}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    window.encoursTheme(chosen);
    for (const button of $$("button[name=theme]", form)) button.setAttribute("aria-pressed", String(button === event.submitter));
    setTimeout(() => event.submitter.removeAttribute("aria-busy"), 150);
  });

  // --- Rich selects: <select data-rich> (more than some ten choices, or several) ------------------------------------
  const enrich = (from) => {
    for (const select of $$("select[data-rich]", from)) {
      if (select.tomselect || !window.TomSelect) continue;
      const plugins = select.multiple ? ["remove_button"] : [];
      const rich = new window.TomSelect(select, { plugins, maxOptions: 200, allowEmptyOption: true, hideSelected: select.multiple });
      select.setAttribute("aria-hidden", "true"); // the text field beside it has the label now
      rich.control_input.setAttribute("aria-label", select.labels?.[0]?.textContent.trim() || select.getAttribute("aria-label") || "");
    }
  };
  document.addEventListener("htmx:load", (event) => enrich(event.target));

  // --- On a narrow screen the tab that is open stands in sight; what is cut short says the rest on hover --------------
  const showTab = (from) => {
    for (const tab of $$(".tabs [aria-current], .views [aria-current]", from)) {
      const bar = tab.closest(".tabs, .views");
      const at = tab.getBoundingClientRect();
      const room = bar.getBoundingClientRect();
      if (at.right > room.right || at.left < room.left) bar.scrollLeft += at.left - room.left - 24;
    }
  };
  document.addEventListener("htmx:load", (event) => showTab(event.target));
  document.addEventListener("mouseover", (event) => {
    const cut = event.target instanceof Element ? event.target.closest("th, td, .truncate, .clip, .kpi-note, .kpi-label") : null;
    if (cut && !cut.title && cut.scrollWidth > cut.clientWidth + 1 && getComputedStyle(cut).textOverflow === "ellipsis") {
      cut.title = cut.innerText.trim();
    }
  });

  // --- The line at the top while htmx loads -------------------------------------------------------------------------
  let waiting = 0;
  document.addEventListener("htmx:beforeSend", () => { waiting += 1; document.body.classList.add("is-loading"); });
  document.addEventListener("htmx:afterRequest", () => {
    waiting = Math.max(0, waiting - 1);
    if (!waiting) document.body.classList.remove("is-loading");
  });

  // --- Keys ---------------------------------------------------------------------------------------------------------
  const typing = (event) => event.target instanceof Element && event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      const palette = $("#palette");
      if (!palette) return;
      event.preventDefault();
      if (palette.open) palette.close(); else openDialog(palette);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event) || $("dialog[open]")) return;
    if (event.key === "?") {
      const help = $("#shortcuts");
      if (help) { event.preventDefault(); openDialog(help); }
    }
    if (event.key === "/") {
      const filter = $(".list-bar input[type=search]");
      if (filter) { event.preventDefault(); filter.focus(); filter.select(); }
    }
  });

  $$(".toast-card").forEach(leave);
  for (const button of $$("[popovertarget]")) if (!button.hasAttribute("aria-expanded")) button.setAttribute("aria-expanded", "false");
  enrich(document);
  showTab(document);
})();
