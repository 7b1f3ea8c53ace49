"use strict";
// Without this script the page works too. It keeps <html lang> and title right, and opens details to print (not the folds of a report).
// The language: that of the address (#zh, #en), else the one the reader chose before, else Chinese in a Chinese browser, else the page's own.
(() => {
  const KEY = "carousel-language";
  // A browser may refuse storage, to a file above all: the choice then holds for this page alone.
  const chosen = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const keep = (lang) => { try { localStorage.setItem(KEY, lang); } catch { return; } };
  const radios = [...document.querySelectorAll('input[name="language"]')];
  const show = (lang) => {
    const radio = radios.find((r) => r.value === lang);
    if (!radio) return;
    radio.checked = true;
    document.documentElement.lang = lang;
    document.title = document.querySelector(`article.${lang} h1`).textContent;
  };
  radios.forEach((r) => r.addEventListener("change", () => { show(r.value); keep(r.value); }));
  const fromAddress = () => {
    const part = location.hash.slice(1);
    show(part.includes("-") ? part.slice(part.lastIndexOf("-") + 1) : part);
    const place = document.getElementById(part);
    for (let fold = place && place.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    if (place) place.scrollIntoView();
  };
  addEventListener("hashchange", fromAddress);
  show(chosen() || (/^zh\b/i.test(navigator.language) ? "zh" : ""));
  if (location.hash) fromAddress();
  addEventListener("beforeprint", () => document.querySelectorAll("details:not(.fold)").forEach((d) => { d.open = true; }));
})();
