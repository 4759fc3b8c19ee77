"use strict";
// The page without this script is whole: it holds every table, and every figure as a still picture. The script
// puts a chart over every figure, makes the tables sortable, and needs nothing but what the page carries.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const symbols = {
    circle: "circle", triangle: "triangle", diamond: "diamond", square: "rect",
    inverted: "path://M0,0L10,0L5,9Z", cross: "path://M4,0L8,0L8,4L12,4L12,8L8,8L8,12L4,12L4,8L0,8L0,4L4,4Z", ring: "emptyCircle", "hollow-triangle": "emptyTriangle",
  };
  const rankscales = data.rankscales;
  const shown = {
    arms: new Set(data.arms.map((arm) => arm.name)),
    from: rankscales[0], to: rankscales[rankscales.length - 1], panels: {},
  };
  const known = new Set(data.arms.map((arm) => arm.name));
  // Series of something else than arms, such as devices, are always shown.
  const visible = (series) => !known.has(series.name) || shown.arms.has(series.name);
  const within = (rankscale) => rankscale >= shown.from && rankscale <= shown.to;
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // Black, as artifacts/src/look.rs has it, is that of text: on a dark page it would hardly be seen.
  const black = "#3c3c3c", inked = (of) => of === black ? color("--ink") : of;
  const escaped = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  const digits = (value) => (Math.abs(value) >= 1e4 ? value.toLocaleString("en") : String(Number(value.toPrecision(5)))).replace("-", "−");

  // The ends lie a little beyond the values and whatever else must be seen, and so at no round number.
  const room = (ends) => (ends.max - ends.min) * 0.04 || 0.5;
  const axis = (name, extra, label, seen = []) => ({
    type: "value", scale: true, name, nameLocation: "middle", nameTextStyle: { color: color("--ink") },
    min: (ends) => Math.min(ends.min, ...seen) - room(ends), max: (ends) => Math.max(ends.max, ...seen) + room(ends),
    axisLabel: { color: color("--ink"), showMinLabel: false, showMaxLabel: false, ...label },
    axisLine: { onZero: false, lineStyle: { color: color("--rim") } },
    splitLine: { lineStyle: { color: color("--grid") } }, ...extra,
  });
  const horizontal = (plot) => {
    if (plot.scale === "named") {
      return axis(plot.x, { nameGap: 34, min: -0.5, max: plot.names.length - 0.5, splitLine: { show: false }, axisTick: { show: false } },
        { customValues: plot.names.map((_, at) => at), formatter: (at) => plot.names[at] ?? "", showMinLabel: null, showMaxLabel: null });
    }
    if (plot.scale !== "logarithmic") return axis(plot.x, { nameGap: 34 });
    // Ticks at 1, 2 and 5 times powers of ten.
    const ticks = Array.from({ length: 24 }, (_, at) => at - 8).flatMap((power) => [1, 2, 5].map((mark) => Number(`${mark}e${power}`)));
    const short = (value) => value >= 1e6 ? `${value / 1e6}M` : value >= 1e3 ? `${value / 1e3}k` : digits(value);
    const marks = (plot.marks ?? []).map(([x]) => x);
    const ends = { min: (ends) => Math.min(ends.min, ...marks) / 1.1, max: (ends) => Math.max(ends.max, ...marks) * 1.1 };
    return axis(plot.x, { type: "log", nameGap: 34, ...ends, axisTick: { customValues: ticks } },
      { customValues: ticks, formatter: short, showMinLabel: null, showMaxLabel: null });
  };

  // Series stand side by side by a part of the least distance of two places, so that they can be told apart.
  const shifts = (plot, series) => {
    const places = [...new Set(series.flatMap((one) => one.means.map((mean) => mean[0])))].sort((a, b) => a - b);
    const gaps = places.slice(1).map((place, at) => place - places[at]);
    const step = Math.min(...gaps, 1) * 0.12;
    return series.map((_, at) => {
      const by = at - (series.length - 1) / 2;
      if (plot.x === "Epoch") return (x) => x;
      return plot.scale === "logarithmic" ? (x) => x * 1.004 ** by : (x) => x + by * step;
    });
  };

  // Dots, lines and means of every series that is shown.
  const drawing = (plot) => {
    const panel = plot.panels[shown.panels[plot.stem] ?? 0];
    const series = [...(plot.background ?? []), ...panel.series].filter(visible), shift = shifts(plot, series);
    const place = (x) => plot.scale === "named" ? plot.names[x] : digits(x);
    const at = (x, y) => `${escaped(plot.x)} ${escaped(place(x))}<br>${escaped(plot.y)}: ${digits(y)}`;
    const runTip = (run, x, y) => {
      const { run: name, arm, rankscale, seed, accuracy } = data.runs[run];
      const end = accuracy === null ? "not finished" : `${accuracy.toFixed(2)} % after the last epoch`;
      return `<b>${escaped(name)}</b><br>${escaped(arm)}, rankscale ${rankscale}, seed ${seed}: ${end}<br>${at(x, y)}`;
    };
    const meanTip = (one, [x, y, runs, low, high]) =>
      `<b>${escaped(one.name)}</b>${runs > 1 ? `, mean of ${runs}` : ""}<br>${at(x, y)}` +
      (low === undefined ? "" : `<br>interval ${digits(low)} to ${digits(high)}`);
    return series.flatMap((one, which) => {
      const by = shift[which], look = { name: one.name, color: inked(one.color), symbol: symbols[one.shape] };
      const dots = one.dots.filter(([x, , run]) => data.runs[run].rankscale === 0 || within(data.runs[run].rankscale));
      const kept = new Map(dots.map((dot) => [dot[0], dot]));
      // A single run is its own mean.
      const tip = (mean) => mean[2] === 1 && kept.has(mean[0]) ? runTip(kept.get(mean[0])[2], mean[0], mean[1]) : meanTip(one, mean);
      const means = one.means.filter(([x]) => plot.x === "Rankscale" ? within(x) : one.dots.length === 0 || kept.has(x));
      const whiskers = means.filter((mean) => mean.length > 3);
      const many = means.length > 40, apart = plot.scale === "named";
      return [
        {
          ...look, type: "scatter", symbolSize: 7, itemStyle: { opacity: 0.5 },
          data: dots.map(([x, y, run]) => ({ value: [by(x), y], tip: runTip(run, x, y) })),
        },
        ...one.lines.map((line) => ({
          ...look, type: "line", symbolSize: 4, showSymbol: true, lineStyle: { width: 1, opacity: 0.4 }, itemStyle: { opacity: 0.4 },
          data: line.values.map((y, at) => ({ value: [line.from + at, y], tip: y === null ? "" : runTip(line.run, line.from + at, y) })),
        })),
        {
          ...look, type: "line", symbol: "none", silent: true, lineStyle: { width: 1.5 },
          data: whiskers.flatMap(([x, , , low, high]) => [[by(x), low], [by(x), high], [by(x), null]]),
        },
        {
          ...look, type: "line", symbolSize: many ? 5 : 10, showSymbol: true, z: 3, lineStyle: { width: apart ? 0 : 2 },
          data: means.map((mean) => ({ value: [by(mean[0]), mean[1]], tip: tip(mean) })),
        },
      ].filter((part) => part.data.length > 0);
    });
  };

  const option = (plot) => {
    const fixed = { type: "line", data: [], silent: true }, lines = [];
    if (plot.zero) lines.push({ yAxis: 0, label: { show: false } });
    for (const [x, name] of plot.marks ?? []) lines.push({ xAxis: x, label: { formatter: name, color: color("--quiet"), position: "insideEndTop" } });
    fixed.markLine = { silent: true, symbol: "none", lineStyle: { color: color("--ink"), type: "solid" }, data: lines };
    if (plot.band && shown.arms.has(plot.band.arm)) {
      const [low, high] = plot.band.ends;
      fixed.markArea = { silent: true, itemStyle: { color: plot.band.color, opacity: 0.15 }, data: [[{ yAxis: low }, { yAxis: high }]] };
    }
    return {
      animation: false, backgroundColor: "transparent",
      grid: { left: 64, right: 20, top: 36, bottom: 88 },
      tooltip: { trigger: "item", confine: true, formatter: (item) => item.data.tip ?? "" },
      toolbox: { right: 8, iconStyle: { borderColor: color("--quiet") }, feature: { dataZoom: {}, restore: {} } },
      dataZoom: [
        { type: "inside", zoomOnMouseWheel: "ctrl" },
        { type: "slider", height: 18, bottom: 8, labelFormatter: () => "", showDataShadow: false, textStyle: { color: color("--quiet") } },
      ],
      xAxis: horizontal(plot), yAxis: axis(plot.y, { nameGap: 46 }, {}, [...(plot.zero ? [0] : []), ...(plot.band?.ends ?? [])]), series: [...drawing(plot), fixed],
    };
  };

  // What a figure shows, as a file: every mean, every run's dot, every run's epochs.
  const csv = (plot) => {
    const quoted = (value) => /[",\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? "");
    const place = (x) => plot.scale === "named" ? plot.names[x] : x;
    const rows = [[plot.by || "panel", "series", "what", "run", plot.x, plot.y, "n", "low", "high"]];
    for (const panel of [...plot.panels, { name: "", series: plot.background ?? [] }]) {
      for (const one of panel.series) {
        for (const [x, y, runs, low, high] of one.means) rows.push([panel.name, one.name, "mean", "", place(x), y, runs, low, high]);
        for (const [x, y, run] of one.dots) rows.push([panel.name, one.name, "run", data.runs[run].run, place(x), y, 1]);
        for (const line of one.lines) {
          for (const [at, y] of line.values.entries()) {
            if (y !== null) rows.push([panel.name, one.name, "run", data.runs[line.run].run, line.from + at, y, 1]);
          }
        }
      }
    }
    return rows.map((row) => Array.from({ length: 9 }, (_, at) => quoted(row[at])).join(",")).join("\n") + "\n";
  };
  const hand = (name, blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const picture = (figure) => new XMLSerializer().serializeToString(figure.querySelector(".still svg"));
  const png = (figure, name) => {
    const image = new Image(), svg = figure.querySelector(".still svg"), box = svg.viewBox.baseVal;
    image.addEventListener("load", () => {
      const canvas = document.createElement("canvas");
      // Twice as fine as on the page.
      [canvas.width, canvas.height] = [1800, Math.round(1800 * box.height / box.width)];
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => hand(name, blob), "image/png");
    });
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(picture(figure))}`;
  };
  const save = (plot, figure) => {
    const place = document.createElement("div");
    place.className = "save";
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", `Save: ${figure.dataset.heading}`);
    const kinds = {
      CSV: () => hand(`${plot.stem}.csv`, new Blob([csv(plot)], { type: "text/csv" })),
      SVG: () => hand(`${plot.stem}.svg`, new Blob([picture(figure)], { type: "image/svg+xml" })),
      PNG: () => png(figure, `${plot.stem}.png`),
    };
    place.append("Save as");
    for (const [kind, act] of Object.entries(kinds)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = kind;
      button.setAttribute("aria-label", `${kind} of ${figure.dataset.heading}`);
      button.addEventListener("click", act);
      place.append(button);
    }
    return place;
  };

  const drawn = [];
  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    const stem = figure.dataset.chart, plot = data.plots[stem];
    if (!plot) continue;
    plot.stem = stem;
    const place = document.createElement("div");
    place.className = "chart";
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", figure.querySelector("desc")?.textContent ?? stem);
    // The text describes the still picture, and paper shows it.
    const details = document.createElement("details"), summary = document.createElement("summary");
    summary.textContent = "The still picture, as the text describes it";
    details.append(summary, ...figure.childNodes);
    figure.append(place, details, save(plot, figure));
    const chart = echarts.init(place);
    drawn.push({ plot, chart, figure });
    new ResizeObserver(() => chart.resize()).observe(place);
  }
  const draw = () => { for (const one of drawn) one.chart.setOption(option(one.plot), { notMerge: true }); };

  addEventListener("beforeprint", () => { for (const details of document.querySelectorAll("details:not(.numbers)")) details.open = true; });

  // What is shown, in controls that a keyboard reaches.
  const labelled = (text, input, swatch) => {
    const label = document.createElement("label");
    if (swatch) {
      const mark = document.createElement("span");
      mark.className = "swatch";
      mark.style.background = swatch === black ? "var(--ink)" : swatch;
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
    return form;
  };
  const range = (key) => {
    const input = document.createElement("input"), value = document.createElement("output");
    Object.assign(input, { type: "range", min: 0, max: rankscales.length - 1, step: 1, value: rankscales.indexOf(shown[key]), name: key });
    const say = () => {
      value.textContent = shown[key];
      input.setAttribute("aria-valuetext", `rankscale ${shown[key]}`);
    };
    say();
    input.addEventListener("input", () => {
      shown[key] = rankscales[input.value];
      say();
      draw();
    });
    const label = labelled(key, input);
    label.append(" ", value);
    return label;
  };
  const choice = (plot, heading) => {
    const select = document.createElement("select");
    select.name = plot.stem;
    select.setAttribute("aria-label", `${plot.by} of ${heading}`);
    for (const [at, panel] of plot.panels.entries()) select.append(new Option(panel.name, at));
    select.addEventListener("change", () => {
      shown.panels[plot.stem] = Number(select.value);
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
    form(drawn[0].figure, group("Arms", ...boxes), group("Rankscales", range("from"), range("to"))).className = "all";
    for (const { plot, figure } of drawn) {
      if (plot.panels.length > 1) form(figure, group(plot.by, choice(plot, figure.dataset.heading)));
    }
    draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  }

  // Tables: a click on a column's name sorts by it, numbers as numbers.
  const number = (text) => {
    const found = text.replaceAll(",", "").replace("−", "-").match(/-?\d+(\.\d+)?(e[-+]?\d+)?/i);
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
        const numeric = head.style.textAlign === "right" && rows.some((row) => !Number.isNaN(number(text(row))));
        // What is no number, such as a dash or "dense", comes last either way.
        const byNumber = (a, b) => {
          const [x, y] = [number(text(a)), number(text(b))];
          return Number.isNaN(x) || Number.isNaN(y) ? Number.isNaN(x) - Number.isNaN(y) : (x - y) * (up ? 1 : -1);
        };
        rows.sort(numeric ? byNumber : (a, b) => text(a).localeCompare(text(b)) * (up ? 1 : -1));
        body.append(...rows);
      });
    }
  }
})();
