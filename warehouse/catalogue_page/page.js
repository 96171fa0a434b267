"use strict";
(() => {
  const root = document.documentElement, search = document.getElementById("q");
  const items = [...document.querySelectorAll(".item")], groups = [...document.querySelectorAll(".group")];
  const sections = [...document.querySelectorAll("main > section")], tabs = [...document.querySelectorAll(".tabs button")];
  const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐ]/g, "d").toLowerCase();
  const keep = (key, value) => { try { localStorage.setItem(key, value); } catch { /* a file:// page may have no storage */ } };
  const kept = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const texts = new Map();
  // Names, words and columns are searched, labels are not: every item has a "Nguồn".
  const words = (item) => [...item.querySelectorAll("summary .words, summary > code, td, h4, dd.f, pre")].map((part) => part.textContent).join(" ");
  const text = (item) => { if (!texts.has(item)) texts.set(item, fold(words(item))); return texts.get(item); };
  let kind = "";

  const speak = (lang) => { root.lang = lang; document.getElementById("lang").textContent = lang === "en" ? "Tiếng Việt" : "English";
    search.placeholder = search.dataset[lang]; document.title = root.dataset[lang === "en" ? "titleEn" : "titleVi"]; keep("lang", lang); };
  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const paint = (theme) => { root.dataset.theme = theme; keep("theme", theme); };

  const sift = () => {
    const wanted = fold(search.value).split(/\s+/).filter(Boolean), count = { "": 0 };
    for (const item of items) {
      const found = wanted.every((word) => text(item).includes(word));
      if (found) { count[""]++; count[item.dataset.kind] = (count[item.dataset.kind] || 0) + 1; }
      item.hidden = !found || (kind !== "" && item.dataset.kind !== kind);
    }
    for (const part of [...groups, ...sections]) part.hidden = !part.querySelector(".item:not([hidden])");
    for (const tab of tabs) { tab.querySelector("b").textContent = count[tab.dataset.kind] || 0; tab.setAttribute("aria-pressed", String(tab.dataset.kind === kind)); }
    document.getElementById("none").hidden = items.some((item) => !item.hidden);
  };

  // A link to a definition, from a board or from here, opens it, whatever is searched for now.
  const visit = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const item = target.closest(".item");
    if (item) { if (item.hidden) { search.value = ""; kind = ""; sift(); } item.open = true; }
    target.scrollIntoView();
  };

  search.addEventListener("input", sift);
  for (const tab of tabs) tab.addEventListener("click", () => { kind = tab.dataset.kind; sift(); scrollTo(0, 0); });
  document.getElementById("lang").addEventListener("click", () => speak(root.lang === "en" ? "vi" : "en"));
  document.getElementById("theme").addEventListener("click", () => paint(isDark() ? "light" : "dark"));
  document.addEventListener("keydown", (key) => { if (key.key === "/" && document.activeElement !== search) { key.preventDefault(); search.focus(); } });
  addEventListener("hashchange", visit);
  if (kept("theme")) paint(kept("theme"));
  speak(kept("lang") === "en" ? "en" : "vi");
  sift();
  visit();
})();
