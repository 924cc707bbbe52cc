// The diagram: traces what a node depends on and feeds, says its formula, and lights up with the network's values and
// the strengths of its plastic connections.
(function () {
  "use strict";
  const wann = (window.wann = window.wann || {});

  const MOST_TERMS = 40; // of a formula
  const MOST_GLOWING = 400; // connections that follow the values of their sources
  const number = (value) => (value < 0 ? "\u2212" : "") + Math.abs(value).toPrecision(3).replace(/\.?0+$/, "");

  // --- names and formulas ---

  class Names {
    constructor(program) {
      this._program = program;
      this._first = 1 + program.num_inputs;
      this._outputs = this._first + program.activations.length - program.num_outputs;
    }

    of(row) {
      const { input_names: inputs, output_names: outputs } = this._program;
      if (row === 0) return "1";
      if (row < this._first) return inputs[row - 1];
      if (row < this._outputs) return "h" + (row - this._first + 1);
      const name = outputs[row - this._outputs];
      return /^\d+$/.test(name) ? `output ${name}` : name; // a digit alone would read as a number
    }

    isInput(row) {
      return row < this._first;
    }

    // What a connection reads: x, x[t−3] of three steps ago, and H·x where it has a strength H of its own.
    term(edge) {
      const read = edge.delay ? `${this.of(edge.source)}[t\u2212${edge.delay}]` : this.of(edge.source);
      return edge.strength >= 0 ? `H\u00b7${read}` : read;
    }

    // "h7 = tanh(w·(x + h3))", with numbers where connections have weights of their own.
    formula(row, edges) {
      const { weights, connection_ids: ids, activations } = this._program;
      const activation = activations[row - this._first], kind = wann.gathers[activation] || "sum";
      const shown = edges.slice(0, MOST_TERMS), terms = shown.map((edge) => this.term(edge));
      const left = edges.length - shown.length;
      const own = (term, i) => `${weights ? number(weights[ids[shown[i].index]]) : "w"}\u00b7${term}`;
      let argument;
      if (!edges.length) argument = "0";
      else if (kind === "product") argument = terms.map(own).join(", ") + (left ? `, ${left} more` : "");
      else {
        const sum = (weights ? terms.map(own) : terms).join(" + ") + (left ? ` + ${left} more` : "");
        // The total of an episode is taken before the shared weight.
        if (weights || kind === "total") argument = sum.replace(/\+ \u2212/g, "\u2212 ");
        else argument = edges.length > 1 ? `w\u00b7(${sum})` : `w\u00b7${sum}`;
      }
      const outside = kind === "total" && !weights && edges.length ? "w\u00b7" : "";
      return `${this.of(row)} = ${outside}${applied(activation, argument, kind)}`;
    }
  }

  function applied(activation, argument, kind) {
    const bracketed = kind === "sum" && /^w/.test(argument) ? argument : `(${argument})`;
    return wann.activationTexts[activation].replace(/\{x\}|\[x\]/, (place) => (place === "{x}" ? argument : bracketed));
  }

  // --- the graph ---

  class Graph {
    constructor(program) {
      const rows = 1 + program.num_inputs + program.activations.length, strengths = new Map();
      program.plastic.forEach((index, place) => strengths.set(index, place));
      this.edges = [];
      this.into = Array.from({ length: rows }, () => []);
      this.outOf = Array.from({ length: rows }, () => []);
      let index = 0;
      program.fan_in.forEach((count, node) => {
        const target = 1 + program.num_inputs + node;
        for (let k = 0; k < count; k++, index++) {
          const delay = program.delays ? program.delays[index] : 0;
          const strength = strengths.has(index) ? strengths.get(index) : -1; // its place among the strengths
          const edge = { index, source: program.sources[index], target, delay, strength };
          this.edges.push(edge);
          this.into[target].push(edge);
          this.outOf[edge.source].push(edge);
        }
      });
    }

    // Rows and connections that `row` depends on and feeds.
    trace(row) {
      const rows = new Set([row]), edges = new Set();
      for (const [links, end] of [[this.into, "source"], [this.outOf, "target"]]) {
        const seen = new Set([row]), left = [row];
        while (left.length) {
          for (const edge of links[left.pop()]) {
            edges.add(edge.index);
            if (seen.has(edge[end])) continue;
            seen.add(edge[end]);
            rows.add(edge[end]);
            left.push(edge[end]);
          }
        }
      }
      return { rows, edges };
    }
  }

  // --- on the page ---

  // A plastic connection is wider the stronger it is after the step, and has the colour of the sign of its strength.
  function strengthen(path, strength) {
    path.style.strokeWidth = (0.8 + (3.2 * Math.abs(strength)) / wann.MOST_STRENGTH).toFixed(2);
    path.style.strokeOpacity = (0.14 + 0.8 * Math.tanh(Math.abs(strength) || 0)).toFixed(2);
    path.classList.toggle("negative", strength < 0);
  }

  class Diagram {
    constructor(root, program, formula, hint) {
      this._svg = root.querySelector("svg");
      this._names = new Names(program);
      this._graph = new Graph(program);
      this._formula = formula;
      this._hint = hint;
      this._nodes = new Map();
      this._svg.querySelectorAll(".node").forEach((node) => this._nodes.set(Number(node.dataset.row), node));
      this._paths = [];
      this._svg.querySelectorAll("[data-connection]").forEach((path) => {
        this._paths[Number(path.dataset.connection)] = path;
      });
      this._pinned = null;
      this._shown = null;
      this._values = null;
      this._listen();
      this._idle();
    }

    // values: of all rows; found: what wann.Network gives beside them, in a network with state.
    light(values, found) {
      this._values = values;
      this._svg.classList.add("lit");
      const glowing = this._paths.length <= MOST_GLOWING;
      for (const [row, node] of this._nodes) {
        const value = values[row];
        const lit = Number.isFinite(value) ? Math.tanh(Math.abs(value)) : 1;
        node.style.setProperty("--lit", lit.toFixed(3));
        node.classList.toggle("negative", value < 0);
      }
      const signals = found && found.signals, strengths = found && found.state && found.state.strengths;
      if (glowing) {
        this._paths.forEach((path, index) => {
          const edge = this._graph.edges[index];
          const value = signals ? signals[index] : values[edge.source];
          path.style.strokeOpacity = (0.14 + 0.76 * Math.tanh(Math.abs(value) || 0)).toFixed(2);
          if (strengths && edge.strength >= 0) strengthen(path, strengths[edge.strength]);
        });
      }
      if (this._shown !== null) this._sayHint(this._shown);
    }

    clear() {
      this._values = null;
      this._svg.classList.remove("lit");
      for (const path of this._paths) {
        for (const name of ["stroke-opacity", "stroke-width"]) path.style.removeProperty(name);
        path.classList.remove("negative");
      }
    }

    release() {
      this._pinned = null;
      this._show(null);
    }

    _listen() {
      const rowOf = (event) => {
        const node = event.target.closest && event.target.closest(".node");
        return node ? Number(node.dataset.row) : null;
      };
      this._svg.addEventListener("pointerover", (event) => {
        if (event.pointerType !== "touch" && this._pinned === null) this._show(rowOf(event));
      });
      this._svg.addEventListener("pointerleave", () => this._pinned === null && this._show(null));
      this._svg.addEventListener("click", (event) => {
        const row = rowOf(event);
        this._pinned = row === this._pinned ? null : row;
        this._show(this._pinned);
        if (row !== null) this._focus(row, false);
      });
      this._svg.addEventListener("focusin", (event) => this._pinned === null && this._show(rowOf(event)));
      this._svg.addEventListener("focusout", () => this._pinned === null && this._show(null));
      this._svg.addEventListener("keydown", (event) => this._key(event, rowOf(event)));
      document.addEventListener("keydown", (event) => event.key === "Escape" && this.release());
      for (const node of this._nodes.values()) {
        node.setAttribute("tabindex", "-1");
        node.setAttribute("role", "button");
        node.setAttribute("aria-label", node.querySelector("title").textContent);
      }
      // One stop for the tabulator; arrows go from node to node.
      const last = Math.max(...this._nodes.keys());
      this._stop = this._nodes.get(last);
      this._stop.setAttribute("tabindex", "0");
    }

    _key(event, row) {
      if (row === null) return;
      const moves = {
        ArrowLeft: () => this._neighbour(row, -1, 0), ArrowRight: () => this._neighbour(row, 1, 0),
        ArrowUp: () => this._neighbour(row, 0, -1), ArrowDown: () => this._neighbour(row, 0, 1),
      };
      if (moves[event.key]) {
        const next = moves[event.key]();
        if (next !== null) this._focus(next, true);
      } else if (event.key === "Enter" || event.key === " ") {
        this._pinned = this._pinned === row ? null : row;
        this._show(row);
      } else return;
      event.preventDefault();
    }

    // The nearest node in a direction.
    _neighbour(row, right, down) {
      const at = this._place(row);
      let best = null, least = Infinity;
      for (const other of this._nodes.keys()) {
        if (other === row) continue;
        const place = this._place(other), dx = place.x - at.x, dy = place.y - at.y;
        const ahead = dx * right + dy * down, aside = Math.abs(right ? dy : dx);
        if (ahead < 1) continue;
        const far = ahead + 2.5 * aside;
        if (far < least) [best, least] = [other, far];
      }
      return best;
    }

    _place(row) {
      const matrix = this._nodes.get(row).transform.baseVal.consolidate().matrix;
      return { x: matrix.e, y: matrix.f };
    }

    _focus(row, move) {
      this._stop.setAttribute("tabindex", "-1");
      this._stop = this._nodes.get(row);
      this._stop.setAttribute("tabindex", "0");
      if (move) this._stop.focus();
      if (move && this._pinned !== null) this._show((this._pinned = row));
    }

    _show(row) {
      if (row === this._shown) return;
      this._shown = row;
      this._svg.querySelectorAll(".on, .at").forEach((element) => element.classList.remove("on", "at"));
      this._svg.classList.toggle("tracing", row !== null);
      if (row === null) return this._idle();
      const { rows, edges } = this._graph.trace(row);
      rows.forEach((other) => this._nodes.get(other) && this._nodes.get(other).classList.add("on"));
      edges.forEach((index) => this._paths[index] && this._paths[index].classList.add("on"));
      this._nodes.get(row).classList.add("at");
      this._related = { rows: rows.size - 1, edges: edges.size };
      const names = this._names;
      this._formula.textContent = names.isInput(row)
        ? (row === 0 ? "bias = 1" : names.of(row)) + this._feeds(row)
        : names.formula(row, this._graph.into[row]);
      this._sayHint(row);
    }

    _feeds(row) {
      const feeds = this._graph.outOf[row].map((edge) => this._names.of(edge.target));
      if (!feeds.length) return ": nothing depends on it";
      const shown = feeds.slice(0, MOST_TERMS).join(", ");
      return ` \u2192 ${shown}${feeds.length > MOST_TERMS ? `, ${feeds.length - MOST_TERMS} more` : ""}`;
    }

    _sayHint(row) {
      const { rows, edges } = this._related;
      const now = this._values ? `Now ${number(this._values[row])}. ` : "";
      const pinned = this._pinned === null ? "" : " Escape lets go.";
      this._hint.textContent = `${now}Depends on or feeds ${rows} nodes by ${edges} connections.${pinned}`;
    }

    _idle() {
      this._formula.textContent = "";
      this._hint.textContent = "Point at a node, or tab to one and use the arrow keys, to see its formula and trace it.";
    }
  }

  wann.Diagram = Diagram;
  wann.Names = Names;
})();
