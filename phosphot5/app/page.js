/* Brings results to life: tables, and the site pointed at in track, table and sequence alike; saves pictures. */
const phosphoT5 = (() => {
  const { CALLS, build, element, matches, nameOf, rankOf, wordsOf } = siteTable;
  const ROWS = 10;
  const NEAR = 18; // pixels between a click and the mark it is meant for
  const again = { id: null, site: null }; // what to point at after scoring again

  /* Called once for every component with results; `trigger` tells the server of a choice. */
  function mount(root, trigger, watch) {
    const draw = () => {
      const frame = root.querySelector(".p5-result:not([data-drawn])");
      if (!frame?.querySelector(".p5-data")) return; // a protein without sites has no table
      frame.dataset.drawn = "";
      fill(frame, trigger);
    };
    watch("value", draw);
    draw();
  }

  function readSites(data) {
    const proteins = (data.proteins ?? [[data.id ?? "", ""]]).map(([id, description], index) => {
      return { id, index, text: data.proteins ? `${id} ${description}`.toLowerCase() : "" };
    });
    return data.rows.map((values) => {
      const site = { protein: proteins[0] };
      [...data.columns, "order", "names"].forEach((name, at) => {
        if (name === "protein") site.protein = proteins[values[at]];
        else if (at < values.length) site[name] = values[at];
      });
      site.key = site.order ?? site.position;
      return site;
    });
  }

  function fill(frame, trigger) {
    const data = JSON.parse(frame.querySelector(".p5-data").textContent);
    const sites = readSites(data);
    const byKey = new Map(sites.map((site) => [site.key, site]));
    const ranking = Boolean(data.proteins);
    const view = { frame, data, sites, chosen: null };
    const [head, body, nav, count] = ["thead tr", "tbody", "nav", ".count"].map((part) => frame.querySelector(`.p5-sites ${part}`));
    const choose = ranking
      ? (site) => trigger("select", { protein: site.protein.index, site: site.position })
      : (site) => point(view, site, "table");
    const { columns, by, titles } = data;
    const settings = { columns, by, direction: -1, choose, titles, wholeRows: true, rows: ROWS };
    view.table = build({ head, body, nav, count }, settings);
    filters(view);
    if (ranking) return;
    frame.addEventListener("click", (event) => {
      const place = event.target.closest(".p5-track .p5-scroll, .p5-sequence");
      const key = place && (event.target.closest("[data-site]")?.dataset.site ?? nearest(place, event));
      if (key) point(view, byKey.get(Number(key)), "picture");
      const ending = event.target.dataset.picture;
      if (ending) p5Picture.save(frame.querySelector(".p5-figure"), ending);
    });
    frame.addEventListener("keydown", (event) => walk(view, event));
    const scroll = frame.querySelector(".p5-track .p5-scroll");
    if (scroll && scroll.scrollWidth > scroll.clientWidth) {
      frame.querySelector(".p5-tools").before(element("p", { class: "p5-note" }, "The track goes on sideways: scroll it, or use the arrow keys."));
    }
    const first = again.id === data.id && again.site !== null ? again.site : data.chosen;
    again.id = null;
    if (byKey.has(first)) {
      point(view, byKey.get(first), "server");
      frame.scrollIntoView({ block: "start" });
    }
  }

  function filters({ frame, sites, table }) {
    const form = frame.querySelector(".p5-filters");
    const [search, call] = [form.querySelector("input"), form.querySelector("select")];
    const filter = () => {
      const words = wordsOf(search.value);
      const weakest = CALLS.length - Number(call.value);
      const rank = (site) => Math.min(rankOf(site), "variant_call" in site ? rankOf(site, site.variant_call) : CALLS.length);
      table.fill(sites.filter((site) => rank(site) <= weakest && matches(site, words)), sites.length);
    };
    let waiting;
    form.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(filter, 120);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    filter();
  }

  /* The site whose mark is closest to a click beside all marks. */
  function nearest(place, event) {
    let best = [NEAR, null];
    for (const mark of place.querySelectorAll("g[data-site] path")) {
      const box = mark.getBoundingClientRect();
      const away = Math.hypot(box.x + box.width / 2 - event.clientX, box.y + box.height / 2 - event.clientY);
      if (away < best[0]) best = [away, mark.closest("[data-site]").dataset.site];
    }
    return best[1];
  }

  /* Point at a site wherever it is shown, and scroll to where the visitor is not looking. */
  function point(view, site, from) {
    const { frame, data } = view;
    view.chosen = site;
    frame.querySelectorAll(".p5-chosen").forEach((mark) => mark.classList.remove("p5-chosen"));
    const marks = frame.querySelectorAll(`[data-site="${site.key}"]`);
    marks.forEach((mark) => mark.classList.add("p5-chosen"));
    const row = view.table.mark(site);
    detail(view, site, row);
    const scroll = frame.querySelector(".p5-track .p5-scroll");
    const mark = scroll?.querySelector(".p5-chosen");
    if (mark && scroll.scrollWidth > scroll.clientWidth) {
      const [inside, box] = [mark.getBoundingClientRect(), scroll.getBoundingClientRect()];
      if (inside.left < box.left || inside.right > box.right) scroll.scrollLeft += inside.left - box.left - box.width / 2;
    }
    if (from === "table") {
      frame.querySelector(".p5-figure").scrollIntoView({ block: "nearest" });
      if (document.activeElement === document.body) row?.querySelector(".link").focus({ preventScroll: true });
    } else {
      row?.scrollIntoView({ block: "nearest" });
    }
  }

  function detail(view, site, row) {
    const { frame, data } = view;
    const mark = frame.querySelector(`[data-site="${site.key}"] title`);
    const other = site.variant_call === undefined ? "" : ratioText(site);
    const text = other || (mark ? mark.textContent : nameOf(site));
    const place = frame.querySelector(".p5-detail");
    const status = place.querySelector("[role=status]");
    status.textContent = text + (row ? "" : " (not among the rows that the filters leave)");
    const button = (name, act) => {
      const made = element("button", { type: "button", class: "p5-button" }, name);
      made.addEventListener("click", act);
      return made;
    };
    const buttons = [];
    const letter = frame.querySelector(`.p5-sequence [data-site="${site.key}"]`);
    if (letter) buttons.push(button("Show in sequence", () => letter.scrollIntoView({ block: "center" })));
    if (data.known) {
      const now = p5Known.has(data, site);
      const toggle = button(now ? "No longer known" : "Mark as known", () => {
        if (p5Known.toggle(data, site)) detail(view, site, row);
        else status.textContent = "The field of known sites holds a file; change it there.";
        place.querySelector(".p5-button:nth-of-type(2)").focus();
      });
      buttons.push(toggle);
      if (now !== (site.status === "known")) {
        buttons.push(button("Score again", () => {
          Object.assign(again, { id: data.id, site: site.key });
          document.querySelector("#p5-score").click();
        }));
      }
    }
    place.replaceChildren(status, ...buttons);
  }

  function ratioText(site) {
    const side = (letter, probability, call) => `${letter}: ${probability === null ? "no site" : `${probability.toFixed(4)}, call ${call}`}`;
    const ratio = site.log2_odds_ratio === null ? "" : `, log2 odds ratio ${site.log2_odds_ratio.toFixed(4)}`;
    const change = site.change ? `, ${site.change}` : "";
    return `${site.site}: ${side("A", site.probability, site.call)}; ${side("B", site.variant_probability, site.variant_call)}${ratio}${change}`;
  }

  /* Arrow keys in track and sequence. */
  function walk(view, event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!event.target.matches(".p5-walk") || !view.sites.length) return;
    if (event.key === "Enter") view.frame.querySelector("tr[aria-current] .link")?.focus();
    if (!step) return;
    event.preventDefault();
    const inOrder = [...view.sites].sort((a, b) => a.key - b.key);
    const at = inOrder.indexOf(view.chosen);
    const next = at < 0 ? (step > 0 ? 0 : inOrder.length - 1) : Math.min(Math.max(at + step, 0), inOrder.length - 1);
    point(view, inOrder[next], "keys");
  }

  return { mount };
})();

/* The field of known sites, which buttons beside a site write in. */
const p5Known = (() => {
  const field = () => document.querySelector("#p5-known textarea");
  const isFile = (text) => /[\t>#]|\b(position|residue|site)\b/i.test(text);
  const SITE = /^(?:p?([STY])(?:er|hr|yr)?-?)?(\d+)$/i;
  const sitesOf = (line) => line.split(/[\s,;:]+/).filter((word) => SITE.test(word));
  const nameOf = (line) => line.split(/[\s,;:]+/).find((word) => word && !sitesOf(line).includes(word));

  const isOf = (line, { id, single }) => {
    const name = nameOf(line);
    return name === undefined ? single : name === id || id.split("|").includes(name);
  };
  const isSite = (word, site) => {
    const [, residue, position] = SITE.exec(word);
    return Number(position) === site.position && [undefined, site.residue].includes(residue?.toUpperCase());
  };

  function has(data, site) {
    const text = field()?.value ?? "";
    if (isFile(text)) return site.status === "known";
    return text.split("\n").some((line) => isOf(line, data) && sitesOf(line).some((word) => isSite(word, site)));
  }

  /* Returns whether the field could be changed. */
  function toggle(data, site) {
    const area = field();
    if (isFile(area.value)) return false;
    const lines = area.value.split("\n").filter((line) => line.trim());
    const remove = has(data, site);
    const mine = lines.findIndex((line) => isOf(line, data));
    const name = data.single ? "" : `${data.id} `;
    if (remove) {
      const left = lines.map((line) => {
        if (!isOf(line, data)) return line;
        const kept = sitesOf(line).filter((word) => !isSite(word, site));
        const named = nameOf(line) === undefined ? "" : `${nameOf(line)} `;
        return kept.length ? named + kept.join(", ") : "";
      });
      area.value = left.filter(Boolean).join("\n");
    } else if (mine >= 0) {
      lines[mine] = `${lines[mine].replace(/[\s,;]+$/, "")}, ${siteTable.nameOf(site)}`;
      area.value = lines.join("\n");
    } else {
      area.value = [...lines, name + siteTable.nameOf(site)].join("\n");
    }
    area.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  }

  return { has, toggle };
})();
