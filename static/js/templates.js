// The editor of a message's text: the list of names (two braces, Ctrl+space, or the buttons beside), and the preview's
// frame, which is filled by sending the form to it, so that nothing unsaved is kept anywhere.
(() => {
  "use strict";
  const form = document.getElementById("template-form");
  const menu = document.getElementById("name-menu");
  const preview = document.getElementById("template-preview");
  if (!form || !menu) return;
  let field = form.querySelector("textarea[data-names]");
  let opened = 0; // how many characters before the cursor the choice replaces

  const options = () => [...menu.querySelectorAll("[role=option]:not([hidden])")];
  const chosen = () => menu.querySelector('[aria-selected="true"]');
  const select = (option) => {
    for (const one of menu.querySelectorAll("[aria-selected]")) one.removeAttribute("aria-selected");
    if (!option) return field.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", option.id);
  };
  const close = () => {
    menu.hidden = true;
    field.removeAttribute("aria-activedescendant");
  };
  const typed = () => {
    const before = field.value.slice(0, field.selectionStart);
    const found = /\{\{ ?((?:if (?:not )?)?[a-z_]{0,40})$/i.exec(before);
    return found ? { length: found[0].length, word: found[1].toLowerCase() } : null;
  };
  const show = (word) => {
    for (const option of menu.querySelectorAll("[role=option]")) option.hidden = !option.dataset.words.toLowerCase().includes(word.replace("if not ", "if "));
    if (!options().length) return close();
    const at = field.getBoundingClientRect();
    menu.hidden = false;
    const lines = field.tagName === "TEXTAREA" ? field.value.slice(0, field.selectionStart).split("\n").length : 1;
    const style = getComputedStyle(field);
    const down = Math.min(lines * parseFloat(style.lineHeight || "20") - field.scrollTop + 10, at.height);
    menu.style.left = `${Math.max(8, Math.min(at.left + 24, innerWidth - menu.offsetWidth - 12)) + scrollX}px`;
    menu.style.top = `${at.top + scrollY + Math.max(28, down)}px`;
    select(options()[0]);
  };
  const insert = (option) => {
    const end = option.dataset.end || "";
    const from = field.selectionStart - opened;
    const inside = opened || !end ? "" : field.value.slice(field.selectionStart, field.selectionEnd);
    const text = option.dataset.insert + inside + end;
    field.focus();
    field.setSelectionRange(from, opened ? field.selectionStart : field.selectionEnd);
    // execCommand keeps the browser's undo; where it is gone, the range is replaced without.
    if (!document.execCommand("insertText", false, text)) {
      field.setRangeText(text, from, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const cursor = from + option.dataset.insert.length + (end ? inside.length : 0);
    field.setSelectionRange(cursor, cursor);
    opened = 0;
    close();
  };

  for (const one of form.querySelectorAll("[data-names]")) {
    one.setAttribute("aria-autocomplete", "list");
    one.setAttribute("aria-controls", menu.id);
    one.addEventListener("focus", () => {
      if (field !== one) close();
      field = one;
    });
    // A field that was left must not close the list that was opened in the next one meanwhile.
    one.addEventListener("blur", () => setTimeout(() => {
      const now = document.activeElement;
      if (!now?.matches("[data-names]") && !menu.contains(now)) close();
    }, 150));
    one.addEventListener("input", () => {
      if (one.readOnly) return;
      const found = typed();
      opened = found ? found.length : 0;
      if (found) show(found.word); else close();
    });
    one.addEventListener("keydown", (event) => {
      if (event.ctrlKey && event.code === "Space" && !one.readOnly) {
        event.preventDefault();
        const found = typed();
        opened = found ? found.length : 0;
        return show(found ? found.word : "");
      }
      if (menu.hidden) return;
      const list = options();
      const now = list.indexOf(chosen());
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        select(list[(now + (event.key === "ArrowDown" ? 1 : -1) + list.length) % list.length]);
      } else if (event.key === "Enter" || event.key === "Tab") {
        if (chosen()) { event.preventDefault(); insert(chosen()); }
      } else if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        close();
      }
    });
  }
  menu.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    event.preventDefault();
    if (option) insert(option);
  });
  form.addEventListener("mousedown", (event) => {
    if (event.target.closest("[data-insert], [data-open-names]")) event.preventDefault(); // the field keeps its cursor
  });
  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-open-names]")) {
      if (!menu.hidden) return close();
      opened = 0;
      field.focus();
      return show("");
    }
    const name = event.target.closest("[data-insert]");
    if (name) { opened = 0; return insert(name); }
    const customer = event.target.closest("[data-customer]");
    if (!customer) return undefined;
    form.elements.customer.value = customer.dataset.customer;
    form.elements.q.value = "";
    return document.body.dispatchEvent(new CustomEvent("customer-chosen"));
  });
  // Enter in the search looks for the customer; it saves nothing.
  form.elements.q?.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });

  preview?.addEventListener("htmx:afterSwap", () => {
    const frame = preview.querySelector("iframe");
    if (!frame) return;
    const button = document.createElement("button");
    button.hidden = true;
    button.setAttribute("formaction", preview.dataset.frame);
    button.setAttribute("formtarget", frame.name);
    button.setAttribute("formnovalidate", "");
    form.append(button);
    form.requestSubmit(button);
    button.remove();
  });
})();
