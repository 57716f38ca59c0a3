// Printing, and the buttons above a page: a menu to download or print, and full screen.
"use strict";
{
  // Paper is white: a page that is read in the dark theme is printed in the light one.
  const root = document.documentElement;
  let theme = root.dataset.theme;
  addEventListener("beforeprint", () => {
    theme = root.dataset.theme;
    root.dataset.theme = "light";
  });
  addEventListener("afterprint", () => {
    root.dataset.theme = theme;
  });

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
