"use strict";
/* The table of sites, for the report and for the web page: sorted by any column, in pages, a button in each row.
   Text goes into the page as text nodes and attributes only, never as markup. */
const siteTable = (() => {
  const PAGE = 25;
  const CALLS = ["high", "medium", "low"];
  const TITLES = {
    protein: "Protein", site: "Site", position: "Position", residue: "Residue", probability: "Probability", fpr: "FPR",
    call: "Call", window: "Window", status: "Status", kinase: "Kinase", kinase_probability: "Kinase prob.",
    kinase_fpr: "Kinase FPR", change: "Change", distance: "Distance", variant_probability: "Probability B",
    log2_odds_ratio: "Log2 odds ratio", variant_call: "Call B",
  };
  const WHOLE = new Set(["position", "distance"]);
  const NUMBERS = new Set([
    ...WHOLE, "probability", "fpr", "kinase_probability", "kinase_fpr", "variant_probability", "log2_odds_ratio",
  ]);

  const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
  const nameOf = (site) => `${site.residue}${site.position}`;
  const wordsOf = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function drawn(name, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /* Known sites come before called ones. */
  const rankOf = (site, call = site.call) => {
    if (site.status === "known") return -1;
    return CALLS.includes(call) ? CALLS.indexOf(call) : CALLS.length;
  };

  const matches = (site, words) =>
    words.every(
      (word) =>
        site.protein.text.includes(word) ||
        (site.names || [nameOf(site)]).some((name) => name.toLowerCase() === word) ||
        ["window", "kinase", "change"].some((column) => (site[column] || "").toLowerCase().includes(word)),
    );

  const valueOf = (site, name) => {
    if (name === "protein") return site.protein.id;
    if (name === "site") return site.order;
    return name.endsWith("call") ? rankOf(site, site[name]) : site[name];
  };

  function sorted(sites, by, direction) {
    const order = (a, b) => {
      const [x, y] = [valueOf(a, by), valueOf(b, by)];
      if (x === y) return 0;
      if (x === null) return 1; // no value stands at the end, whatever the direction
      if (y === null) return -1;
      return (x < y ? -1 : 1) * direction;
    };
    const inInput = (a, b) => a.protein.index - b.protein.index || (a.order ?? a.position) - (b.order ?? b.position);
    return [...sites].sort((a, b) => order(a, b) || inInput(a, b));
  }

  function cell(site, name) {
    const value = site[name];
    if (value === null || value === "") return element("td", { class: NUMBERS.has(name) ? "number" : "" });
    if (name === "residue") return element("td", { class: `residue ${value}` }, value);
    if (name.endsWith("call")) return element("td", { class: value === "-" ? "none" : value }, value);
    if (name === "window") {
      const middle = (value.length - 1) / 2;
      return element("td", { class: "window" }, value.slice(0, middle), element("b", {}, value[middle]), value.slice(middle + 1));
    }
    if (name === "probability" || name === "variant_probability") {
      const bar = drawn("svg", { class: "level", width: 48, height: 8, "aria-hidden": "true" });
      bar.append(drawn("rect", { class: "room", width: 48, height: 8, rx: 2 }));
      bar.append(drawn("rect", { width: 48 * value, height: 8, rx: 2 }));
      return element("td", { class: "number" }, bar, value.toFixed(4));
    }
    if (!NUMBERS.has(name)) return element("td", {}, String(value));
    return element("td", { class: "number" }, WHOLE.has(name) ? String(value) : value.toFixed(4));
  }

  /* Buttons that turn pages; nothing where one page holds all. */
  function drawPages(nav, count, size, page, turn) {
    const last = Math.ceil(count / size) - 1;
    if (last < 1) return nav.replaceChildren();
    const button = (text, to) => {
      const made = element("button", { type: "button" }, text);
      made.disabled = to < 0 || to > last;
      made.addEventListener("click", () => {
        turn(to);
        const same = [...nav.children].find((child) => child.textContent === text);
        (same.disabled ? nav.querySelector("button:not(:disabled)") : same).focus({ preventScroll: true });
      });
      return made;
    };
    const place = element("span", {}, `Page ${(page + 1).toLocaleString("en")} of ${(last + 1).toLocaleString("en")}`);
    nav.replaceChildren(button("Previous", page - 1), place, button("Next", page + 1));
  }

  /* A table in four elements of a page, so many rows at a time. A button in the first column calls `choose` with its
     site, and so does a click anywhere in a row if `wholeRows`. Without `by` sites keep their order at first. */
  function build({ head, body, nav, count }, { columns, by, direction, choose, rows = PAGE, wholeRows = false, titles = {} }) {
    const view = { sites: [], total: 0, page: 0, by, direction, chosen: null };
    for (const name of columns) {
      const button = element("button", { type: "button" }, titles[name] ?? TITLES[name]);
      button.addEventListener("click", () => {
        view.direction = view.by === name ? -view.direction : /probability$/.test(name) ? -1 : 1;
        view.by = name;
        arrange();
      });
      head.append(element("th", { scope: "col", class: NUMBERS.has(name) ? "number" : "" }, button));
    }

    function arrange() {
      if (view.by !== null) view.sites = sorted(view.sites, view.by, view.direction);
      view.page = 0;
      draw();
    }

    function row(site) {
      const [first, ...others] = columns;
      const text = first === "protein" ? site.protein.id : String(site[first]);
      const link = element("button", { type: "button", class: "link", title: `Show ${text}` }, element("bdi", {}, text));
      const cells = others.map((name) => cell(site, name));
      const made = element("tr", {}, element("td", { class: NUMBERS.has(first) ? "number" : "" }, link), ...cells);
      made.addEventListener("click", (event) => {
        if (event.target.closest(".link") || (wholeRows && getSelection().isCollapsed)) choose(site);
      });
      if (site === view.chosen) made.setAttribute("aria-current", "true");
      return made;
    }

    function draw() {
      [...head.children].forEach((cell, at) => {
        const way = view.direction > 0 ? "ascending" : "descending";
        cell.setAttribute("aria-sort", columns[at] === view.by ? way : "none");
      });
      const first = view.page * rows;
      const shown = view.sites.slice(first, first + rows).map(row);
      if (!shown.length) shown.push(element("tr", {}, element("td", { colspan: columns.length }, "No site fits the filters.")));
      body.replaceChildren(...shown);
      const of = view.sites.length === view.total ? "" : ` of ${view.total.toLocaleString("en")}`;
      count.textContent = `${view.sites.length.toLocaleString("en")}${of} ${view.total === 1 ? "site" : "sites"}`;
      drawPages(nav, view.sites.length, rows, view.page, (page) => {
        view.page = page;
        draw();
      });
    }

    return {
      fill(sites, total) {
        [view.sites, view.total] = [sites, total];
        arrange();
      },
      /* Mark a site; return its row, if the filters leave it one. */
      mark(site) {
        view.chosen = site;
        const at = view.sites.indexOf(site);
        if (at >= 0) view.page = Math.floor(at / rows);
        draw();
        return body.querySelector("[aria-current]");
      },
    };
  }

  return { CALLS, build, counted, drawPages, drawn, element, matches, nameOf, rankOf, wordsOf };
})();
