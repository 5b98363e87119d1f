(() => {
  const ABOUT = JSON.parse(document.getElementById("about-data").textContent);
  const CALLS = Object.keys(ABOUT.calls);
  const PICTURE_PAGE = 10;
  const RESIDUES = { S: "serine", T: "threonine", Y: "tyrosine" };
  const PICTURE = { height: 190, top: 26, bottom: 24, left: 34, right: 14, narrowest: 0.6, widest: 12000 };
  const SHAPES = {
    high: "M0-6 6 0 0 6-6 0Z",
    medium: "M-4.5 0A4.5 4.5 0 1 1 4.5 0A4.5 4.5 0 1 1-4.5 0Z",
    low: "M-3.8 0A3.8 3.8 0 1 1 3.8 0A3.8 3.8 0 1 1-3.8 0Z",
    known: "M-5-4 5-4 0 5Z",
    "-": "M-1.6 0A1.6 1.6 0 1 1 1.6 0A1.6 1.6 0 1 1-1.6 0Z",
  };
  const FACTS = {
    version: "Version", model: "Model", model_sha256: "SHA-256 of the model", label_source: "Kind of label",
    input: "Input",
  };
  const byId = (id) => document.getElementById(id);
  const { counted, drawn, drawPages, element, matches, nameOf, rankOf, wordsOf } = siteTable;

  const proteins = JSON.parse(byId("protein-data").textContent).map(([id, description, length, sites], index) => {
    const protein = { id, description, length, index, text: `${id} ${description}`.toLowerCase() };
    protein.sites = sites.map((values) => {
      const site = { protein };
      values.forEach((value, at) => (site[ABOUT.columns[at]] = value));
      site.rank = rankOf(site);
      return site;
    });
    return protein;
  });
  const sites = proteins.flatMap((protein) => protein.sites);
  const present = new Set(sites.map((site) => site.residue));
  const anyKnown = sites.some((site) => site.status === "known");
  const has = (name) => (name === "status" ? anyKnown : !sites.length || name in sites[0]);
  const columns = ["protein", ...ABOUT.columns.filter(has)];
  const parts = { head: byId("head"), body: byId("rows"), nav: byId("table-pages"), count: byId("count") };
  const choose = (site) => show(site.protein);
  const table = siteTable.build(parts, { columns, by: "probability", direction: -1, choose });
  const view = { proteins, picturePage: 0 };

  /* Filters */
  function filter() {
    const words = wordsOf(byId("search").value);
    const call = byId("call").value;
    const weakest = call === "" ? CALLS.length : Number(call);
    const lowest = Number(byId("lowest").value) || 0;
    const kept = (site) =>
      site.rank <= weakest && (site.rank < 0 || site.probability >= lowest) && matches(site, words);
    const all = weakest === CALLS.length && lowest === 0;
    const left = sites.filter(kept);
    const shown = new Set(left.map((site) => site.protein));
    view.proteins = proteins.filter(
      (protein) => shown.has(protein) || (all && words.every((word) => protein.text.includes(word))),
    );
    view.picturePage = 0;
    table.fill(left, sites.length);
    drawPictures();
  }

  function show(protein) {
    byId("search").value = protein.id;
    filter();
    const article = byId(`protein-${protein.index}`);
    if (!article) return;
    article.scrollIntoView({ block: "start" });
    article.focus({ preventScroll: true });
  }

  /* Pictures */
  function drawPictures() {
    const first = view.picturePage * PICTURE_PAGE;
    const shown = view.proteins.slice(first, first + PICTURE_PAGE);
    const articles = shown.map((protein) => {
      const article = element("article", { id: `protein-${protein.index}`, tabindex: -1 });
      article.append(element("h3", {}, element("bdi", {}, protein.id)));
      if (protein.description) article.append(element("p", { class: "described" }, element("bdi", {}, protein.description)));
      article.append(element("p", {}, summaryOf(protein)));
      return article;
    });
    byId("pictures").replaceChildren(...articles);
    articles.forEach((article, at) => {
      const protein = shown[at];
      if (!protein.sites.length) return;
      const frame = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Picture of ${protein.id}` });
      article.append(frame);
      frame.append(picture(protein, frame.clientWidth));
    });
    byId("protein-count").textContent = counted(view.proteins.length, "protein");
    drawPages(byId("picture-pages"), view.proteins.length, PICTURE_PAGE, view.picturePage, (page) => {
      view.picturePage = page;
      drawPictures();
    });
  }

  function summaryOf(protein) {
    if (!protein.sites.length) return `${counted(protein.length, "residue")}, without S, T or Y`;
    const parts = CALLS.map((call) => [protein.sites.filter((site) => site.call === call).length, call]);
    parts.push([protein.sites.filter((site) => site.status === "known").length, "known"]);
    const called = parts.filter(([count]) => count).map(([count, name]) => `${count.toLocaleString("en")} ${name}`);
    return `${counted(protein.length, "residue")}, ${counted(protein.sites.length, "site")}: ${called.join(", ") || "none called"}`;
  }

  const shapeOf = (site) => (site.status === "known" ? "known" : site.call);
  const textOf = (site) =>
    site.status === "known"
      ? `${nameOf(site)}: known`
      : `${nameOf(site)}: probability ${site.probability.toFixed(4)}` +
        (site.fpr === null ? "" : `, FPR ${site.fpr.toFixed(4)}`) +
        (site.call === "-" ? "" : `, ${site.call}`) +
        (site.kinase ? `, ${site.kinase}` : "");

  function picture(protein, room) {
    const { height, top, bottom, left, right, narrowest, widest } = PICTURE;
    const width = Math.round(Math.max(room, Math.min(widest, narrowest * protein.length)));
    const base = height - bottom;
    const x = (position) => left + 6 + ((width - left - right - 12) * (position - 0.5)) / protein.length;
    const y = (probability) => base - (base - top) * probability;
    const best = protein.sites.filter((site) => site.probability !== null);
    best.sort((a, b) => b.probability - a.probability);
    const named = best.slice(0, 3).map((site) => `${nameOf(site)} ${site.probability.toFixed(2)}`).join(", ");
    const label = `Sites of ${protein.id}: position against probability. ${summaryOf(protein)}. Highest: ${named || "none"}.`;
    const svg = drawn("svg", { role: "img", "aria-label": label, width, height });
    for (const level of [0, 0.25, 0.5, 0.75, 1]) {
      svg.append(drawn("line", { class: "grid", x1: left, x2: width - right, y1: y(level), y2: y(level) }));
      if (level % 0.5 === 0) svg.append(drawn("text", { class: "scale", x: left - 6, y: y(level) + 4, "text-anchor": "end" }, String(level)));
    }
    for (const place of places(protein.length, width - left - right)) {
      svg.append(drawn("line", { class: "grid", x1: x(place), x2: x(place), y1: base, y2: base + 5 }));
      const anchor = x(place) > width - 30 ? "end" : "middle";
      svg.append(drawn("text", { class: "scale", x: x(place), y: base + 17, "text-anchor": anchor }, place.toLocaleString("en")));
    }
    for (const [residue, levels] of Object.entries(ABOUT.thresholds)) {
      if (!("medium" in levels) || !protein.sites.some((site) => site.residue === residue)) continue;
      const at = y(levels.medium);
      svg.append(drawn("line", { class: `threshold ${residue}`, x1: left, x2: width - right, y1: at, y2: at }));
    }
    const known = protein.sites.filter((site) => site.status === "known");
    for (const site of [...best.slice().reverse(), ...known]) svg.append(mark(site, x(site.position), y, base));
    svg.append(...labels([...known, ...best.filter((site) => site.call !== "-")], x, y, width));
    return svg;
  }

  function mark(site, x, y, base) {
    const shape = shapeOf(site);
    const at = y(site.probability ?? 1);
    const group = drawn("g", { class: `${site.residue} ${shape === "-" ? "uncalled" : ""}` });
    group.append(drawn("title", {}, textOf(site)));
    group.append(drawn("line", { x1: x, x2: x, y1: base, y2: at }));
    const hollow = shape === "low" || shape === "known" ? "hollow" : "";
    group.append(drawn("path", { class: hollow, d: SHAPES[shape], transform: `translate(${x} ${at})` }));
    return group;
  }

  /* Names of called sites, the best first: above the mark or beside it, where nothing else stands. */
  function labels(named, x, y, width) {
    const centre = (site) => [x(site.position), y(site.probability ?? 1)];
    const taken = named.map((site) => [...centre(site), 6, 6]); // middle, and half of width and height
    const made = [];
    for (const site of named) {
      const [across, down] = centre(site);
      const half = 3.5 * nameOf(site).length + 1;
      const middle = Math.min(Math.max(across, half), width - half);
      const beside = half + 8;
      const tries = [[middle, down - 13], [across + beside, down], [across - beside, down]].map((at) => [...at, half, 5]);
      const free = tries.find(
        (box) =>
          box[0] - half >= 0 &&
          box[0] + half <= width &&
          taken.every((other) => [0, 1].some((side) => Math.abs(box[side] - other[side]) >= box[side + 2] + other[side + 2])),
      );
      if (!free) continue;
      taken.push(free);
      made.push(drawn("text", { x: free[0], y: free[1] + 4, "text-anchor": "middle" }, nameOf(site)));
    }
    return made;
  }

  function places(length, width) {
    const most = Math.max(2, width / 90);
    let step = 1;
    while (length / step > most) step *= /^[15]/.test(String(step)) ? 2 : 2.5;
    const found = [1];
    for (let place = step; place <= length - step / 2; place += step) if (place > 1) found.push(place);
    if (length > 1) found.push(length);
    return found;
  }

  /* Summary, key and what made the report */
  function drawSummary() {
    const called = CALLS.map((call) => [`called ${call}`, sites.filter((site) => site.call === call).length]);
    const known = sites.filter((site) => site.status === "known").length;
    const bare = proteins.filter((protein) => !protein.sites.length).length;
    const entries = [["proteins", proteins.length], ["sites", sites.length], ...called];
    if (known) entries.push(["known sites", known]);
    if (bare) entries.push(["proteins without S, T or Y", bare]);
    for (const [name, count] of entries) {
      byId("summary").append(element("div", {}, element("dt", {}, name), element("dd", {}, count.toLocaleString("en"))));
    }
  }

  function drawKey() {
    const percent = (call) => `${ABOUT.calls[call] * 100} % false positives`;
    const shape = (name, colour) => {
      const icon = drawn("svg", { width: 16, height: 16, viewBox: "-8 -8 16 16", "aria-hidden": "true", class: colour });
      icon.append(drawn("path", { d: SHAPES[name], class: name === "low" || name === "known" ? "hollow" : "" }));
      return icon;
    };
    for (const residue of Object.keys(RESIDUES).filter((name) => present.has(name))) {
      const icon = drawn("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true", class: residue });
      icon.append(drawn("rect", { x: 1, y: 1, width: 12, height: 12, rx: 2 }));
      byId("key").append(element("li", {}, icon, `${RESIDUES[residue]} (${residue})`));
    }
    for (const call of CALLS) byId("key").append(element("li", {}, shape(call, ""), `${call}: ${percent(call)}`));
    if (anyKnown) byId("key").append(element("li", {}, shape("known", ""), "known"));
    if (Object.keys(ABOUT.thresholds).length) {
      const icon = drawn("svg", { width: 26, height: 10, "aria-hidden": "true" });
      icon.append(drawn("line", { class: "threshold", x1: 0, x2: 26, y1: 5, y2: 5 }));
      byId("key").append(element("li", {}, icon, "threshold of medium for that residue"));
    }
  }

  function drawAbout() {
    for (const [name, text] of Object.entries(ABOUT.facts)) {
      byId("about").append(element("dt", {}, FACTS[name] ?? name), element("dd", {}, element("bdi", {}, text)));
    }
    const table = byId("thresholds");
    if (!Object.keys(ABOUT.thresholds).length) return;
    const titles = CALLS.map((call) => element("th", { scope: "col", class: "number" }, `${call} (${ABOUT.calls[call] * 100} % false positives)`));
    table.append(element("caption", {}, "Lowest probability of each call"), element("tr", {}, element("th", { scope: "col" }, "Residue"), ...titles));
    for (const [residue, levels] of Object.entries(ABOUT.thresholds)) {
      const values = CALLS.map((call) => element("td", { class: "number" }, call in levels ? levels[call].toFixed(4) : "none"));
      table.append(element("tr", {}, element("th", { scope: "row", class: residue }, residue), ...values));
    }
  }

  function drawFilters() {
    byId("call").append(element("option", { value: "" }, "all sites"));
    CALLS.slice().reverse().forEach((call) => {
      const text = call === CALLS[0] ? call : `${call} or better`;
      byId("call").append(element("option", { value: CALLS.indexOf(call) }, text));
    });
    let waiting;
    const later = () => {
      clearTimeout(waiting);
      waiting = setTimeout(filter, 120);
    };
    byId("filters").addEventListener("input", later);
    byId("filters").addEventListener("reset", () => setTimeout(filter));
    byId("filters").addEventListener("submit", (event) => event.preventDefault());
    let width = window.innerWidth;
    window.addEventListener("resize", () => {
      if (window.innerWidth === width) return; // a telephone hides its bars while it scrolls
      width = window.innerWidth;
      drawPictures();
    });
  }

  drawSummary();
  drawFilters();
  drawKey();
  drawAbout();
  filter();
})();
