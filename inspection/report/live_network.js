// The champion's network in double precision, in the order of wann/oracle.py, with the state of an episode.
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
      this._gathers = program.activations.map((name) => wann.gathers[name] || "sum");
      this._fanIn = Int32Array.from(program.fan_in);
      this._sources = Int32Array.from(program.sources);
      this._ids = Int32Array.from(program.connection_ids);
      this._delays = Int32Array.from(program.delays || new Int32Array(this.numConnections));
      this._strengthOf = new Int32Array(this.numConnections).fill(-1);
      program.plastic.forEach((edge, place) => (this._strengthOf[edge] = place));
      this.longestDelay = this._delays.reduce((most, delay) => Math.max(most, delay), 0);
      this.isPlain = !this.longestDelay && !program.plastic.length && this._gathers.every((kind) => kind === "sum");
    }

    // The state at the start of an episode: earlier values of all rows, youngest first; strengths; running totals.
    initialState() {
      return {
        history: [],
        strengths: new Float64Array(this.program.plastic.length),
        totals: new Float64Array(this._functions.length),
      };
    }

    // weight: a number shared by all connections, or an array [E] by connection id; inputs [I]; a state is not changed.
    // Returns outputs [O], the values of all rows, the signals [E] that connections pass on before their weights, and
    // the state after the step.
    step(weight, inputs, state) {
      const values = new Float64Array(this.numRows), signals = new Float64Array(this.numConnections);
      const strengths = state.strengths.slice(), totals = state.totals.slice();
      const shared = typeof weight === "number";
      values[0] = 1;
      for (let i = 0; i < this.numInputs; i++) values[1 + i] = inputs[i];
      for (let node = 0, edge = 0, row = 1 + this.numInputs; node < this._functions.length; node++, row++) {
        const kind = this._gathers[node], isProduct = kind === "product", begin = edge, end = edge + this._fanIn[node];
        let gathered = isProduct && end > begin ? 1 : 0;
        for (; edge < end; edge++) {
          const place = this._strengthOf[edge];
          const signal = this._read(edge, values, state) * (place < 0 ? 1 : state.strengths[place]);
          signals[edge] = signal;
          const term = shared ? (isProduct ? signal * weight : signal) : signal * weight[this._ids[edge]];
          if (isProduct) gathered *= term;
          else gathered += term;
        }
        if (kind === "total") gathered = totals[node] += gathered;
        values[row] = this._functions[node](shared && !isProduct ? gathered * weight : gathered);
        for (let own = begin; own < end; own++) {
          const place = this._strengthOf[own];
          if (place < 0) continue;
          strengths[place] = wann.learnt(state.strengths[place], this._read(own, values, state), values[row]);
        }
      }
      const history = [values, ...state.history].slice(0, this.longestDelay);
      const outputs = values.subarray(this.numRows - this.numOutputs);
      return { outputs, values, signals, state: { history, strengths, totals } };
    }

    // What a connection reads: its source's value of this step or of an earlier one, 0 before the start.
    _read(edge, values, state) {
      const delay = this._delays[edge];
      if (!delay) return values[this._sources[edge]];
      return delay > state.history.length ? 0 : state.history[delay - 1][this._sources[edge]];
    }

    // The step of a network without state; see `step`.
    run(weight, inputs) {
      if (!this.isPlain) return this.step(weight, inputs, this.initialState());
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

    // [{source, target, id, delay, strength}] rows, connection id, steps, and place among the strengths or -1.
    connections() {
      const found = [];
      let edge = 0;
      this._fanIn.forEach((count, node) => {
        for (let k = 0; k < count; k++, edge++) {
          const [source, target] = [this._sources[edge], 1 + this.numInputs + node];
          found.push({ source, target, id: this._ids[edge], delay: this._delays[edge], strength: this._strengthOf[edge] });
        }
      });
      return found;
    }
  }

  // An episode of a network, step by step. Its weight may be changed between steps.
  class Lane {
    constructor(network, weight) {
      this.network = network;
      this.weight = weight;
      this.restart();
    }

    restart() {
      this._state = this.network.isPlain ? null : this.network.initialState();
    }

    run(inputs) {
      if (this.network.isPlain) return this.network.run(this.weight, inputs);
      const found = this.network.step(this.weight, inputs, this._state);
      this._state = found.state;
      return found;
    }
  }

  // The steps of an episode whose inputs are known, in any order; each is computed when it is first needed.
  class Replay {
    // inputsOf: maps a step to its inputs [I].
    constructor(network, weight, inputsOf) {
      this.network = network;
      this.weight = weight;
      this._inputsOf = inputsOf;
      this._steps = [];
    }

    // As `Network.step` gives it; of a network without state as `Network.run` does.
    at(step) {
      const { network, weight } = this;
      if (network.isPlain) return network.run(weight, this._inputsOf(step));
      for (let next = this._steps.length; next <= step; next++) {
        const state = next ? this._steps[next - 1].state : network.initialState();
        this._steps.push(network.step(weight, this._inputsOf(next), state));
      }
      return this._steps[step];
    }

    // Forget the steps from this one on, whose inputs have changed.
    forget(step) {
      this._steps.length = Math.min(this._steps.length, step);
    }
  }

  wann.Network = Network;
  wann.Lane = Lane;
  wann.Replay = Replay;
})();
