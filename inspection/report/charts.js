// Charts that can be read out: a cross hair that follows the pointer, the arrow keys or a slider.
(function () {
  "use strict";
  const wann = (window.wann = window.wann || {});
  const SVG = "http://www.w3.org/2000/svg";

  class Axes {
    constructor(svg) {
      [this.left, this.top, this.right, this.bottom] = svg.dataset.frame.split(" ").map(Number);
      [this.lowX, this.highX, this.lowY, this.highY] = svg.dataset.range.split(" ").map(Number);
    }

    x(value) {
      return this.left + ((this.right - this.left) * (value - this.lowX)) / (this.highX - this.lowX);
    }

    y(value) {
      return this.bottom - ((this.bottom - this.top) * (value - this.lowY)) / (this.highY - this.lowY);
    }

    value(x) {
      return this.lowX + ((x - this.left) / (this.right - this.left)) * (this.highX - this.lowX);
    }
  }

  function nearest(values, wanted) {
    let best = 0;
    values.forEach((value, index) => {
      if (Math.abs(value - wanted) < Math.abs(values[best] - wanted)) best = index;
    });
    return best;
  }

  class Chart {
    // x: [n] places of the points; columns: y values [n] (or null) of each spot; chosen(index) is told of a choice.
    constructor(svg, x, columns, chosen) {
      this._svg = svg;
      this._axes = new Axes(svg);
      this._x = x;
      this._columns = columns;
      this.index = null;
      this._cross = this._add("path", { class: "cross", fill: "none" });
      this._spots = columns.map(() => this._add("circle", { class: "spot", r: 0 }));
      svg.addEventListener("pointermove", (event) => event.pointerType !== "touch" && chosen(this._at(event)));
      svg.addEventListener("click", (event) => chosen(this._at(event)));
    }

    show(index) {
      this.index = index;
      const axes = this._axes, x = axes.x(this._x[index]);
      this._cross.setAttribute("d", `M${x} ${axes.top}V${axes.bottom}`);
      this._spots.forEach((spot, column) => {
        const value = this._columns[column][index];
        spot.setAttribute("r", value === null ? 0 : 5);
        if (value === null) return;
        spot.setAttribute("cx", x);
        spot.setAttribute("cy", axes.y(value));
      });
    }

    _at(event) {
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this._svg.getScreenCTM().inverse());
      return nearest(this._x, this._axes.value(point.x));
    }

    _add(tag, attributes) {
      const element = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      return this._svg.appendChild(element);
    }
  }

  wann.Chart = Chart;
  wann.nearest = nearest;
})();
