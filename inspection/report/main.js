// Puts the page together: one shared weight for all its parts, the diagram, the charts and the live widget.
(function () {
  "use strict";
  const wann = window.wann;
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const minus = (text) => text.replace(/-/g, "\u2212");
  const fixed = (value, digits) => (value === null ? "\u2013" : minus(value.toFixed(digits)));

  // --- light and dark ---

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let scheme = null; // as the system has it
  function showScheme() {
    if (scheme) document.documentElement.dataset.scheme = scheme;
    const now = scheme || (dark.matches ? "dark" : "light");
    find("scheme").textContent = now === "dark" ? "Light" : "Dark";
    find("scheme").setAttribute("aria-label", `Change to the ${now === "dark" ? "light" : "dark"} scheme`);
  }
  dark.addEventListener("change", showScheme);
  find("scheme").addEventListener("click", () => {
    scheme = (scheme || (dark.matches ? "dark" : "light")) === "dark" ? "light" : "dark";
    showScheme();
  });
  showScheme();

  // --- the shared weight ---

  const listeners = [];
  const context = {
    program: data.program,
    weight: data.weight,
    onWeight: (listener) => listeners.push(listener),
    setWeight(value) {
      if (value === context.weight) return;
      context.weight = value;
      listeners.forEach((listener) => listener(value));
    },
    diagram: new wann.Diagram(find("diagram"), data.program, find("formula-text"), find("formula-hint")),
  };

  // --- return against the weight ---

  function showCurve() {
    const curve = data.curve, slider = find("weight-slider"), reading = find("weight-reading");
    const charts = [...find("weight-plot").querySelectorAll("svg.chart")].map(
      (svg) => new wann.Chart(svg, curve.weights, [curve.mean], (index) => choose(index)),
    );
    let shown = null;
    function show(index) {
      shown = index;
      charts.forEach((chart) => chart.show(index));
      slider.value = index;
      const quartiles =
        curve.episodes > 1 ? `, half of them from ${fixed(curve.low[index], 0)} to ${fixed(curve.high[index], 0)}` : "";
      const text = `${fixed(curve.weights[index], 2)}: ${fixed(curve.mean[index], 1)}${curve.unit}${quartiles}`;
      reading.textContent = text;
      slider.setAttribute("aria-valuetext", text);
    }
    const choose = (index) => {
      if (index === shown) return;
      show(index);
      context.setWeight(curve.weights[index]);
    };
    slider.addEventListener("input", () => choose(Number(slider.value)));
    context.onWeight((weight) => {
      const index = wann.nearest(curve.weights, weight);
      if (index !== shown) show(index);
    });
    show(wann.nearest(curve.weights, data.weight === null ? 1 : data.weight));
  }

  // --- evolution ---

  function showHistory() {
    const history = data.history, reading = find("history-reading");
    const plots = [...document.querySelectorAll('[data-plot="history"]')];
    const charts = [];
    function show(index) {
      charts.forEach((chart) => chart.show(index));
      const steps = history.steps[index] / 1e6;
      reading.textContent =
        `Generation ${history.generations[index]}, ${fixed(steps, steps < 10 ? 2 : 0)} million steps: mean ` +
        `${fixed(history.best_mean_return[index], 1)}, best weight ${fixed(history.best_max_return[index], 1)}, ` +
        `${history.best_num_connections[index]} connections`;
    }
    for (const plot of plots) {
      const x = history[plot.dataset.axis];
      plot.querySelectorAll("svg.chart").forEach((svg) => {
        const two = svg.querySelector(".line-second") !== null;
        const returns = two ? [history.best_mean_return, history.best_max_return] : [history.best_mean_return];
        const columns = svg.classList.contains("chart-returns") ? returns : [history.best_num_connections];
        charts.push(new wann.Chart(svg, x, columns, show));
      });
      plot.tabIndex = 0;
      plot.setAttribute("aria-label", "Learning curves; arrow keys read them out");
      plot.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1, PageDown: -20, PageUp: 20 }[event.key];
        if (!step) return;
        event.preventDefault();
        show(Math.min(Math.max(charts[0].index + step, 0), x.length - 1));
      });
    }
    show(history.generations.length - 1);
    const buttons = document.querySelectorAll("[data-show]");
    buttons.forEach((button) => button.addEventListener("click", () => {
      buttons.forEach((other) => other.setAttribute("aria-pressed", other === button));
      plots.forEach((plot) => (plot.hidden = plot.dataset.axis !== button.dataset.show));
    }));
  }

  function showGrowth() {
    const slider = find("growth-slider"), play = find("growth-play"), reading = find("growth-reading");
    const snapshots = [...document.querySelectorAll(".snapshot")];
    let timer = null;
    function show(index) {
      snapshots.forEach((snapshot, other) => (snapshot.hidden = other !== index));
      slider.value = index;
      reading.textContent = snapshots[index].dataset.said;
      slider.setAttribute("aria-valuetext", reading.textContent);
    }
    function stop() {
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
    }
    function advance() {
      const next = Number(slider.value) + 1;
      if (next >= snapshots.length) return stop();
      show(next);
    }
    slider.addEventListener("input", () => {
      stop();
      show(Number(slider.value));
    });
    play.addEventListener("click", () => {
      if (timer) return stop();
      show(Number(slider.value) === snapshots.length - 1 ? 0 : Number(slider.value));
      play.textContent = "Pause";
      timer = setInterval(advance, 900);
    });
    show(snapshots.length - 1);
  }

  if (data.curve) showCurve();
  if (data.history) showHistory();
  if (find("growth-slider")) showGrowth();
  // Widgets call nodes what the diagram calls them.
  const names = new wann.Names(data.program);
  wann.Network.prototype.nameOf = (row) => (row === 0 ? "bias" : names.of(row));
  if (data.live && wann.live && wann.live[data.live.kind]) {
    wann.widget = wann.live[data.live.kind](document.querySelector(".live-root"), data.live.data, context);
  }
  wann.page = { data, context };
})();
