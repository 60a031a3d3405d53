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
  // Both ends shown as equal, an end above 0 as 0%, or an end below 1 as 100%.
  const blurred = (low, high, digits) => {
    const [first, last] = [low, high].map((edge) => Number((100 * edge).toFixed(digits)));
    return first === last || (first === 0 && low > 0) || (last === 100 && high < 1);
  };
  const range = (low, high, n) => {
    let digits = Math.max(...[low, high].map((edge) => digitsOf(edge, n) - (edge > 0 && edge < 1e-3 ? 1 : 0)));
    while (digits < 10 && low < high && blurred(low, high, digits)) digits += 1;
    return `${(100 * low).toFixed(digits)} – ${(100 * high).toFixed(digits)}%`;
  };

  // A rate with the ends of its interval from the table; no ends where the table has none.
  const rateOf = (k, n, low, high, reason) => {
    if (n === 0) return { value: null, reason };
    const known = low !== undefined && high !== undefined;
    return { value: k / n, n, low: known ? low : null, high: known ? high : null };
  };
  // A number of FMR and FNMR: each end is as far as the root of the summed squares of what each rate alone gives (MOVER).
  const combined = (value, fmr, fnmr, n, reason) => {
    if (n === 0) return { value: null, reason };
    const here = value(fmr.value, fnmr.value);
    if (fmr.low === null || fnmr.low === null) return { value: here, n, low: null, high: null };
    const corners = [[fmr.low, fnmr.value], [fmr.high, fnmr.value], [fmr.value, fnmr.low], [fmr.value, fnmr.high]];
    const found = corners.map((corner) => value(...corner)).map((at) => (Number.isNaN(at) ? here : at));
    const alone = [found.slice(0, 2), found.slice(2)];
    return {
      value: here,
      n,
      low: Math.max(0, here - Math.hypot(...alone.map((pair) => here - Math.min(...pair, here)))),
      high: Math.min(1, here + Math.hypot(...alone.map((pair) => Math.max(...pair, here) - here))),
    };
  };
  const ratesOf = ({ tp, fn, tn, fp }, ends) => {
    const [m, n] = [tp + fn, fp + tn];
    const fmr = rateOf(fp, n, ends.fmr_low, ends.fmr_high, "no non-mated comparison");
    const fnmr = rateOf(fn, m, ends.fnmr_low, ends.fnmr_high, "no mated comparison");
    const recall = fnmr.value === null ? fnmr : { ...fnmr, value: tp / m };
    if (fnmr.value !== null && fnmr.low !== null) Object.assign(recall, { low: 1 - fnmr.high, high: 1 - fnmr.low });
    if (m === 0 || n === 0) {
      const none = { value: null, reason: "it needs both kinds of comparison" };
      return { accuracy: none, precision: none, f1: none, recall, fmr, fnmr };
    }
    const accuracy = (a, b) => 1 - (m * b + n * a) / (m + n);
    const precision = (a, b) => (m * (1 - b)) / (m * (1 - b) + n * a);
    const f1 = (a, b) => (2 * m * (1 - b)) / (m * (2 - b) + n * a);
    return {
      accuracy: combined(accuracy, fmr, fnmr, m + n),
      precision: combined(precision, fmr, fnmr, tp + fp, "nothing is accepted"),
      f1: combined(f1, fmr, fnmr, tp + fp + fn, "nothing is accepted or missed"),
      recall, fmr, fnmr,
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
    const names = ["fmr_low", "fmr_high", "fnmr_low", "fnmr_high"];
    const ends = Object.fromEntries(names.map((name) => [name, (table[name] || [])[step]]));
    show({ distance: table.distance[step], usual, confusion, rates: ratesOf(confusion, ends), optimistic: true });
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
  Promise.all(["scatter", "histogram", "roc", "det", "reliability", "tippett"].map((name) => draw(name, name))).then(() => {
    document.documentElement.dataset.drawn = "true";
  });
})();
