(function () {
  var form = document.getElementById("find"), box = document.getElementById("q"), found = document.getElementById("found");
  var all = Array.prototype.slice.call(document.querySelectorAll("article")), timer;
  form.hidden = false;
  form.addEventListener("submit", function (e) { e.preventDefault(); search(); });
  box.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(search, 200); });
  function search() {
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean), n = 0;
    all.forEach(function (a) {
      var text = a.textContent.toLowerCase();
      a.hidden = !words.every(function (w) { return text.indexOf(w) >= 0; });
      if (!a.hidden) n++;
    });
    found.textContent = words.length ? n + " of " + all.length : "";
  }
})();
