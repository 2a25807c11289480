// Ctrl K: pages of the sidebar at once, customers, invoices and actions from the search address as one types.
// The address answers GET ?q= with <a class="palette-item" role="option" id="..." href="..."> in role=group blocks.
(() => {
  "use strict";
  const palette = document.getElementById("palette");
  if (!palette) return;
  const input = document.getElementById("palette-input");
  const list = document.getElementById("palette-list");
  const found = document.getElementById("palette-found");
  const pages = document.getElementById("palette-pages");
  const none = document.getElementById("palette-none");
  // The pages of the sidebar, under the name of their group.
  document.querySelectorAll("#sidebar .nav-list").forEach((group, g) => {
    const title = document.getElementById(group.getAttribute("aria-labelledby"))?.textContent || "";
    group.querySelectorAll(".nav-entry").forEach((entry, i) => {
      const link = document.createElement("a");
      link.className = "palette-item";
      link.href = entry.href;
      link.id = `palette-page-${g}-${i}`;
      link.tabIndex = -1;
      link.setAttribute("role", "option");
      link.setAttribute("aria-selected", "false");
      const name = document.createElement("span");
      name.textContent = entry.querySelector("span").textContent;
      const hint = document.createElement("span");
      hint.className = "hint";
      hint.textContent = title;
      link.append(entry.querySelector("svg").cloneNode(true), name, hint);
      pages.append(link);
    });
  });
  let timer = 0;
  let asked = 0;
  let running = null;

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const options = () => [...list.querySelectorAll("[role=option]")].filter((one) => !one.hidden && !one.closest("[hidden]"));
  const chosen = () => list.querySelector("[role=option][aria-selected=true]");
  const choose = (option) => {
    chosen()?.setAttribute("aria-selected", "false");
    if (!option) { input.removeAttribute("aria-activedescendant"); return; }
    option.setAttribute("aria-selected", "true");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };
  const refresh = () => {
    const words = plain(input.value).split(/\s+/).filter(Boolean);
    for (const link of pages.querySelectorAll("[role=option]")) {
      const text = plain(link.textContent);
      link.hidden = !words.every((word) => text.includes(word));
    }
    pages.hidden = !pages.querySelector("[role=option]:not([hidden])");
    const all = options();
    none.hidden = all.length > 0 || !input.value.trim();
    choose(all[0] || null);
  };
  const ask = async () => {
    const address = palette.dataset.search;
    const text = input.value.trim();
    running?.abort();
    if (!address || text.length < 2) { found.replaceChildren(); refresh(); return; }
    const number = ++asked;
    running = new AbortController();
    try {
      const answer = await fetch(`${address}?q=${encodeURIComponent(text)}`, { headers: { "HX-Request": "true" }, signal: running.signal, credentials: "same-origin" });
      if (number !== asked || !answer.ok || answer.headers.get("HX-Redirect")) return;
      found.innerHTML = await answer.text();
      found.querySelectorAll("[role=option]").forEach((one, index) => {
        one.id ||= `palette-found-${index}`;
        one.tabIndex = -1;
      });
      refresh();
    } catch (error) {
      if (error.name !== "AbortError") found.replaceChildren();
    }
  };
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 120); refresh(); });
  input.addEventListener("keydown", (event) => {
    const all = options();
    const now = all.indexOf(chosen());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (all.length) choose(all[(now + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      chosen()?.click();
    }
  });
  list.addEventListener("pointermove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && option !== chosen()) choose(option);
  });
  list.addEventListener("click", (event) => { if (event.target.closest("a[href]")) palette.close(); });
  palette.addEventListener("opened", () => { input.select(); input.focus(); refresh(); });
})();
