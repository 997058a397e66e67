// What is wrong with the page in the frame f, by the rules that programs for
// accessibility check; each rule fails in tests/report/faults.html.
document.getElementById("f").onload = function () {
  var d = this.contentDocument, view = this.contentWindow, said = [];
  var width = this.clientWidth;
  function all(what) { return Array.from(d.querySelectorAll(what)); }
  function say(wrong, what) {
    if (wrong) said.push(what.replace(/[\s\[\]]+/g, " ").trim().slice(0, 60));
  }
  function words(e) {
    return (e.getAttribute("aria-label") || e.textContent).trim();
  }

  // what it is, and for which screen
  say(!/^[a-z]{2}(-|$)/.test(d.documentElement.lang), "no language");
  say(!d.title.trim(), "no title");
  var port = d.querySelector("meta[name=viewport]");
  say(!port || /user-scalable=(no|0)|maximum-scale/.test(port.content), "no zoom");
  say(d.scripts.length > 0, "scripts");
  say(d.documentElement.scrollWidth > width,
    "wider: " + d.documentElement.scrollWidth);

  // landmarks hold everything; headings lose no level
  Array.from(d.body.children).forEach(function (e) {
    say(!e.matches("header,nav,main,footer,[role=main]"),
      "outside of landmarks: " + e.tagName);
  });
  ["header", "nav", "main,[role=main]", "footer"].forEach(function (name) {
    say(all(name).length > 1, "twice " + name);
  });
  say(all("main,[role=main]").length === 0, "no main");
  all("nav").forEach(function (e) { say(!words(e), "nav without a name"); });
  var before = 0, headings = all("h1,h2,h3,h4,h5,h6");
  headings.forEach(function (h) {
    var level = +h.tagName.charAt(1);
    say(level > before + 1, "level of heading " + h.textContent);
    say(!h.textContent.trim(), "empty heading");
    before = level;
  });
  say(headings.length > 0 && all("h1").length !== 1, "not one h1");

  // names: ids, links, images, lists
  var ids = {};
  all("[id]").forEach(function (e) {
    say(ids[e.id], "twice " + e.id);
    ids[e.id] = true;
  });
  var targets = {};
  all("a").forEach(function (a) {
    var name = words(a), hash = decodeURIComponent(a.hash.slice(1));
    say(!name, "link without words");
    say(a.hash && !d.getElementById(hash), "no " + hash);
    say(targets[name] && targets[name] !== a.href, "two links " + name);
    targets[name] = a.href;
  });
  all("img").forEach(function (i) {
    say(!i.complete || !i.naturalWidth, "no image");
    say(i.getBoundingClientRect().right > width, "image wider");
    say(!i.alt.trim(), "no alt");
  });
  all("ol,ul").forEach(function (list) {
    Array.from(list.children).forEach(function (e) {
      say(e.tagName !== "LI", "in a list: " + e.tagName);
    });
  });

  // tables
  all("table").forEach(function (t) {
    say(!t.caption || !t.caption.textContent.trim(), "no caption");
    say(t.querySelectorAll("thead th[scope]").length === 0, "no heads");
  });
  all("th").forEach(function (h) {
    say(!/^(col|row|colgroup|rowgroup)$/.test(h.getAttribute("scope")),
      "no scope: " + h.textContent);
    say(!h.textContent.trim(), "empty th");
  });

  // a keyboard reaches what scrolls, in the order of the page
  all("*").forEach(function (e) {
    var how = view.getComputedStyle(e).overflowX;
    say(e !== d.documentElement && (how === "auto" || how === "scroll")
      && e.scrollWidth > e.clientWidth && (e.tabIndex < 0 || !words(e)
        || !e.getAttribute("role")), "scrolls out of reach: " + e.className);
    say(e.tabIndex > 0, "own order of Tab");
  });

  // contrast of words and what is behind them: 4.5, of large ones 3 (WCAG 2.1, 1.4.3)
  function light(c) {
    var v = c.slice(0, 3).map(function (x) {
      x /= 255;
      return x <= 0.04045 ? x / 12.92 : Math.pow((x + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
  }
  function numbers(s) { return s.match(/[\d.]+/g).map(Number); }
  function behind(e) {
    for (; e; e = e.parentElement) {
      var c = numbers(view.getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  }
  var walk = d.createTreeWalker(d.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    var e = walk.currentNode.parentElement, s = view.getComputedStyle(e);
    if (!walk.currentNode.data.trim() || /^(STYLE|SCRIPT)$/.test(e.tagName)) continue;
    var a = light(numbers(s.color)), b = light(behind(e)), size = parseFloat(s.fontSize);
    var large = size >= 24 || size >= 18.66 && +s.fontWeight >= 700;
    say((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < (large ? 3 : 4.5),
      "contrast: " + walk.currentNode.data);
    say(size < 10 && e.tagName !== "SUP", "small: " + walk.currentNode.data);
  }
  document.body.textContent = "SAID[" + said.join("; ") + "]";
};
