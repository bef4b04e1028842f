"use strict";
// The still page stands at once; the living one is opened behind it and takes its place when it is drawn.
(() => {
  const LOOK = 250, AGAIN = [20000, 40000], MOST = 20, PATIENCE = 120000;
  const body = document.body;
  const state = document.getElementById("state");
  const swap = document.getElementById("swap");
  const main = document.getElementById("content");
  let frame = document.getElementById("live");
  let tries = 0, touched = false;

  const say = (words) => { state.textContent = words; state.hidden = !words; };
  const inside = () => { try { return frame.contentDocument; } catch { return null; } };
  const drawn = (page) => page?.body?.dataset.live === "drawn";
  const refused = (page) => page?.readyState === "complete" && page.URL !== "about:blank"
    && !page.getElementById("jupyter-config-data");

  const fit = () => {
    const page = inside();
    const told = page?.querySelector("main");
    if (told && !frame.classList.contains("waiting")) {
      frame.style.height = `${Math.ceil(told.offsetTop + told.offsetHeight) + 20}px`;
    }
  };

  const show = () => {
    frame.classList.remove("waiting");
    frame.removeAttribute("aria-hidden");
    frame.removeAttribute("tabindex");
    main.hidden = true;
    swap.hidden = true;
    body.classList.add("alive");
    say("");
    new ResizeObserver(fit).observe(inside().querySelector("main"));
    fit();
  };

  const ready = () => {
    // Whoever is already reading is not interrupted.
    if (!touched) { show(); return; }
    say(body.dataset.ready);
    swap.hidden = false;
  };

  const giveUp = () => {
    frame.hidden = true;
    frame.removeAttribute("src");
    say(body.dataset.full);
    tries += 1;
    if (tries < MOST) setTimeout(open, AGAIN[0] + Math.random() * (AGAIN[1] - AGAIN[0]));
  };

  const open = () => {
    if (document.hidden) { setTimeout(open, AGAIN[0]); return; }
    const begun = Date.now();
    frame.className = "waiting";
    frame.setAttribute("aria-hidden", "true");
    frame.setAttribute("tabindex", "-1");
    frame.hidden = false;
    frame.src = body.dataset.live;
    const look = setInterval(() => {
      const page = inside();
      if (drawn(page)) { clearInterval(look); ready(); }
      else if (refused(page) || Date.now() - begun > PATIENCE) { clearInterval(look); giveUp(); }
    }, LOOK);
  };

  const noted = (event) => { touched = true; };
  for (const kind of ["pointerdown", "keydown"]) main.addEventListener(kind, noted, { passive: true });
  addEventListener("scroll", () => { if (scrollY > 200) touched = true; }, { passive: true });
  swap.addEventListener("click", () => { show(); frame.focus(); });
  requestAnimationFrame(() => setTimeout(() => { if (body.dataset.live) { say(state.textContent); open(); } }, 0));
})();
