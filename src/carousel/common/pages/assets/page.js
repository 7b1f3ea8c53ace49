"use strict";
// Without this script the page works too. It keeps <html lang> and title right, goes by #zh or #en, and opens details to print (not the folds of a report).
(() => {
  const radios = [...document.querySelectorAll('input[name="language"]')];
  const show = (lang) => {
    const radio = radios.find((r) => r.value === lang);
    if (!radio) return;
    radio.checked = true;
    document.documentElement.lang = lang;
    document.title = document.querySelector(`article.${lang} h1`).textContent;
  };
  radios.forEach((r) => r.addEventListener("change", () => show(r.value)));
  const fromAddress = () => {
    const part = location.hash.slice(1);
    show(part.includes("-") ? part.slice(part.lastIndexOf("-") + 1) : part);
    const place = document.getElementById(part);
    for (let fold = place && place.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    if (place) place.scrollIntoView();
  };
  addEventListener("hashchange", fromAddress);
  if (location.hash) fromAddress();
  addEventListener("beforeprint", () => document.querySelectorAll("details:not(.fold)").forEach((d) => { d.open = true; }));
})();
