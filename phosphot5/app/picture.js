/* The track as a file: SVG that needs no style sheet, in the colours of a light page, or PNG drawn from it. */
const p5Picture = (() => {
  const TITLE = 34;
  const KEY = 30;
  const EDGE = 16;
  const SCALE = 2;
  const MOST_PIXELS = 16_000; // of a canvas, in either direction
  const FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif";
  const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-size", "font-weight"];
  const drawn = siteTable.drawn;

  /* Copy an SVG with the styles that its elements have on a light page. */
  function styled(source, left, top) {
    const box = source.getBoundingClientRect();
    const copy = source.cloneNode(true);
    copy.querySelectorAll(".p5-chosen").forEach((mark) => mark.classList.remove("p5-chosen"));
    const room = source.cloneNode(true);
    room.querySelectorAll(".p5-chosen").forEach((mark) => mark.classList.remove("p5-chosen"));
    const light = siteTable.element("div", { class: "p5-light p5-track", "aria-hidden": "true" }, room);
    source.closest(".p5-figure").append(light);
    const [from, to] = [room, copy].map((svg) => [...svg.querySelectorAll("text, line, path, tspan")]);
    from.forEach((shape, at) => {
      const style = getComputedStyle(shape);
      for (const name of STYLES) to[at].setAttribute(name, style.getPropertyValue(name));
    });
    light.remove();
    for (const made of [copy, ...copy.querySelectorAll("*")]) ["class", "style", "data-site"].forEach((name) => made.removeAttribute(name));
    ["role", "aria-label", "aria-hidden"].forEach((name) => copy.removeAttribute(name));
    for (const [name, value] of Object.entries({ x: left, y: top, width: box.width, height: box.height })) copy.setAttribute(name, value);
    return copy;
  }

  /* The key, in a row. */
  function key(figure, top) {
    const group = drawn("g", { transform: `translate(${EDGE} ${top})` });
    let left = 8;
    for (const item of figure.querySelectorAll(".p5-legend li")) {
      const text = item.textContent.trim().replace(/^S\s+/, "");
      const mark = styled(item.querySelector("svg"), left - 7, -7);
      group.append(mark, drawn("text", { x: left + 12, y: 4, fill: "#1b1f24", "font-size": 12 }, text));
      left += 34 + 6.4 * text.length;
    }
    return group;
  }

  function draw(figure) {
    const track = figure.querySelector(".p5-track");
    const [scale, lanes, names] = track.querySelectorAll(":scope > svg, :scope > div > svg");
    const [side, middle, right] = [scale, lanes, names].map((svg) => svg.getBoundingClientRect().width);
    const tall = lanes.getBoundingClientRect().height;
    const width = Math.ceil(Math.max(side + middle + right, 560) + 2 * EDGE);
    const height = Math.ceil(TITLE + tall + 22 + KEY + EDGE);
    const svg = drawn("svg", { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`, "font-family": FONT, "font-size": 11 });
    const title = `${figure.dataset.title}: probability of phosphorylation`;
    svg.append(
      drawn("title", {}, lanes.getAttribute("aria-label")),
      drawn("rect", { width, height, fill: "#ffffff" }),
      drawn("text", { x: EDGE, y: 24, fill: "#1b1f24", "font-size": 16, "font-weight": 700 }, title),
      styled(scale, EDGE, TITLE),
      styled(lanes, EDGE + side, TITLE),
      styled(names, EDGE + side + middle, TITLE),
      drawn("text", { x: EDGE + side + middle / 2, y: TITLE + tall + 14, fill: "#1b1f24", "font-size": 12, "text-anchor": "middle" }, "Position"),
      key(figure, TITLE + tall + 22 + KEY / 2),
    );
    return { text: new XMLSerializer().serializeToString(svg), width, height };
  }

  function offer(blob, name) {
    const link = siteTable.element("a", { href: URL.createObjectURL(blob), download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  async function save(figure, ending) {
    const { text, width, height } = draw(figure);
    const name = `phosphot5_${figure.dataset.title.replace(/[^\w.-]+/g, "_").slice(0, 60)}.${ending}`;
    const drawing = new Blob([text], { type: "image/svg+xml" });
    if (ending === "svg") return offer(drawing, name);
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const scale = Math.min(SCALE, MOST_PIXELS / Math.max(width, height));
    const canvas = siteTable.element("canvas", { width: Math.round(width * scale), height: Math.round(height * scale) });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => offer(blob, name), "image/png");
  }

  return { save };
})();
