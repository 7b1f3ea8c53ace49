"use strict";
// A Chinese browser gets the Chinese pages, unless the reader chose a language with the switch on top. Reports keep the choice in the same place.
(() => {
  const KEY = "carousel-language";
  // A browser may refuse storage, to a file above all: the choice then holds for this page alone.
  const chosen = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const keep = (lang) => { try { localStorage.setItem(KEY, lang); } catch { return; } };
  const links = [...document.querySelectorAll("a.md-select__link[hreflang]")];
  links.forEach((link) => link.addEventListener("click", () => keep(link.hreflang)));
  const wanted = chosen() || (/^zh\b/i.test(navigator.language) ? "zh" : "");
  const twin = links.find((link) => link.hreflang === "zh");
  if (wanted === "zh" && twin && document.documentElement.lang === "en") location.replace(twin.href + location.hash);
})();
