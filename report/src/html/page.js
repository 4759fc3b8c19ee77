"use strict";
// The page without this script is whole: it holds every table, and every figure as a still picture. The script
// puts charts over some of the figures, makes the tables sortable, and needs nothing but what the page carries.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const symbols = {
    circle: "circle", triangle: "triangle", diamond: "diamond", square: "rect",
    inverted: "path://M0,0L10,0L5,9Z", ring: "emptyCircle", "hollow-triangle": "emptyTriangle",
  };
  const rankscales = [...new Set(data.runs.map((run) => run.rankscale))].sort((a, b) => a - b);
  const shown = {
    arms: new Set(data.arms.map((arm) => arm.name)),
    from: rankscales[0], to: rankscales[rankscales.length - 1], curves: rankscales[0], cost: "parameters",
  };
  const visible = (row) => shown.arms.has(row.arm) && row.rankscale >= shown.from && row.rankscale <= shown.to;
  const arms = () => data.arms.filter((arm) => shown.arms.has(arm.name));
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const escaped = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  const points = (value) => (value > 0 ? "+" : "") + value.toFixed(2).replace("-", "−");

  // Means of rows at each place, in order.
  const means = (rows, x, y) => {
    const places = new Map();
    for (const row of rows) places.set(x(row), [...(places.get(x(row)) ?? []), y(row)]);
    return [...places].sort((a, b) => a[0] - b[0])
      .map(([place, values]) => [place, values.reduce((a, b) => a + b, 0) / values.length]);
  };

  const axis = (name, extra) => ({
    type: "value", scale: true, boundaryGap: ["4%", "4%"], name, nameLocation: "middle", nameGap: 34, nameTextStyle: { color: color("--ink") },
    axisLabel: { color: color("--ink") }, axisLine: { lineStyle: { color: color("--rim") } },
    splitLine: { lineStyle: { color: color("--grid") } }, ...extra,
  });

  const frame = (x, y, series) => ({
    animation: false, backgroundColor: "transparent",
    grid: { left: 64, right: 20, top: 36, bottom: 88 },
    tooltip: { trigger: "item", confine: true, formatter: (item) => item.data.tip ?? "" },
    toolbox: { right: 8, iconStyle: { borderColor: color("--quiet") }, feature: { dataZoom: {}, restore: {} } },
    dataZoom: [{ type: "inside", zoomOnMouseWheel: "ctrl" }, { type: "slider", height: 18, bottom: 8, textStyle: { color: color("--quiet") } }],
    xAxis: x, yAxis: { ...y, nameGap: 46 }, series,
  });

  // Dots for rows and a line through their means, for every arm that is shown.
  const dotsAndMeans = (rows, x, y, tip) => arms().flatMap((arm) => {
    const own = rows.filter((row) => row.arm === arm.name);
    return [
      {
        type: "scatter", name: arm.name, symbol: symbols[arm.shape], symbolSize: 9, color: arm.color,
        itemStyle: { opacity: 0.6 }, data: own.map((row) => ({ value: [x(row), y(row)], tip: tip(row) })),
      },
      {
        type: "line", name: arm.name, color: arm.color, symbol: "none", lineStyle: { width: 2 }, silent: true,
        data: means(own, x, y),
      },
    ];
  });

  const runTip = (run) =>
    `<b>${escaped(run.run)}</b><br>${escaped(run.arm)}, rankscale ${run.rankscale}, seed ${run.seed}<br>${run.accuracy.toFixed(2)} %`;

  const charts = {
    rankscale: () => frame(axis("Rankscale"), axis("Test accuracy (%)"),
      dotsAndMeans(data.runs.filter(visible), (run) => run.rankscale, (run) => run.accuracy, runTip)),
    difference: () => {
      const tip = (pair) =>
        `<b>${escaped(pair.arm)} minus ${escaped(pair.baseline)}</b><br>rankscale ${pair.rankscale}, seed ${pair.seed}<br>${points(pair.difference)} points`;
      const series = dotsAndMeans(data.pairs.filter(visible), (pair) => pair.rankscale, (pair) => pair.difference, tip);
      const zero = { type: "line", data: [], markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: color("--ink"), type: "solid" }, data: [{ yAxis: 0 }] } };
      if (data.band && shown.arms.has(data.band.arm)) {
        zero.markArea = { silent: true, itemStyle: { color: data.band.color, opacity: 0.15 }, data: [[{ yAxis: data.band.low }, { yAxis: data.band.high }]] };
      }
      return frame(axis("Rankscale"), axis("Difference (points)"), [...series, zero]);
    },
    "learning-curves": () => frame(axis("Epoch"), axis("Test accuracy (%)"),
      data.runs.filter((run) => run.rankscale === shown.curves && shown.arms.has(run.arm) && data.curves[run.run]).map((run) => {
        const arm = data.arms.find((arm) => arm.name === run.arm);
        return {
          type: "line", name: arm.name, color: arm.color, symbol: symbols[arm.shape], symbolSize: 5, showSymbol: true,
          lineStyle: { width: 1.5 },
          data: data.curves[run.run].map(([epoch, accuracy]) => ({ value: [epoch, accuracy], tip: `${runTip(run)}<br>epoch ${epoch}: ${accuracy.toFixed(2)} %` })),
        };
      })),
    parameters: () => frame(axis(shown.cost === "macs" ? "Multiply-accumulates an image" : "Parameters", { type: "log" }), axis("Test accuracy (%)"),
      dotsAndMeans(data.runs.filter(visible), (run) => run[shown.cost], (run) => run.accuracy, runTip)),
  };

  const drawn = [];
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    const option = charts[figure.dataset.chart];
    if (!option || data.runs.length === 0) continue;
    const place = document.createElement("div");
    place.className = "chart";
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", figure.querySelector("desc")?.textContent ?? figure.dataset.chart);
    // The text describes the still picture, and paper shows it.
    const details = document.createElement("details"), summary = document.createElement("summary");
    summary.textContent = "The still picture, as the text describes it";
    details.append(summary, ...figure.childNodes);
    figure.append(place, details);
    const chart = echarts.init(place);
    drawn.push({ name: figure.dataset.chart, chart, option, figure });
    new ResizeObserver(() => chart.resize()).observe(place);
  }
  const draw = () => { for (const one of drawn) one.chart.setOption(one.option(), { notMerge: true }); };

  addEventListener("beforeprint", () => { for (const details of document.querySelectorAll("details")) details.open = true; });

  // What is shown, in controls that a keyboard reaches.
  const labelled = (text, input, swatch) => {
    const label = document.createElement("label");
    if (swatch) {
      const mark = document.createElement("span");
      mark.className = "swatch";
      mark.style.background = swatch;
      label.append(input, " ", mark, text);
    } else {
      label.append(text, " ", input);
    }
    return label;
  };
  const group = (name, ...parts) => {
    const set = document.createElement("fieldset"), legend = document.createElement("legend");
    legend.textContent = name;
    set.append(legend, ...parts);
    return set;
  };
  const form = (before, ...groups) => {
    const form = document.createElement("form");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.append(...groups);
    before.before(form);
  };
  const range = (key) => {
    const input = document.createElement("input"), value = document.createElement("output");
    Object.assign(input, { type: "range", min: 0, max: rankscales.length - 1, step: 1, value: rankscales.indexOf(shown[key]), name: key });
    value.textContent = shown[key];
    input.addEventListener("input", () => {
      shown[key] = rankscales[input.value];
      value.textContent = shown[key];
      draw();
    });
    const label = labelled(key, input);
    label.append(" ", value);
    return label;
  };
  const choice = (key, options) => {
    const select = document.createElement("select");
    select.name = key;
    for (const [value, text] of options) select.append(new Option(text, value));
    select.addEventListener("change", () => {
      shown[key] = key === "curves" ? Number(select.value) : select.value;
      draw();
    });
    return select;
  };
  if (drawn.length > 0) {
    const boxes = data.arms.map((arm) => {
      const box = document.createElement("input");
      Object.assign(box, { type: "checkbox", checked: true, name: arm.name });
      box.addEventListener("change", () => {
        if (box.checked) shown.arms.add(arm.name); else shown.arms.delete(arm.name);
        draw();
      });
      return labelled(arm.name, box, arm.color);
    });
    form(drawn[0].figure, group("Arms", ...boxes), group("Rankscales", range("from"), range("to")));
    for (const one of drawn) {
      if (one.name === "learning-curves") {
        form(one.figure, group("Rankscale", choice("curves", rankscales.map((rankscale) => [rankscale, rankscale || "dense"]))));
      }
      if (one.name === "parameters") {
        form(one.figure, group("Cost", choice("cost", [["parameters", "parameters"], ["macs", "multiply-accumulates"]])));
      }
    }
    draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  }

  // Tables: a click on a column's name sorts by it, numbers as numbers.
  const number = (text) => {
    const found = text.replaceAll(",", "").replace("−", "-").match(/-?\d+(\.\d+)?/);
    return found ? Number(found[0]) : NaN;
  };
  for (const table of document.querySelectorAll("table")) {
    for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const text = (row) => row.cells[column].textContent.trim();
        const body = table.tBodies[0], rows = [...body.rows];
        const numeric = rows.every((row) => text(row) === "–" || !Number.isNaN(number(text(row)))) && head.style.textAlign === "right";
        rows.sort((a, b) => (numeric ? (number(text(a)) || 0) - (number(text(b)) || 0) : text(a).localeCompare(text(b))) * (up ? 1 : -1));
        body.append(...rows);
      });
    }
  }
})();
