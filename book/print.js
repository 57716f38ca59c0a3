// Printing, and the buttons above a page: a menu to download or print, and full screen.
"use strict";
{
  // Paper is white: a page that is read in the dark theme is printed in the light one.
  const root = document.documentElement;
  let theme = root.dataset.theme;
  addEventListener("beforeprint", () => {
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    for (const img of document.querySelectorAll("[loading]")) img.loading = "eager";
    for (const link of document.querySelectorAll("article a.reference:not(:has(img))")) {
      const address = printed(link);
      if (address && address !== link.textContent) link.dataset.address = address;
    }
  });
  addEventListener("afterprint", () => {
    root.dataset.theme = theme;
  });

  // What stands on paper behind a link: an address, or the title of a page of this book. An exercise,
  // a term and a reference are found by what the link says.
  function printed(link) {
    if (link.host !== location.host) return link.href;
    if (link.hash || link.pathname === location.pathname) return null;
    const links = [...document.querySelectorAll("nav .toctree-l1 > a")];
    return links.find(({ pathname }) => pathname === link.pathname)?.textContent.trim();
  }

  for (const button of document.querySelectorAll("[data-print]")) {
    button.addEventListener("click", () => print());
  }
  for (const button of document.querySelectorAll("[data-full-screen]")) {
    button.addEventListener("click", () => toggleFullScreen()); // the theme's
  }
  for (const menu of document.querySelectorAll(".download-menu")) {
    const close = () => (menu.open = false);
    document.addEventListener("click", (event) => menu.contains(event.target) || close());
    menu.addEventListener("click", (event) => event.target.closest("li") && close());
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      close();
      menu.querySelector("summary").focus();
    });
  }
}
