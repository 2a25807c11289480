// Lists: the selection with its count and sum, J K X Enter on rows, and whether a table fits its place.
// Rows: <tr data-row data-href="..." > · <td class="pick"><input type="checkbox" name="pick" value="id" data-sum="12.50">
// or, for amounts of several currencies, data-sums='{"EUR": "12.50"}'. A box without name ticks them all.
// Bar:  <div class="bulk-bar" data-for="id" hidden> with [data-count] and [data-total] (see docs/ui.md); the id is that of
// the table, or of another element with data-selection.
(() => {
  "use strict";
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

  // A table that fits needs no scrolling region of its own: then its header and totals stick to the window.
  const measure = (region) => {
    const table = region.querySelector("table");
    if (!table) return;
    const fits = table.offsetWidth <= region.clientWidth + 1 && innerWidth > 900;
    region.toggleAttribute("data-fits", fits);
  };
  const watcher = new ResizeObserver((entries) => entries.forEach((entry) => measure(entry.target)));
  const watch = (from) => $$(".table-region", from).forEach((region) => { measure(region); watcher.observe(region); });

  // Sums in the page's language; cents as whole numbers, so that nothing is lost in binary fractions.
  const cents = (text) => {
    const [whole, fraction = ""] = text.replace("-", "").split(".");
    const value = BigInt(whole || "0") * 10000n + BigInt((fraction + "0000").slice(0, 4));
    return text.startsWith("-") ? -value : value;
  };
  const money = (total, currency) => {
    const value = Number(total / 10000n) + Number(total % 10000n) / 10000;
    const style = currency ? { style: "currency", currency, maximumFractionDigits: 0 } : { maximumFractionDigits: 0 };
    return new Intl.NumberFormat(document.documentElement.lang, style).format(value);
  };
  const GROUP = "table, [data-selection]";
  const BOX = "input[type=checkbox][name=pick]";
  const ALL = ".pick input[type=checkbox]:not([name])";
  const sumsOf = (box, fallback) => {
    if (box.dataset.sums) return Object.entries(JSON.parse(box.dataset.sums));
    return box.dataset.sum ? [[box.dataset.currency || fallback, box.dataset.sum]] : [];
  };
  const update = (group) => {
    const boxes = $$(BOX, group);
    const picked = boxes.filter((box) => box.checked);
    const all = group.querySelector(ALL);
    if (all) {
      all.checked = boxes.length > 0 && picked.length === boxes.length;
      all.indeterminate = picked.length > 0 && picked.length < boxes.length;
    }
    const bar = document.querySelector(`.bulk-bar[data-for="${CSS.escape(group.id)}"]`);
    if (!bar) return;
    bar.hidden = picked.length === 0;
    const count = bar.querySelector("[data-count]");
    if (count) count.textContent = new Intl.NumberFormat(document.documentElement.lang).format(picked.length);
    const total = bar.querySelector("[data-total]");
    if (total) {
      const sums = new Map(); // never across currencies
      for (const box of picked) {
        for (const [currency, sum] of sumsOf(box, total.dataset.currency || "")) {
          sums.set(currency, (sums.get(currency) || 0n) + cents(sum));
        }
      }
      total.textContent = [...sums].map(([currency, sum]) => money(sum, currency)).join(" + ");
    }
  };
  let last = null;
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (!(box instanceof HTMLInputElement) || !box.matches(BOX)) return;
    const group = box.closest(GROUP);
    if (!group) return;
    const boxes = $$(BOX, group);
    if (event.shiftKey && last && boxes.includes(last)) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      boxes.slice(from, to + 1).forEach((one) => { one.checked = box.checked; });
    }
    last = box;
    update(group);
  });
  document.addEventListener("change", (event) => {
    const box = event.target;
    const group = box instanceof HTMLInputElement && box.matches(`${BOX}, ${ALL}`) ? box.closest(GROUP) : null;
    if (!group) return;
    if (box.matches(ALL)) $$(BOX, group).forEach((one) => { one.checked = box.checked; });
    update(group);
  });
  document.addEventListener("click", (event) => {
    const clear = event.target instanceof Element ? event.target.closest("[data-clear-selection]") : null;
    if (!clear) return;
    const group = document.getElementById(clear.closest(".bulk-bar").dataset.for);
    $$(`${BOX}, ${ALL}`, group).forEach((one) => { one.checked = false; });
    update(group);
  });

  // J K: the next row; Enter opens it; X selects it. On the worklist E confirms and S postpones (data-key buttons).
  const rows = () => $$("[data-row]").filter((row) => row.offsetParent !== null);
  const current = () => document.querySelector("[data-row].is-current");
  const go = (row) => {
    current()?.classList.remove("is-current");
    row.classList.add("is-current");
    row.scrollIntoView({ block: "nearest" });
    const focusable = row.matches("[tabindex]") ? row : row.querySelector("a[href], button");
    focusable?.focus({ preventScroll: true });
  };
  // What was opened beside the list, by mouse or by Tab, is where the keys go on: E must not send another row.
  for (const opening of ["click", "focusin"]) {
    document.addEventListener(opening, (event) => {
      const row = event.target instanceof Element ? event.target.closest("[data-key=enter]")?.closest("[data-row]") : null;
      if (!row || row === current()) return;
      current()?.classList.remove("is-current");
      row.classList.add("is-current");
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open], [popover]:popover-open.menu")) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]")) return;
    const key = event.key.toLowerCase();
    const all = rows();
    if (!all.length) return;
    const now = all.indexOf(current());
    if (key === "j" || key === "k") {
      event.preventDefault();
      go(all[Math.max(0, Math.min(all.length - 1, now < 0 ? 0 : now + (key === "j" ? 1 : -1)))]);
      return;
    }
    const row = current();
    if (!row) return;
    if (key === "x") {
      const box = row.querySelector(BOX);
      if (box) { event.preventDefault(); box.click(); }
    } else if (key === "enter" && !target.closest("a, button, input")) {
      event.preventDefault();
      row.querySelector("[data-key=enter], th a[href], a[href]")?.click();
    } else if (/^[a-z]$/.test(key)) {
      const button = row.querySelector(`[data-key="${key}"]`) || document.querySelector(`[data-current-key="${key}"]`);
      if (button) { event.preventDefault(); button.click(); }
    }
  });

  document.addEventListener("htmx:load", (event) => {
    watch(event.target);
    const around = event.target.closest?.(GROUP) || null;
    if (around?.id) update(around);
    $$(GROUP, event.target).filter((group) => group.id).forEach(update);
  });
  watch(document);
  $$(GROUP).filter((group) => group.id && group.querySelector(BOX)).forEach(update);
})();
