// A tape: a column for each step of an episode, rows of numbers in sections, and a cursor. And a grid of strengths.
(function () {
  "use strict";
  const wann = (window.wann = window.wann || {});
  const { svg } = wann.ui;

  const TOP = 20, SECTION = 17, LETTER = 6.4, LONGEST = 18, FEWEST = 8, MOST = 60;
  const many = (rows) => rows.length > 26;

  const shorter = (text) => (text.length > LONGEST ? text.slice(0, LONGEST - 1) + "\u2026" : text);

  // The colour of a number: its sign, and how far it is from 0. No number has no colour.
  function colour(cell, value) {
    const known = value !== null && !Number.isNaN(value);
    cell.style.setProperty("--lit", known ? Math.tanh(1.2 * Math.abs(value)).toFixed(3) : 0);
    cell.classList.toggle("live-minus", known && value < 0);
    cell.classList.toggle("live-unknown", !known);
  }

  class Tape {
    // sections: [{name, rows: [{label, value(step) -> number or null, says(step), is(step), wrong(step), edit}]}]; the
    // last four are optional: an answer given, the right one, whether they differ, and that a hand may change the cell.
    // hands: {seek(step), press(row, step), drag(row, step), over(row, step)}
    constructor(sections, length, hands) {
      this._sections = sections.filter((section) => section.rows.length);
      this._rows = this._sections.flatMap((section) => section.rows);
      this._length = length;
      this._hands = hands;
      this._pitch = 0;
      const letters = Math.max(...this._rows.map((row) => shorter(row.label).length));
      this._left = 10 + LETTER * Math.max(letters, ...this._sections.map((section) => section.name.length));
      this.svg = svg("svg", { class: "live-tape", tabindex: 0, role: "application" });
      this.first = 0;
      this._columns = 0;
      this._listen();
    }

    // As many columns as fit into so many pixels.
    fit(width) {
      const [least, most] = many(this._rows) ? [11, 13] : [18, 30], room = width - this._left;
      const pitch = Math.min(Math.max(Math.floor(room / this._length()), least), most);
      const columns = Math.min(Math.max(Math.floor(room / pitch), FEWEST), MOST, Math.max(this._length(), FEWEST));
      if (columns === this._columns && pitch === this._pitch) return;
      this._pitch = pitch;
      this._build(columns);
    }

    draw(cursor, chosen) {
      const length = this._length(), columns = this._columns;
      this.first = Math.min(Math.max(cursor - Math.floor(0.7 * columns), 0), Math.max(length - columns, 0));
      for (let column = 0; column < columns; column++) {
        const step = this.first + column, there = step < length;
        this._numbers[column].textContent = there && (step + 1) % 5 === 0 ? step + 1 : "";
        this._cells.forEach((cells, i) => this._drawCell(this._rows[i], cells[column], step, there));
      }
      this._cursor.setAttribute("x", this._left + (cursor - this.first) * this._pitch - 1);
      this._labels.forEach((label, i) => label.classList.toggle("live-at", this._rows[i] === chosen));
    }

    _drawCell(row, { cell, dot }, step, there) {
      cell.style.display = there ? "" : "none";
      if (dot) dot.style.display = there && row.is(step) ? "" : "none";
      if (!there) return;
      colour(cell, row.value(step));
      if (!row.says) return;
      cell.classList.toggle("live-says", row.says(step));
      cell.classList.toggle("live-wrong", row.wrong(step));
    }

    _build(columns) {
      this._columns = columns;
      const pitch = this._pitch, size = pitch - 2, parts = [];
      this._numbers = Array.from({ length: columns }, (_, column) =>
        svg("text", { class: "live-number", x: this._left + column * pitch + size / 2, y: TOP - 7 }));
      this._cells = [];
      this._labels = [];
      this._tops = [];
      let y = TOP;
      for (const section of this._sections) {
        parts.push(svg("text", { class: "live-section", x: 0, y: y + 11, text: section.name }));
        y += SECTION;
        for (const row of section.rows) {
          this._tops.push(y);
          const label = svg("text", { class: "live-row-name", x: this._left - 6, y: y + size / 2, text: shorter(row.label) });
          this._labels.push(label);
          parts.push(label);
          this._cells.push(Array.from({ length: columns }, (_, column) => this._makeCell(row, column, y, size)));
          y += pitch;
        }
        y += 6;
      }
      this._cursor = svg("rect", { class: "live-cursor", y: TOP - 3, width: pitch, height: y - TOP, rx: 3 });
      const width = this._left + columns * pitch;
      this.svg.setAttribute("viewBox", `0 0 ${width} ${y}`);
      this.svg.style.maxWidth = `${width}px`;
      this.svg.classList.toggle("live-small", many(this._rows));
      const cells = this._cells.flat().flatMap(({ cell, dot }) => (dot ? [cell, dot] : [cell]));
      this.svg.replaceChildren(...this._numbers, ...parts, ...cells, this._cursor);
    }

    _makeCell(row, column, y, size) {
      const x = this._left + column * this._pitch;
      const cell = svg("rect", { class: "live-cell" + (row.edit ? " live-edit" : ""), x, y, width: size, height: size, rx: 2.5 });
      const dot = row.is ? svg("circle", { class: "live-right", cx: x + size / 2, cy: y + size / 2, r: size / 7 + 0.6 }) : null;
      return { cell, dot };
    }

    // The row, or null, and the step under a pointer.
    _under(event) {
      const box = this.svg.getBoundingClientRect(), scale = this.svg.viewBox.baseVal.width / box.width;
      const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
      const column = Math.floor((x - this._left) / this._pitch), step = this.first + column;
      if (column < 0 || column >= this._columns || step >= this._length()) return null;
      const index = this._tops.findIndex((top) => y >= top && y < top + this._pitch);
      return { row: index < 0 ? null : this._rows[index], step };
    }

    _listen() {
      let held = null;
      this.svg.addEventListener("pointerdown", (event) => {
        const place = this._under(event);
        if (!place || event.button) return;
        if (place.row && place.row.edit) {
          held = place.row;
          this.svg.setPointerCapture(event.pointerId);
          this._hands.press(place.row, place.step);
        } else this._hands.seek(place.step);
      });
      this.svg.addEventListener("pointermove", (event) => {
        const place = this._under(event);
        if (held && place) this._hands.drag(held, place.step);
        this._hands.over(place && place.row, place && place.step);
      });
      for (const name of ["pointerup", "pointercancel"]) this.svg.addEventListener(name, () => (held = null));
      this.svg.addEventListener("pointerleave", () => this._hands.over(null));
    }
  }

  // Strengths of plastic connections as a grid: a column for what each reads, a row for its target.
  class Grid {
    // connections: [{read, target, strength}] names and places.
    constructor(connections) {
      const of = (key) => [...new Set(connections.map((connection) => connection[key]))];
      const reads = of("read"), targets = of("target"), pitch = Math.min(18, Math.max(7, 620 / reads.length));
      const left = 10 + LETTER * Math.max(...targets.map((name) => shorter(name).length));
      const upright = reads.some((name) => name.length * LETTER > pitch);
      const top = upright ? 8 + LETTER * Math.max(...reads.map((name) => shorter(name).length)) : 16;
      this._cells = connections.map(({ read, target, strength }) => ({
        strength,
        cell: svg("rect", {
          class: "live-cell", x: left + pitch * reads.indexOf(read), y: top + pitch * targets.indexOf(target),
          width: pitch - 1.5, height: pitch - 1.5, rx: 2,
        }, [svg("title", { text: `${read} \u2192 ${target}` })]),
      }));
      const names = reads.map((name, i) => {
        const [x, y] = [left + pitch * (i + 0.5), top - 4];
        const turn = upright ? `rotate(-90 ${x} ${y})` : null;
        return svg("text", { class: upright ? "live-upright" : "live-number", x, y, transform: turn, text: shorter(name) });
      });
      const rows = targets.map((name, i) =>
        svg("text", { class: "live-row-name", x: left - 6, y: top + pitch * (i + 0.5), text: shorter(name) }));
      const width = left + pitch * reads.length, height = top + pitch * targets.length;
      this.svg = svg("svg", {
        class: "live-tape live-grid-of-strengths", viewBox: `0 0 ${width} ${height}`, role: "img",
        "aria-label": "Strengths of the plastic connections", style: `max-width:${width}px`,
      }, [...names, ...rows, ...this._cells.map(({ cell }) => cell)]);
    }

    draw(strengths) {
      for (const { cell, strength } of this._cells) colour(cell, strengths[strength]);
    }
  }

  wann.Tape = Tape;
  wann.Grid = Grid;
})();
