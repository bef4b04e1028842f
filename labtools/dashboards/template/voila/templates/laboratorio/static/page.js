"use strict";
// What Voilà's pages do with inline scripts is done here, so that the page may forbid them.
(() => {
  const everyMinute = 60000;
  let drawn = false;

  const show = () => document.body.classList.add("ready");
  window.voila_heartbeat = () => {};
  window.voila_process = () => {};
  window.voila_finish = window.display_cells = () => {
    if (window.themeLoaded) show();
    else window.cellLoaded = true;
  };

  // Whoever opened the page with ?colonia=… meets that colonia; the address follows what is chosen.
  const followTheAddress = (main) => {
    const box = main.querySelector(".lab-address input");
    if (!box || box.dataset.followed) return;
    box.dataset.followed = "yes";
    const wanted = new URLSearchParams(location.search).get("colonia");
    if (wanted && wanted !== box.value) {
      box.value = wanted;
      for (const kind of ["input", "change"]) box.dispatchEvent(new Event(kind, { bubbles: true }));
    }
    let shown = box.value;
    setInterval(() => {
      if (box.value === shown) return;
      shown = box.value;
      const page = parent === window ? window : parent;
      page.history.replaceState(null, "", `?colonia=${encodeURIComponent(shown)}`);
    }, 400);
  };

  const tellWhenDrawn = (main) => {
    const board = main.querySelector(".lab-explorer");
    if (!board || (board.querySelector(".lab-map") && !board.querySelector("path.leaflet-interactive"))) return;
    // What the address asked for must be on show before the page says that it is.
    const asked = new URLSearchParams(location.search).get("colonia");
    const follows = board.classList.contains("lab-by-colonia");
    if (asked && follows && board.querySelector("[data-colonia]")?.dataset.colonia !== asked) return;
    drawn = true;
    document.body.dataset.live = "drawn";
  };

  const nameTheMap = (main) => {
    const map = main.querySelector(".leaflet-container:not([aria-label])");
    if (!map) return;
    map.setAttribute("role", "region");
    map.setAttribute("aria-label", document.body.dataset.mapName);
    main.querySelector(".lab-heard")?.setAttribute("aria-live", "polite");
  };

  const watchTheSession = () => {
    const told = document.getElementById("jupyter-config-data");
    if (!told) return;
    const { baseUrl, kernelId } = JSON.parse(told.textContent);
    setInterval(async () => {
      if (!drawn || document.hidden) return;
      const answer = await fetch(`${baseUrl}api/kernels/${kernelId}`).catch(() => null);
      if (!answer || !answer.ok) document.getElementById("ended").hidden = false;
    }, everyMinute);
  };

  document.addEventListener("DOMContentLoaded", () => {
    const main = document.querySelector("main");
    const look = () => { nameTheMap(main); followTheAddress(main); tellWhenDrawn(main); };
    new MutationObserver(look).observe(main, { childList: true, subtree: true });
    document.querySelector("#ended a").addEventListener("click", (event) => {
      event.preventDefault();
      location.reload();
    });
    window.display_cells();
    watchTheSession();
  });
})();
