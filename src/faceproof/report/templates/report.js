"use strict";
(() => {
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const views = {};

  // The interpreter ("ast") runs Vega's expressions without eval, which the page's policy forbids.
  const options = { mode: "vega-lite", renderer: "svg", actions: false, ast: true, tooltip: { theme: "page" } };

  async function draw(place, name) {
    const target = document.getElementById(`chart-${place}`);
    if (!target || !data.specs[name]) return;
    if (views[place]) views[place].finalize();
    views[place] = (await vegaEmbed(target, data.specs[name], options)).view;
  }

  const digitsOf = (rate, n) => {
    let digits = n >= 1000 ? 2 : 1;
    const remainder = +(100 * Math.min(Math.abs(rate), Math.abs(1 - rate))).toFixed(10);
    if (remainder > 0) {
      const first = -Math.floor(Math.log10(remainder));
      digits = Math.max(digits, Math.min(8, first + (rate < 0.5 ? 1 : 0)));
    }
    return digits;
  };
  const percent = (rate, n) => `${(100 * rate).toFixed(digitsOf(rate, n))}%`;
  const range = (low, high, n) => {
    let digits = Math.max(...[low, high].map((edge) => digitsOf(edge, n) - (edge > 0 && edge < 1e-3 ? 1 : 0)));
    while (digits < 8 && low < high && (100 * low).toFixed(digits) === (100 * high).toFixed(digits)) digits += 1;
    return `${(100 * low).toFixed(digits)} – ${(100 * high).toFixed(digits)}%`;
  };

  // Wilson's interval for k of n at 95%.
  const Z = 1.959963984540054;
  const rateOf = (k, n, reason) => {
    if (n === 0) return { value: null, reason };
    const p = k / n;
    const scale = 1 + (Z * Z) / n;
    const centre = (p + (Z * Z) / (2 * n)) / scale;
    const spread = (Z * Math.sqrt((p * (1 - p)) / n + (Z * Z) / (4 * n * n))) / scale;
    return { value: p, n, low: k === 0 ? 0 : Math.max(0, centre - spread), high: k === n ? 1 : Math.min(1, centre + spread) };
  };
  // F1 = 2 J / (1 + J) of J = TP / (TP + FP + FN), a counted share.
  const f1Of = (tp, wrong) => {
    const share = rateOf(tp, tp + wrong, "nothing is accepted or missed");
    const carried = (j) => (2 * j) / (1 + j);
    if (share.value === null) return share;
    return { value: carried(share.value), n: share.n, low: carried(share.low), high: carried(share.high) };
  };
  const ratesOf = ({ tp, fn, tn, fp }) => {
    return {
      accuracy: rateOf(tp + tn, tp + fn + tn + fp, "no comparison was made"),
      precision: rateOf(tp, tp + fp, "nothing is accepted"),
      recall: rateOf(tp, tp + fn, "no mated comparison"),
      f1: f1Of(tp, fp + fn),
      fmr: rateOf(fp, fp + tn, "no non-mated comparison"),
      fnmr: rateOf(fn, tp + fn, "no mated comparison"),
    };
  };

  const slider = document.getElementById("threshold");
  const buttons = [...document.querySelectorAll("button[data-point]")];
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

  function show({ distance, usual, confusion, rates, label, name, optimistic }) {
    const at = distance.toFixed(name ? 4 : 3);
    const other = data.usual ? `${data.usual.label} ${usual}` : "";
    document.getElementById("at").textContent = at;
    document.getElementById("at-usual").textContent = other && `(${other})`;
    document.getElementById("at-label").textContent = label || "";
    slider.setAttribute("aria-valuetext", [`distance ${at}`, other, label].filter(Boolean).join(", "));
    each("[data-at]", (place) => { place.textContent = at; });
    each("[data-count]", (place) => { place.textContent = confusion[place.dataset.count].toLocaleString("en-US"); });
    each("[data-rate]", (place) => {
      const rate = rates[place.dataset.rate];
      place.textContent = rate.value === null ? "cannot be estimated" : percent(rate.value, rate.n);
    });
    each("[data-range]", (place) => {
      const { value, low, high, n, reason } = rates[place.dataset.range];
      const known = low !== null && low !== undefined && high !== null;
      place.textContent = value === null ? reason : known ? range(low, high, n) : "–";
    });
    each("[data-optimistic]", (place) => { place.hidden = !optimistic; });
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.point === name)));
    if (views.histogram) views.histogram.signal("threshold_distance", distance).runAsync();
  }

  function showStep(step) {
    const { table } = data;
    const confusion = { tp: table.tp[step], fn: table.fn[step], tn: table.tn[step], fp: table.fp[step] };
    const usual = data.usual && data.usual.steps[step];
    show({ distance: table.distance[step], usual, confusion, rates: ratesOf(confusion), optimistic: true });
  }

  function showPoint(point) {
    const { distance } = data.table;
    let nearest = 0;
    distance.forEach((at, step) => {
      if (Math.abs(at - point.distance) < Math.abs(distance[nearest] - point.distance)) nearest = step;
    });
    slider.value = String(nearest);
    show(point);
  }

  function startTryout() {
    if (!slider) return;
    slider.addEventListener("input", () => showStep(Number(slider.value)));
    buttons.forEach((button) => {
      button.addEventListener("click", () => showPoint(data.points.find((point) => point.name === button.dataset.point)));
    });
    showPoint(data.points.find((point) => point.name === data.start) || data.points[0]);
    document.getElementById("tryout").hidden = false;
  }

  function openAllForPrint() {
    const closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((details) => { details.open = true; });
    window.addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }), { once: true });
  }

  window.addEventListener("beforeprint", openAllForPrint);
  each("input[name=roc-axis]", (choice) => choice.addEventListener("change", () => {
    choice.closest("figure").querySelector(".sub").textContent = data.subtitles[choice.value];
    draw("roc", choice.value);
  }));
  startTryout();
  Promise.all(["scatter", "histogram", "roc", "det"].map((name) => draw(name, name))).then(() => {
    document.documentElement.dataset.drawn = "true";
  });
})();
