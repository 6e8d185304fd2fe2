// Furo gives its two sidebars the same role and no names, and its search page no heading.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelector("aside.sidebar-drawer")?.setAttribute("aria-label", "Site");
  document.querySelector("aside.toc-drawer")?.setAttribute("aria-label", "Page");

  if (document.querySelector("#search-results") && !document.querySelector("h1")) {
    const heading = document.createElement("h1");
    heading.textContent = "Search";
    document.querySelector("#search-results").before(heading);
  }

  // Without a mouse, only an element with the focus can be scrolled.
  const letScroll = () => {
    for (const element of document.querySelectorAll(".table-wrapper, .highlight pre")) {
      if (element.scrollWidth > element.clientWidth) {
        element.setAttribute("tabindex", "0");
      } else {
        element.removeAttribute("tabindex");
      }
    }
  };
  letScroll();
  window.addEventListener("resize", letScroll);
});
