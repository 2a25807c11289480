// Charts: <div class="chart" role="img" aria-label="..." data-chart="data-id"> and <script type="application/json" id="data-id">.
// Load after vendor/echarts.min.js, on pages with charts only. Kinds:
//   {"kind": "ageing", "labels": [...], "values": [...], "texts": [...]}               bars in the ageing colours
//   {"kind": "lines", "labels": [...], "series": [{"name", "values", "dashed"?}], "band"?: {"name", "low": [...], "high": [...]}}
//   {"kind": "columns", "labels": [...], "series": [{"name", "values", "age"?: 0-4}], "stacked"?: true}
// "unit" is written after axis values; colours come from the tokens and follow the theme. Clicking a bar opens "links"[i].
(() => {
  "use strict";
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const lang = document.documentElement.lang || "en";
  const short = new Intl.NumberFormat(lang, { notation: "compact", maximumFractionDigits: 1 });
  const full = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 });
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const ground = (unit) => ({
    animation: !calm,
    animationDuration: 250,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12, color: token("ink2") },
    tooltip: {
      renderMode: "richText", trigger: "axis", confine: true, backgroundColor: token("bulk"), borderWidth: 0, padding: [6, 10],
      textStyle: { color: token("bulk-ink"), fontSize: 12 }, axisPointer: { type: "line", lineStyle: { color: token("line2") } },
      valueFormatter: (value) => (value === null || value === undefined ? "–" : `${full.format(value)}${unit}`),
    },
    legend: { type: "scroll", right: 4, top: 0, itemHeight: 8, itemWidth: 16, itemGap: 12, textStyle: { color: token("ink2"), fontSize: 11.5 }, inactiveColor: token("pale") },
  });
  const valueAxis = (unit) => ({
    type: "value", splitNumber: 4, axisLabel: { color: token("ink2"), fontSize: 11.5, formatter: (value) => `${short.format(value)}${unit}` },
    splitLine: { lineStyle: { color: token("line") } },
  });
  const labelAxis = (labels, extra = {}) => ({
    type: "category", data: labels, axisTick: { show: false }, axisLine: { lineStyle: { color: token("line2") } },
    axisLabel: { color: token("ink2"), fontSize: 11.5, hideOverlap: true }, ...extra,
  });
  const palette = () => [1, 2, 3, 4, 5].map((n) => token(`chart${n}`));

  const kinds = {
    ageing: (data, unit) => ({
      ...ground(unit), legend: undefined, grid: { left: 4, right: 70, top: 2, bottom: 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      tooltip: { ...ground(unit).tooltip, axisPointer: { type: "none" } },
      xAxis: { type: "value", show: false },
      yAxis: labelAxis(data.labels, { inverse: true, axisLine: { show: false } }),
      series: [{
        type: "bar", barMaxWidth: 13, cursor: data.links ? "pointer" : "default",
        data: data.values.map((value, index) => ({ value, itemStyle: { color: token(`age${index}`), borderRadius: 2 } })),
        label: { show: true, position: "right", color: token("ink"), fontSize: 12, formatter: (bar) => data.texts?.[bar.dataIndex] ?? short.format(bar.value) + unit },
      }],
    }),
    lines: (data, unit) => {
      const colours = palette();
      const band = data.band ? [
        { name: "low", type: "line", stack: "band", symbol: "none", silent: true, lineStyle: { opacity: 0 }, data: data.band.low, tooltip: { show: false } },
        { name: data.band.name, type: "line", stack: "band", symbol: "none", silent: true, lineStyle: { opacity: 0 }, itemStyle: { color: token("chart-band") }, areaStyle: { color: token("chart-band") }, data: data.band.high.map((high, i) => high - data.band.low[i]), tooltip: { show: false } },
      ] : [];
      return {
        ...ground(unit), grid: { left: 4, right: 12, top: 26, bottom: 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
        legend: { ...ground(unit).legend, data: [...data.series.map((one) => one.name), ...(data.band ? [{ name: data.band.name, icon: "roundRect" }] : [])] },
        xAxis: labelAxis(data.labels, { boundaryGap: false }), yAxis: valueAxis(unit),
        series: [...band, ...data.series.map((one, index) => ({
          name: one.name, type: "line", data: one.values, symbol: one.dashed ? "none" : "circle", symbolSize: 5, showSymbol: data.labels.length < 32,
          lineStyle: { width: one.dashed ? 1.5 : 2, type: one.dashed ? "dashed" : "solid" }, color: one.dashed ? token("ink2") : colours[index % colours.length],
        }))],
      };
    },
    columns: (data, unit) => {
      const colours = palette();
      return {
        ...ground(unit), grid: { left: 4, right: 8, top: data.series.length > 1 ? 26 : 8, bottom: 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
        legend: data.series.length > 1 ? ground(unit).legend : undefined,
        tooltip: { ...ground(unit).tooltip, axisPointer: { type: "shadow", shadowStyle: { color: token("chart-band") } } },
        xAxis: labelAxis(data.labels), yAxis: valueAxis(unit),
        series: data.series.map((one, index) => ({
          name: one.name, type: "bar", stack: data.stacked ? "all" : undefined, data: one.values, barMaxWidth: 26, cursor: data.links ? "pointer" : "default",
          itemStyle: { color: one.age === undefined ? colours[index % colours.length] : token(`age${one.age}`), borderRadius: data.stacked ? 0 : [2, 2, 0, 0] },
        })),
      };
    },
  };

  const shown = new Map();
  const draw = (place) => {
    const source = document.getElementById(place.dataset.chart);
    if (!source || !window.echarts) return;
    const data = JSON.parse(source.textContent);
    const chart = shown.get(place) || window.echarts.init(place, null, { renderer: "svg" });
    if (!shown.has(place)) {
      shown.set(place, chart);
      new ResizeObserver(() => chart.resize()).observe(place);
      if (data.links) chart.on("click", (event) => { const link = data.links[event.dataIndex]; if (link) location.assign(link); });
    }
    chart.setOption(kinds[data.kind](data, data.unit || ""), true);
  };
  const drawAll = (from) => {
    for (const [place, chart] of shown) if (!place.isConnected) { chart.dispose(); shown.delete(place); }
    from.querySelectorAll("[data-chart]").forEach(draw);
  };
  document.addEventListener("theme-changed", () => drawAll(document));
  document.addEventListener("htmx:load", (event) => drawAll(event.target));
  drawAll(document);
})();
