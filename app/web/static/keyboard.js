/* The desk by keyboard. Without scripts everything works as well, with Tab and Enter.
   "/" goes to the search box; in results j and k go down and up, Enter opens; c copies the link. */
"use strict";

(() => {
  const box = () => document.querySelector("#search-box");
  const links = () => [...document.querySelectorAll(".found li > a, table.orders tbody th a")];

  const isTyping = (target) => target.matches("input, textarea, select, [contenteditable]");

  const step = (by) => {
    const all = links();
    if (!all.length) return;
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
    all[Math.max(0, Math.min(all.length - 1, next))].focus();
  };

  const copy = () => {
    const chosen = links().includes(document.activeElement) ? document.activeElement.href : location.href;
    navigator.clipboard?.writeText(chosen);
  };

  const keys = { j: () => step(1), k: () => step(-1), c: copy };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target)) {
      if (event.key === "Escape") event.target.blur();
      if (event.target === box() && event.key === "ArrowDown") { event.preventDefault(); step(1); }
      return;
    }
    if (event.key === "/" && box()) { event.preventDefault(); box().focus(); box().select(); }
    else if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
})();
