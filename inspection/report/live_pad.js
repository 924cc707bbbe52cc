// A pad to draw on: the class at every shared weight, their vote, and what the network sees of the drawing.
(function () {
  "use strict";
  const wann = (window.wann = window.wann || {});
  wann.live = wann.live || {};
  const { element, button, slider, signed, bytesOf } = wann.ui;
  const { toInputs, toPixels, softmax, best } = wann.images;

  const GRID = 168; // side of the pad in its own pixels
  const BRUSH = 0.045 * GRID; // radius
  const STEP = GRID / 28; // of the brush by an arrow key

  class Ink {
    constructor() {
      this.values = new Float32Array(GRID * GRID);
    }

    clear() {
      this.values.fill(0);
    }

    // A line with round ends and an edge one pixel soft.
    line(fromX, fromY, toX, toY) {
      const dx = toX - fromX, dy = toY - fromY, length = dx * dx + dy * dy || 1, reach = BRUSH + 1;
      const first = (a, b) => Math.max(0, Math.floor(Math.min(a, b) - reach));
      const last = (a, b) => Math.min(GRID - 1, Math.ceil(Math.max(a, b) + reach));
      for (let y = first(fromY, toY); y <= last(fromY, toY); y++) {
        for (let x = first(fromX, toX); x <= last(fromX, toX); x++) {
          const px = x + 0.5 - fromX, py = y + 0.5 - fromY;
          const along = Math.min(Math.max((px * dx + py * dy) / length, 0), 1);
          const distance = Math.hypot(px - along * dx, py - along * dy);
          const cover = Math.min(Math.max(BRUSH + 0.5 - distance, 0), 1);
          const at = y * GRID + x;
          if (cover > this.values[at]) this.values[at] = cover;
        }
      }
    }

    copy(pixels, brightest) {
      const side = Math.sqrt(pixels.length);
      const scaled = (place) => Math.floor(((place + 0.5) * side) / GRID);
      for (let i = 0; i < this.values.length; i++) {
        this.values[i] = pixels[scaled(Math.floor(i / GRID)) * side + scaled(i % GRID)] / brightest;
      }
    }
  }

  // Values in 0..1 as ink of the canvas's own text colour.
  function paint(canvas, values) {
    const side = Math.sqrt(values.length);
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    const colour = (getComputedStyle(canvas).color.match(/[\d.]+/g) || [0, 0, 0]).map(Number);
    const picture = context.createImageData(side, side);
    for (let i = 0; i < values.length; i++) {
      picture.data.set([colour[0], colour[1], colour[2], 255 * Math.min(values[i], 1)], 4 * i);
    }
    context.putImageData(picture, 0, 0);
  }

  const percent = (share) => (share >= 0.005 ? String(Math.round(100 * share)) : "");

  function headOf(classes, first) {
    return element("thead", {}, [
      element("tr", {}, [
        element("th", { scope: "col", text: first }),
        ...classes.map((name) =>
          element("th", { scope: "col", class: name.length > 2 ? "live-tall" : null }, [element("span", { text: name })]),
        ),
      ]),
    ]);
  }

  // A row of shares by class: `show(shares)` fills it, null empties it.
  function shareRow(label, classes, name) {
    const cells = classes.map(() => element("td"));
    const head = element("th", { scope: "row", text: label });
    const row = element("tr", { class: name }, [head, ...cells]);
    const show = (shares) => {
      const first = shares && best(shares);
      cells.forEach((cell, i) => {
        const share = shares ? shares[i] : 0;
        cell.textContent = percent(share);
        cell.style.setProperty("--share", share.toFixed(3));
        cell.classList.toggle("live-first", Boolean(shares) && i === first);
      });
    };
    return { row, head, show };
  }

  function heatTable(data) {
    const { weights, values, all } = data.accuracy;
    const cell = (value) => {
      const td = element("td", { text: value.toFixed(value === 100 ? 0 : 1) });
      td.style.setProperty("--share", ((value / 100) ** 4).toFixed(3)); // what differs lies near 100
      return td;
    };
    const columns = weights ? weights.map((weight) => signed(weight, 2)) : ["own weights"];
    const rows = values.map((row, i) =>
      element("tr", {}, [element("th", { scope: "row", text: data.classes[i] }), ...row.map(cell)]),
    );
    if (all) rows.push(element("tr", { class: "live-all" }, [element("th", { scope: "row", text: "all" }), ...all.map(cell)]));
    return element("div", { class: "live-scroll", tabindex: 0, role: "group", "aria-label": "Accuracies" }, [
      element("table", { class: "live-heat live-accuracy" }, [
        element("caption", { text: "Test pictures that are recognised, in percent" + (weights ? ", at every shared weight" : "") }),
        headOf(columns, "class"),
        element("tbody", {}, rows),
      ]),
    ]);
  }

  function sampleButtons(data, load) {
    if (!data.samples) return null;
    const bytes = bytesOf(data.samples.pixels), size = data.side * data.side;
    const repaint = [];
    const buttons = data.samples.labels.map((label, i) => {
      const pixels = bytes.subarray(i * size, (i + 1) * size);
      const canvas = element("canvas", { "aria-hidden": "true" });
      repaint.push(() => paint(canvas, Array.from(pixels, (value) => value / data.drawing.brightest)));
      const name = `Load a test picture of class ${data.classes[label]}`;
      const made = element("button", {
        type: "button", class: "live-sample", "aria-label": name, title: data.classes[label],
        onclick: () => load(pixels, label),
      }, [canvas]);
      return made;
    });
    const box = element("div", { class: "live-samples", role: "group", "aria-label": "Pictures of the test set" }, buttons);
    box.style.setProperty("--rows", Math.round(buttons.length / data.classes.length));
    return { box, paint: () => repaint.forEach((one) => one()) };
  }

  // Calls `draw(fromX, fromY, toX, toY)` for strokes by pointer, touch and keyboard, in the pad's pixels.
  function listen(canvas, brush, draw, clear, tell) {
    let last = null, down = false, x = GRID / 2, y = GRID / 2;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * GRID, ((event.clientY - box.top) / box.height) * GRID];
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      last = place(event);
      draw(...last, ...last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!last) return;
      const events = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
      for (const one of events.length ? events : [event]) {
        const next = place(one);
        draw(...last, ...next);
        last = next;
      }
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (last = null));
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const show = () => {
      brush.style.left = `${(100 * x) / GRID}%`;
      brush.style.top = `${(100 * y) / GRID}%`;
      brush.classList.toggle("live-down", down);
    };
    canvas.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const move = moves[event.key];
      if (move) {
        const before = [x, y];
        x = Math.min(Math.max(x + move[0] * STEP, 0), GRID);
        y = Math.min(Math.max(y + move[1] * STEP, 0), GRID);
        if (down) draw(...before, x, y);
      } else if (event.key === " ") {
        down = !down;
        if (down) draw(x, y, x, y);
        tell(down ? "The brush is down." : "The brush is up.");
      } else if (event.key === "Delete" || event.key === "Backspace") {
        down = false;
        clear();
      } else return;
      event.preventDefault();
      show();
    });
    canvas.addEventListener("blur", () => {
      down = false;
      show();
    });
    show();
  }

  wann.live.pad = function (root, data, context) {
    const network = new wann.Network(context.program);
    const classes = data.classes;
    const own = context.program.weights ? Float64Array.from(context.program.weights) : null;
    const ink = new Ink();
    let sample = null, truth = null, weight = typeof context.weight === "number" ? context.weight : null;
    if (weight === null && !own) weight = 1;

    const canvas = element("canvas", {
      class: "live-canvas", tabindex: 0, role: "img",
      "aria-label": "Pad to draw on; arrow keys move the brush, space puts it down or lifts it, delete clears",
    });
    const brush = element("div", { class: "live-brush", "aria-hidden": "true" });
    const seen = element("canvas", { class: "live-seen", role: "img", "aria-label": "What the network sees" });
    const headline = element("p", { class: "live-headline", role: "status" });
    const detail = element("p", { class: "live-note live-detail" });
    const told = element("p", { class: "live-note live-told", role: "status" });
    const rows = own
      ? [{ setting: own, ...shareRow("own weights", classes, "live-swept") }]
      : data.weights.map((at) => ({ setting: at, ...shareRow(signed(at, 2), classes, "live-swept") }));
    const vote = own ? null : shareRow("vote", classes, "live-vote");
    const chosen = shareRow("", classes, "live-chosen");
    const shared = slider("Shared weight", { min: -2, max: 2, step: 0.01, value: weight, class: "live-weight" },
      (value) => setShared(value, true));

    const pixels = () => sample || toPixels(data.drawing, ink.values);
    const blank = () => !sample && !ink.values.some((value) => value > 0.05);

    function classify(setting, inputs) {
      return softmax(network.run(setting, inputs).outputs);
    }

    function update() {
      const empty = blank();
      const inputs = toInputs(data, pixels());
      paint(canvas, sample ? Array.from(sample, (value) => value / data.drawing.brightest) : ink.values);
      canvas.classList.toggle("live-pixels", Boolean(sample));
      paint(seen, inputs);
      const found = rows.map((row) => {
        const shares = empty ? null : classify(row.setting, inputs);
        row.show(shares);
        return shares;
      });
      if (vote) {
        const votes = classes.map((_, i) => found.filter((shares) => shares && best(shares) === i).length);
        vote.show(empty ? null : votes.map((count) => count / rows.length));
        say(empty ? null : best(votes), empty ? "" : `${Math.max(...votes)} of ${rows.length} weights`);
      } else say(empty ? null : best(found[0]), empty ? "" : "at the champion's own weights");
      chosen.row.hidden = weight === null;
      if (weight !== null) {
        chosen.head.textContent = `slider ${signed(weight, 2)}`;
        chosen.show(empty ? null : classify(weight, inputs));
      }
      if (!context.diagram) return;
      if (empty) context.diagram.clear();
      else context.diagram.light(network.run(weight === null ? own : weight, inputs).values);
    }

    function say(answer, support) {
      const thing = data.dataset === "fashion_mnist" ? "garment" : "digit";
      const text = answer === null ? `Draw a ${thing}` : classes[answer];
      if (headline.textContent !== text) headline.textContent = text;
      headline.classList.toggle("live-empty", answer === null);
      detail.textContent = support + (truth === null ? "" : `; labelled ${classes[truth]}`);
    }

    let waiting = false;
    function later() {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        update();
      });
    }

    function draw(...ends) {
      if (sample) ink.copy(sample, data.drawing.brightest);
      sample = truth = null;
      ink.line(...ends);
      later();
    }

    function clear() {
      ink.clear();
      sample = truth = null;
      told.textContent = "";
      update();
    }

    function load(picture, label) {
      sample = picture;
      truth = label;
      update();
    }

    function setShared(value, tell) {
      weight = value;
      shared.set(value);
      update();
      if (tell && context.setWeight) context.setWeight(value);
    }

    const samples = sampleButtons(data, load);
    root.append(element("div", { class: "live-widget live-pad" }, [
      element("div", { class: "live-drawing" }, [
        element("div", { class: "live-board" }, [canvas, brush]),
        element("div", { class: "live-row" }, [
          button("Clear", clear, { class: "live-clear" }),
          element("span", { class: "live-look" }, [seen, element("span", { class: "live-note", text: "what the network sees" })]),
        ]),
        told,
        element("p", { class: "live-note live-hint", text: "By keyboard: arrows move the brush, space puts it down or lifts it, delete clears." }),
      ]),
      element("div", { class: "live-answers" }, [
        element("div", { class: "live-answer" }, [headline, detail]),
        element("div", { class: "live-scroll", tabindex: 0, role: "group", "aria-label": "Probabilities" }, [
          element("table", { class: "live-heat live-shares" }, [
            element("caption", { text: "Probability of each class, in percent" + (own ? "" : ", at every shared weight") }),
            headOf(classes, "weight"),
            element("tbody", {}, [...rows.map(({ row }) => row), vote && vote.row, chosen.row]),
          ]),
        ]),
        shared.box,
        samples && element("p", { class: "live-note", text: "Or take a picture of the test set, and draw on it:" }),
        samples && samples.box,
      ]),
      data.accuracy && heatTable(data),
    ]));
    listen(canvas, brush, draw, clear, (text) => (told.textContent = text));
    if (context.onWeight) context.onWeight((value) => value !== weight && setShared(value, false));
    const repaint = () => {
      update();
      if (samples) samples.paint();
    };
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
    new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-scheme"] });
    repaint();
    return { load, clear, update, repaint, pixels, inputs: () => toInputs(data, pixels()) };
  };
})();
