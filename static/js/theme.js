// Runs before the first paint: where the person chose "auto", the device decides between light and dark.
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = root.dataset.theme;
    root.dataset.bsTheme = chosen === "dark" || (chosen === "auto" && dark.matches) ? "dark" : "light";
  };
  apply();
  dark.addEventListener("change", () => {
    apply();
    document.dispatchEvent(new CustomEvent("theme-changed"));
  });
  window.encoursTheme = (chosen) => {
    root.dataset.theme = chosen;
    apply();
    document.dispatchEvent(new CustomEvent("theme-changed"));
  };
})();
