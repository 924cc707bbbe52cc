// The champion's network in double precision, in the order of wann/oracle.py.
(function () {
  "use strict";
  const wann = (window.wann = window.wann || {});

  const activations = wann.activations;

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
})();
