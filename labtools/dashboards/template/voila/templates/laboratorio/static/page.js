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

  const nameTheMap = (main) => {
    const map = main.querySelector(".leaflet-container:not([aria-label])");
    if (!map) return;
    map.setAttribute("role", "region");
    map.setAttribute("aria-label", document.body.dataset.mapName);
    main.querySelector(".lab-heard")?.setAttribute("aria-live", "polite");
    drawn = true;
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
    new MutationObserver(() => nameTheMap(main)).observe(main, { childList: true, subtree: true });
    document.querySelector("#ended a").addEventListener("click", (event) => {
      event.preventDefault();
      location.reload();
    });
    window.display_cells();
    watchTheSession();
  });
})();
