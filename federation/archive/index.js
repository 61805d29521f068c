(function () {
  var form = document.getElementById("find"), box = document.getElementById("q"), found = document.getElementById("found");
  function all(what, below) { return Array.prototype.slice.call(below.querySelectorAll(what)); }
  var sections = all("main > section", document).map(function (s) { return [s, all("article, tbody tr", s)]; }), timer;
  form.hidden = false;
  form.addEventListener("submit", function (e) { e.preventDefault(); search(); });
  box.addEventListener("input", function () { clearTimeout(timer); timer = setTimeout(search, 200); });
  function search() {
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean), n = 0, of = 0;
    function has(node, some) {
      var text = node.textContent.toLowerCase();
      return words[some](function (w) { return text.indexOf(w) >= 0; });
    }
    sections.forEach(function (pair) {
      var here = 0;
      pair[1].forEach(function (item) {
        item.hidden = words.length > 0 && !has(item, "every");
        if (item.hidden) return;
        here++;
        if (words.length) all("details", item).forEach(function (d) { d.open = has(d, "some"); });
      });
      pair[0].hidden = words.length > 0 && !here;
      document.querySelector('nav a[href="#' + pair[0].id + '"]').parentNode.hidden = pair[0].hidden;
      n += here;
      of += pair[1].length;
    });
    found.textContent = words.length ? n + " of " + of : "";
  }
})();
