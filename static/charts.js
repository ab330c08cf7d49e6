// Draws the charts of a page from their tables. Without this script, or where it fails, the table is there all the same.
//
// <figure class="chart" data-chart="bars|lines" data-currency="EUR"> holds a .chart-box and a table: each header cell with data-series
// is a series, each body row a point with data-short as its name on the axis, each cell with data-value a number. What a bubble says is
// the cell's own text, in the reader's language.
(() => {
  "use strict";

  const drawn = new Set();
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  // rgb resolves any CSS colour, oklch too, to what the chart library can reckon with.
  const dot = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (figure, name) => {
    const probe = figure.querySelector(".chart-box");
    probe.style.transitionProperty = "none"; // else it would show where it comes from
    probe.style.color = `var(${name})`;
    dot.clearRect(0, 0, 1, 1);
    dot.fillStyle = getComputedStyle(probe).color;
    probe.style.color = "";
    dot.fillRect(0, 0, 1, 1);
    const [r, g, b] = dot.getImageData(0, 0, 1, 1).data;
    return `rgb(${r}, ${g}, ${b})`;
  };

  // Strokes on an 8 by 8 tile: each series from the second on looks different without colour, too.
  const strokes = [
    null,
    (c) => { c.moveTo(-2, 10); c.lineTo(10, -2); c.moveTo(-2, 2); c.lineTo(2, -2); c.moveTo(6, 10); c.lineTo(10, 6); },
    (c) => { c.moveTo(0, 4); c.lineTo(8, 4); },
    (c) => { c.moveTo(4, 0); c.lineTo(4, 8); },
    (c) => { c.moveTo(-2, -2); c.lineTo(10, 10); c.moveTo(6, -2); c.lineTo(10, 2); c.moveTo(-2, 6); c.lineTo(2, 10); },
    (c) => { c.moveTo(0, 4); c.lineTo(8, 4); c.moveTo(4, 0); c.lineTo(4, 8); },
    (c) => { c.moveTo(3, 4); c.arc(4, 4, 1.2, 0, 7); },
    (c) => { c.moveTo(0, 0); c.lineTo(8, 8); c.moveTo(8, 0); c.lineTo(0, 8); },
  ];
  const pattern = (colour, ground, nth) => {
    const stroke = strokes[nth % strokes.length];
    if (!stroke) return colour;
    const tile = document.createElement("canvas");
    const ratio = Math.max(1, Math.round(devicePixelRatio || 1));
    tile.width = tile.height = 8 * ratio;
    const c = tile.getContext("2d");
    c.scale(ratio, ratio);
    c.fillStyle = colour;
    c.fillRect(0, 0, 8, 8);
    c.strokeStyle = ground;
    c.globalAlpha = 0.65;
    c.lineWidth = 1.5;
    c.beginPath();
    stroke(c);
    c.stroke();
    const made = dot.createPattern(tile, "repeat");
    made.setTransform(new DOMMatrix().scale(1 / ratio));
    return made;
  };

  // read takes the chart out of its table.
  const read = (figure) => {
    const table = figure.querySelector("table");
    const rows = [...table.tBodies[0].rows];
    const cells = rows.map((row) => [...row.querySelectorAll("td[data-value]")]);
    return {
      labels: rows.map((row) => row.dataset.short),
      links: rows.map((row) => row.querySelector("th a")?.href),
      names: rows.map((row) => row.querySelector("th").textContent.trim()),
      series: [...table.tHead.querySelectorAll("th[data-series]")].map((head, i) => ({
        name: head.textContent.trim(),
        values: cells.map((row) => Number(row[i].dataset.value)),
        texts: cells.map((row) => row[i].textContent.trim()),
      })),
    };
  };

  const ticks = (figure) => {
    const currency = figure.dataset.currency;
    const style = currency ? { style: "currency", currency, maximumFractionDigits: 2, minimumFractionDigits: 0 } : {};
    const format = new Intl.NumberFormat(document.documentElement.lang, { ...style, notation: "compact" });
    return (value) => format.format(value);
  };

  const datasets = (figure, data, bars, ground) => data.series.map((one, i) => {
    const colour = rgb(figure, `--chart-${(i % 8) + 1}`);
    const fill = bars ? pattern(colour, ground, data.series.length > 1 ? i : 0) : colour;
    return bars
      ? { label: one.name, data: one.values, backgroundColor: fill, hoverBackgroundColor: fill, borderColor: ground, borderWidth: 1, stack: "one", maxBarThickness: 44 }
      : { label: one.name, data: one.values, backgroundColor: colour, borderColor: colour, borderWidth: 2.5, borderDash: [[], [7, 4], [2, 3], [10, 3, 2, 3]][i % 4],
          pointStyle: ["circle", "rect", "triangle", "rectRot"][i % 4], pointRadius: 3, pointHoverRadius: 6 };
  });

  const draw = (figure) => {
    const data = read(figure);
    const bars = figure.dataset.chart === "bars";
    figure.dataset.drawn = "";
    const box = figure.querySelector(".chart-box");
    const [ink, line, ground] = ["--color-base-content", "--color-base-300", "--color-base-100"].map((name) => rgb(figure, name));
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", figure.querySelector("figcaption").textContent.trim().replace(/\s+/g, " "));
    box.replaceChildren(canvas);
    const font = { family: getComputedStyle(document.body).fontFamily, size: 13 };
    const axis = { ticks: { color: ink, font }, border: { color: line, display: false } };
    figure.chart = new Chart(canvas, {
      type: bars ? "bar" : "line",
      data: { labels: data.labels, datasets: datasets(figure, data, bars, ground) },
      options: {
        responsive: true, maintainAspectRatio: false, animation: calm.matches ? false : { duration: 350 },
        interaction: { mode: "index", intersect: false },
        onClick: (_, hit) => { if (hit.length && data.links[hit[0].index]) location.assign(data.links[hit[0].index]); },
        onHover: (_, hit) => { canvas.style.cursor = hit.length && data.links[hit[0].index] ? "pointer" : ""; },
        scales: {
          x: { ...axis, stacked: bars, grid: { display: false } },
          y: { ...axis, stacked: bars, beginAtZero: true, grid: { color: line, drawTicks: false }, ticks: { ...axis.ticks, callback: ticks(figure), maxTicksLimit: 6, padding: 8 } },
        },
        plugins: {
          legend: { display: data.series.length > 1, position: "bottom", labels: { color: ink, font, boxWidth: bars ? 18 : 8, boxHeight: bars ? 12 : 8, usePointStyle: !bars } },
          tooltip: {
            backgroundColor: ink, titleColor: ground, bodyColor: ground, titleFont: font, bodyFont: font, padding: 10, boxPadding: 4,
            filter: (item) => item.raw !== 0 || data.series.length === 1,
            callbacks: {
              title: (items) => (items.length ? data.names[items[0].dataIndex] : ""),
              label: (item) => ` ${item.dataset.label}: ${data.series[item.datasetIndex].texts[item.dataIndex]}`,
            },
          },
        },
      },
    });
    drawn.add(figure);
  };

  const drawAll = (root) => {
    for (const figure of root.querySelectorAll("figure[data-chart]:not([data-drawn])")) {
      draw(figure);
      const table = figure.querySelector("details");
      if (table) table.open = false; // it stood open for those without scripts
    }
  };

  // Another theme or brand has other colours.
  const again = () => {
    for (const figure of drawn) {
      figure.chart.destroy();
      if (figure.isConnected) draw(figure);
      else drawn.delete(figure);
    }
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  calm.addEventListener("change", again);
  new MutationObserver(again).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  document.addEventListener("htmx:load", (event) => drawAll(event.detail.elt));
  document.fonts.ready.then(() => drawAll(document));
})();
