// What the live widgets share: elements without markup in strings, sliders, a clock, a seeded generator, packed arrays.
(function () {
  "use strict";
  const wann = (window.wann = window.wann || {});
  const SVG = "http://www.w3.org/2000/svg";

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "text") element.textContent = value;
      else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
    }
    for (const child of children || []) if (child) element.append(child);
    return element;
  }

  const element = (tag, attributes, children) => fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes, children) => fill(document.createElementNS(SVG, tag), attributes, children);

  function button(label, action, attributes) {
    return element("button", { type: "button", text: label, onclick: action, ...attributes });
  }

  const signed = (value, digits) => (value < 0 ? "\u2212" : "") + Math.abs(value).toFixed(digits);

  let count = 0;
  // A labelled slider; its `set(value)` moves it without calling `action`, and shows a dash for null.
  function slider(label, settings, action) {
    const id = "live-slider-" + ++count;
    const input = element("input", {
      type: "range", id, min: settings.min, max: settings.max, step: settings.step, class: settings.class,
    });
    const shown = element("output", { for: id });
    const show = settings.show || ((value) => signed(value, 2));
    const set = (value) => {
      input.value = value === null ? 0 : value;
      shown.textContent = value === null ? "\u2013" : show(value);
      input.setAttribute("aria-valuetext", shown.textContent);
    };
    input.addEventListener("input", () => {
      const value = Number(input.value);
      shown.textContent = show(value);
      input.setAttribute("aria-valuetext", shown.textContent);
      action(value);
    });
    set(settings.value);
    const name = typeof label === "string" ? element("label", { for: id, text: label }) : label;
    const box = element("div", { class: "live-slider" }, [name, input, shown]);
    return { box, input, set };
  }

  function choice(label, options, chosen, action) {
    const select = element("select", { onchange: () => action(options[select.selectedIndex][1]) });
    options.forEach(([name], index) => select.append(element("option", { text: name, selected: index === chosen })));
    return element("label", { class: "live-choice" }, [element("span", { text: label }), select]);
  }

  // Calls `advance(seconds)` once for each frame on the screen while it runs.
  class Clock {
    constructor(advance) {
      this.running = false;
      this._advance = advance;
      this._before = null;
      this._frame = this._frame.bind(this);
    }

    start() {
      if (this.running) return;
      this.running = true;
      this._before = null;
      requestAnimationFrame(this._frame);
    }

    stop() {
      this.running = false;
    }

    _frame(now) {
      if (!this.running) return;
      // A page that was hidden goes on where it was.
      const passed = this._before === null ? 0 : Math.min((now - this._before) / 1000, 0.1);
      this._before = now;
      this._advance(passed);
      requestAnimationFrame(this._frame);
    }
  }

  // Steps through what has an end. `rate()` is in steps a second, `step(n)` goes on by n steps, `rewind()` to the start;
  // `pause` is the button, which says what it would do.
  function player({ pause, rate, ended, rewind, step }) {
    let owed = 0;
    const clock = new Clock((seconds) => {
      owed += seconds * rate();
      const count = Math.floor(owed);
      owed -= count;
      if (count) step(count);
      if (ended()) halt();
    });

    function go() {
      if (ended()) rewind();
      owed = 0;
      clock.start();
      pause.textContent = "Pause";
    }

    function halt() {
      clock.stop();
      pause.textContent = "Play";
    }

    return { go, halt, toggle: () => (clock.running ? halt() : go()), running: () => clock.running };
  }

  // Numbers in [0, 1) from a 32-bit seed (mulberry32), and normal ones by Box and Muller.
  class Random {
    constructor(seed) {
      this._state = seed >>> 0;
    }

    uniform() {
      this._state = (this._state + 0x6d2b79f5) >>> 0;
      let t = this._state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    }

    normal() {
      return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
    }
  }

  function bytesOf(base64) {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  // {data: base64 of little-endian int16 [rows, columns], columns, scales [columns]}: `at(row, column)`.
  class Table {
    constructor(packed) {
      const view = new DataView(bytesOf(packed.data).buffer);
      this.columns = packed.columns;
      this.rows = packed.columns ? view.byteLength / 2 / packed.columns : 0;
      this._scales = packed.scales;
      this._values = new Int16Array(this.rows * this.columns);
      for (let i = 0; i < this._values.length; i++) this._values[i] = view.getInt16(2 * i, true);
    }

    at(row, column) {
      return this._values[row * this.columns + column] * this._scales[column];
    }

    row(row) {
      return Array.from({ length: this.columns }, (_, column) => this.at(row, column));
    }
  }

  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  wann.ui = { element, svg, button, slider, choice, signed, Clock, player, Random, Table, bytesOf, calm };
})();
