/* A figure past its date is hidden: it would describe a place that is no longer there. */
(function () {
  "use strict";

  var said = document.body.getAttribute("data-expired");
  var now = new Date();
  var today = [now.getFullYear(), now.getMonth() + 1, now.getDate()]
    .map(function (part) { return String(part).padStart(2, "0"); })
    .join("-");

  document.querySelectorAll("[data-expires]").forEach(function (part) {
    var day = part.getAttribute("data-expires");
    if (today < day) {
      return;
    }
    var heading = part.querySelector("h1, h2, h3");
    var told = document.createElement("p");
    told.className = "outdated";
    told.setAttribute("role", "note");
    told.textContent = said.replace("{day}", day);
    part.replaceChildren.apply(part, heading ? [heading, told] : [told]);
  });
})();
