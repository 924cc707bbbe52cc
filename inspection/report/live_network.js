// The champion's network in double precision: the formulas of wann/activations.py, the order of wann/forward.py.
(function () {
  "use strict";
  const wann = (window.wann = window.wann || {});

  // Half to even, as NumPy rounds.
  function rint(x) {
    const below = Math.floor(x);
    const rest = x - below;
    if (rest < 0.5) return below;
    if (rest > 0.5) return below + 1;
    return below % 2 === 0 ? below : below + 1;
  }

  wann.rint = rint;

  // To one period, [-1, 1], of sin(pi x); arguments beyond 2^22 are cut.
  function periodic(x) {
    const inside = Math.min(Math.max(x, -4194304), 4194304);
    return inside - 2 * rint(inside / 2);
  }

  const activations = {
    linear: (x) => x,
    step: (x) => (x > 1e-6 ? 1 : 0), // not at rounding noise
    sin: (x) => Math.sin(Math.PI * periodic(x)),
    gaussian: (x) => Math.exp(-(x * x) / 2),
    tanh: Math.tanh,
    sigmoid: (x) => (Math.tanh(x / 2) + 1) / 2,
    inverse: (x) => -x,
    abs: Math.abs,
    relu: (x) => Math.max(x, 0),
    cos: (x) => Math.cos(Math.PI * periodic(x)),
  };

  class Network {
    // program: rows are 0 the bias, 1..I the inputs, then computed nodes, the last O the outputs.
    constructor(program) {
      this.program = program;
      this.numInputs = program.num_inputs;
      this.numOutputs = program.num_outputs;
      this.numConnections = program.sources.length;
      this.numRows = 1 + program.num_inputs + program.activations.length;
      this._functions = program.activations.map((name) => {
        if (!Object.prototype.hasOwnProperty.call(activations, name)) throw new Error("unknown activation " + name);
        return activations[name];
      });
      this._fanIn = Int32Array.from(program.fan_in);
      this._sources = Int32Array.from(program.sources);
      this._ids = Int32Array.from(program.connection_ids);
    }

    // weight: a number shared by all connections, or an array [E] by connection id; inputs [I].
    // Returns outputs [O] and the values of all rows.
    run(weight, inputs) {
      const values = new Float64Array(this.numRows);
      const shared = typeof weight === "number";
      values[0] = 1;
      for (let i = 0; i < this.numInputs; i++) values[1 + i] = inputs[i];
      let edge = 0;
      let row = 1 + this.numInputs;
      for (let node = 0; node < this._functions.length; node++, row++) {
        const end = edge + this._fanIn[node];
        let sum = 0;
        if (shared) {
          for (; edge < end; edge++) sum += values[this._sources[edge]];
          sum *= weight;
        } else {
          for (; edge < end; edge++) sum += values[this._sources[edge]] * weight[this._ids[edge]];
        }
        values[row] = this._functions[node](sum);
      }
      return { outputs: values.subarray(this.numRows - this.numOutputs), values };
    }

    // What a row is called by people.
    nameOf(row) {
      const { input_names: inputs, output_names: outputs, activations: kinds } = this.program;
      if (row === 0) return "bias";
      if (row <= this.numInputs) return inputs[row - 1];
      const output = row - (this.numRows - this.numOutputs);
      return output >= 0 ? outputs[output] : kinds[row - 1 - this.numInputs] + " " + row;
    }

    // [{source, target, id}] rows and connection id of every live connection.
    connections() {
      const found = [];
      let edge = 0;
      this._fanIn.forEach((count, node) => {
        for (let k = 0; k < count; k++, edge++) {
          found.push({ source: this._sources[edge], target: 1 + this.numInputs + node, id: this._ids[edge] });
        }
      });
      return found;
    }
  }

  wann.Network = Network;
  wann.activations = activations;
})();
