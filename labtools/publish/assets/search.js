/* Finds colonias by name: accents, capital letters and the order of words do not matter. */
(function () {
  "use strict";

  var SHOWN = 20;

  function fold(words) {
    return words.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }

  function find(colonias, typed) {
    var parts = fold(typed).split(/\s+/).filter(Boolean);
    if (!parts.length) {
      return [];
    }
    return colonias.filter(function (colonia) {
      var name = fold(colonia[0] + " " + colonia[1]);
      return parts.every(function (part) {
        return name.indexOf(part) !== -1;
      });
    });
  }

  function show(list, said, typed) {
    var found = find(window.COLONIAS, typed);
    list.textContent = "";
    found.slice(0, SHOWN).forEach(function (colonia) {
      var item = document.createElement("li");
      var link = document.createElement("a");
      link.href = "colonias/" + colonia[2] + ".html";
      link.textContent = colonia[0];
      item.appendChild(link);
      if (colonia[1]) {
        item.appendChild(document.createTextNode(" · " + colonia[1]));
      }
      list.appendChild(item);
    });
    if (!fold(typed).trim()) {
      said.textContent = "";
    } else if (found.length) {
      said.textContent = said.dataset.found + " " + found.length;
    } else {
      said.textContent = said.dataset.none;
    }
  }

  function start() {
    var form = document.getElementById("search");
    var input = document.getElementById("name");
    var list = document.getElementById("found");
    var said = document.getElementById("said");
    form.hidden = false;
    input.addEventListener("input", function () {
      show(list, said, input.value);
    });
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      var first = list.querySelector("a");
      if (first) {
        first.click();
      }
    });
  }

  if (typeof module === "undefined") {
    start();
  } else {
    module.exports = { fold: fold, find: find };
  }
})();
