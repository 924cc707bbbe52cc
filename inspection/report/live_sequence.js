// Episodes of a sequence problem: drawn, typed or painted; stepped through forwards and back, with what is remembered.
(function () {
  "use strict";
  const wann = (window.wann = window.wann || {});
  wann.live = wann.live || {};
  const { element, button, slider, choice, signed, player } = wann.ui;

  const FEW_STRENGTHS = 12; // rows of the tape; more become a grid
  const MANY_ROWS = 26; // delayed inputs, which stand above, are left out then

  // --- answers, by the rules of envs/sequences/rules.py ---

  // rules: {answers: "classes" or "bits", tie}. The number of the class, or an array of bits; null where an output is no
  // number.
  function answerOf(rules, outputs) {
    const values = Array.from(outputs);
    if (values.some(Number.isNaN)) return null;
    if (rules.answers === "bits") return values.map((value) => (value > rules.tie ? 1 : 0));
    const least = Math.max(...values) - rules.tie;
    return values.findIndex((value) => value >= least);
  }

  // How many of a step's answers are right, and of how many.
  function rightOf(rules, answer, target) {
    if (rules.answers !== "bits") return [answer === target ? 1 : 0, 1];
    return [target.filter((bit, i) => answer && answer[i] === bit).length, target.length];
  }

  // --- an episode, which hands may change; then its right answers are not known ---

  class Sequence {
    constructor(drawn, numInputs) {
      this.name = drawn.name;
      this.inputs = drawn.inputs.map((row) => Float64Array.from(row));
      this.targets = drawn.targets;
      this.judged = drawn.judged;
      this._numInputs = numInputs;
    }

    get length() {
      return this.inputs.length;
    }

    // A copy without answers.
    own() {
      return new Sequence({ name: "your own", inputs: this.inputs, targets: null, judged: null }, this._numInputs);
    }

    target(step) {
      return this.targets && this.judged[step] ? this.targets[step] : null;
    }

    append() {
      this.inputs.push(new Float64Array(this._numInputs));
    }
  }

  // --- what is remembered ---

  // Rows of the tape for delayed values and running totals, and the plastic connections with their names.
  function memoriesOf(network) {
    const rows = new Map(), plastic = [];
    const few = network.numInputs + network.numOutputs < MANY_ROWS;
    for (const { source, target, delay, strength } of network.connections()) {
      const read = delay ? `${network.nameOf(source)}[t\u2212${delay}]` : network.nameOf(source);
      if (delay && (few || source > network.numInputs)) rows.set(read, (found, before) => (before.length >= delay ? before[delay - 1][source] : 0));
      if (strength >= 0) plastic.push({ read, target: network.nameOf(target), strength });
    }
    network.program.activations.forEach((kind, node) => {
      if (wann.gathers[kind] !== "total") return;
      rows.set(`total of ${network.nameOf(1 + network.numInputs + node)}`, (found) => found.state.totals[node]);
    });
    return { rows: [...rows], plastic };
  }

  function readout(label, name) {
    const value = element("strong", { class: name });
    return { box: element("div", {}, [element("span", { text: label }), value]), value };
  }

  // --- the widget ---

  wann.live.sequence = function (root, data, context) {
    const network = new wann.Network(context.program), names = context.program.output_names;
    const drawn = data.episodes.map((one) => new Sequence(one, network.numInputs));
    const weights = { own: context.program.weights, shared: typeof context.weight === "number" ? context.weight : null };
    if (weights.shared === null && !weights.own) weights.shared = 1;
    const { rows: memories, plastic } = memoriesOf(network);
    let sequence = drawn[0], mine = null, replay = null; // the episode shown, the last that hands made, its steps
    let cursor = 0, chosen = 0, painted = 0, typing = null; // step, input of the keyboard, value of the pointer, keys so far
    let speed = 4;

    const setting = () => (weights.shared === null ? weights.own : weights.shared);
    const answer = (step) => answerOf(data, replay.at(step).outputs);
    const seen = (step) => step <= cursor;

    function play(of, weight) {
      return new wann.Replay(network, weight, (step) => of.inputs[step]);
    }

    // Right answers and all, up to a step.
    function score(of, found, last) {
      let right = 0, all = 0;
      for (let step = 0; step <= last; step++) {
        const target = of.target(step);
        if (target === null) continue;
        const [more, count] = rightOf(data, answerOf(data, found.at(step).outputs), target);
        right += more;
        all += count;
      }
      return [right, all];
    }

    // --- the tape ---

    const inputRows = data.levels.map((levels, input) => ({
      label: context.program.input_names[input], edit: true, input, levels,
      value: (step) => sequence.inputs[step][input],
    }));
    const before = (step) => (step ? replay.at(step - 1).state.history : []);
    const memoryRows = memories.slice(0, MANY_ROWS).map(([label, read]) => ({
      label, value: (step) => (seen(step) ? read(replay.at(step), before(step)) : null),
    }));
    const strengthRows = plastic.length > FEW_STRENGTHS ? [] : plastic.map(({ read, target, strength }) => ({
      label: `${read}\u2192${target}`, value: (step) => (seen(step) ? replay.at(step).state.strengths[strength] : null),
    }));
    const isBits = data.answers === "bits";
    const given = (step, output) => {
      const found = answer(step);
      return found !== null && (isBits ? found[output] === 1 : found === output);
    };
    const asked = (step) => !sequence.judged || sequence.judged[step];
    const isRight = (step, output) => {
      const target = sequence.target(step);
      return target !== null && (isBits ? target[output] === 1 : target === output);
    };
    const outputRows = names.map((label, output) => ({
      label,
      value: (step) => (seen(step) ? replay.at(step).outputs[output] : null),
      says: (step) => seen(step) && asked(step) && given(step, output),
      is: (step) => isRight(step, output),
      wrong: (step) => seen(step) && sequence.target(step) !== null && given(step, output) && !isRight(step, output),
    }));
    const tape = new wann.Tape(
      [
        { name: "sees", rows: inputRows },
        { name: "remembers", rows: memoryRows },
        { name: "has learnt", rows: strengthRows },
        { name: "answers", rows: outputRows },
      ],
      () => sequence.length,
      { seek: (step) => stopAt(step), press, drag, over },
    );
    const grid = plastic.length > FEW_STRENGTHS ? new wann.Grid(plastic) : null;

    // --- readouts and controls ---

    const step = readout("Step", "live-step");
    const says = readout("Answer", "live-says-now");
    const truth = readout("Right answer", "live-truth");
    const total = readout("Right so far", "live-score");
    const status = element("p", { class: "live-status", role: "status" });
    const pause = button("Play", () => toggle(), { class: "live-pause live-main" });
    const scrub = element("input", {
      type: "range", min: 0, step: 1, class: "live-scrub", "aria-label": "Step of the episode",
      oninput: () => stopAt(Number(scrub.value)),
    });
    const tabs = drawn.map((one) =>
      button(one.name, () => choose(one), { class: "live-rollout", "aria-pressed": "false" }));
    const ownTab = button("your own", () => choose(mine || sequence.own()), { class: "live-rollout live-mine" });
    const shared = slider("Shared weight", { min: -2, max: 2, step: 0.01, value: weights.shared, class: "live-weight" },
      (value) => setShared(value, true));
    const sweep = data.weights.map((weight) => {
      const share = element("small");
      const label = element("span", { text: `w = ${signed(weight, 2)}` });
      const tab = element("button", { type: "button", class: "live-rollout", onclick: () => setShared(weight, true) }, [label, share]);
      return { weight, tab, share };
    });
    const named = (value) => {
      if (value === null) return "\u2013";
      if (!isBits) return names[value];
      return value.join("");
    };

    function show() {
      const found = replay.at(cursor), target = sequence.target(cursor), [right, all] = score(sequence, replay, cursor);
      step.value.textContent = `${cursor + 1} of ${sequence.length}`;
      says.value.textContent = asked(cursor) ? named(answer(cursor)) : "not asked";
      truth.value.textContent = sequence.targets ? (target === null ? "none here" : named(target)) : "not known";
      total.value.textContent = all ? `${right} of ${all}` : "\u2013";
      scrub.max = sequence.length - 1;
      scrub.value = cursor;
      scrub.setAttribute("aria-valuetext", `step ${cursor + 1}, answer ${says.value.textContent}`);
      tape.fit(tape.svg.parentNode ? tape.svg.parentNode.clientWidth || 640 : 640);
      tape.draw(cursor, inputRows[chosen]);
      if (grid) grid.draw(found.state.strengths);
      if (context.diagram) context.diagram.light(found.values, found);
    }

    // How many answers of the whole episode are right at every weight.
    function compare() {
      for (const { weight, tab, share } of sweep) {
        const [right, all] = score(sequence, play(sequence, weight), sequence.length - 1);
        share.textContent = all ? `${Math.round((100 * right) / all)} % right` : "";
        tab.setAttribute("aria-pressed", String(weight === weights.shared));
      }
    }

    function seek(to) {
      cursor = Math.min(Math.max(to, 0), sequence.length - 1);
      show();
    }

    function stopAt(to) {
      halt();
      typing = null;
      seek(to);
    }

    function choose(one) {
      halt();
      typing = null;
      if (!drawn.includes(one)) mine = one;
      sequence = one;
      replay = play(sequence, setting());
      tabs.forEach((tab, i) => tab.setAttribute("aria-pressed", String(drawn[i] === one)));
      ownTab.setAttribute("aria-pressed", String(!drawn.includes(one)));
      status.textContent = one.targets ? "" : "Your own episode: its right answers are not known here.";
      compare();
      seek(0);
    }

    function setShared(value, tell) {
      weights.shared = value;
      shared.set(value);
      replay = play(sequence, setting());
      compare();
      show();
      if (tell && context.setWeight && value !== null) context.setWeight(value);
    }

    // --- hands ---

    // values: [input, value] pairs.
    function change(at, values) {
      halt();
      if (sequence.targets) choose(sequence.own());
      for (const [input, value] of values) sequence.inputs[at][input] = value;
      replay.forget(at);
      seek(at);
    }

    const nextLevel = (levels, value) => {
      const after = levels.findIndex((level) => level > value + 1e-9);
      return levels[after < 0 ? 0 : after];
    };

    function press(row, at) {
      chosen = row.input;
      painted = nextLevel(row.levels, sequence.inputs[at][row.input]);
      typing = null;
      change(at, [[row.input, painted]]);
    }

    function drag(row, at) {
      if (sequence.inputs[at][row.input] !== painted) change(at, [[row.input, painted]]);
    }

    function over(row, at) {
      if (!row) return;
      const value = row.value(at), said = value === null ? "not computed yet" : signed(value, 3);
      status.textContent = `${row.label}, step ${at + 1}: ${said}`;
    }

    // Begins with the step that is shown, which is emptied; further keys add to it, or begin the next one, if the step
    // has an input of the key's group already. At its end the episode grows.
    function type(key) {
      if (!Object.prototype.hasOwnProperty.call(data.keys, key)) return false;
      const { input, value, group } = data.keys[key];
      const before = typing && typing.at === cursor ? typing : null;
      const ended = before && (before.blank || input === null || group.some((other) => before.inputs.has(other)));
      const at = before && ended ? cursor + 1 : cursor, fresh = !before || ended;
      if (at >= sequence.length) sequence.append();
      const off = fresh ? Array.from({ length: network.numInputs }, (_, i) => [i, 0]) : [];
      change(at, input === null ? off : [...off, [input, value]]);
      typing = fresh ? { at, inputs: new Set(), blank: input === null } : before;
      if (input !== null) typing.inputs.add(input);
      return true;
    }

    function lengthen() {
      if (sequence.targets) choose(sequence.own());
      sequence.append();
      stopAt(sequence.length - 1);
    }

    function empty() {
      const blank = sequence.own();
      blank.inputs = [new Float64Array(network.numInputs)];
      choose(blank);
    }

    function keys(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const far = event.shiftKey ? 10 : 1;
      const actions = {
        ArrowLeft: () => stopAt(cursor - far),
        ArrowRight: () => stopAt(cursor + far),
        Home: () => stopAt(0),
        End: () => stopAt(sequence.length - 1),
        ArrowUp: () => { chosen = Math.max(chosen - 1, 0); show(); },
        ArrowDown: () => { chosen = Math.min(chosen + 1, inputRows.length - 1); show(); },
        " ": () => press(inputRows[chosen], cursor),
        Enter: () => toggle(),
      };
      if (actions[event.key]) actions[event.key]();
      else if (!type(event.key.toLowerCase())) return;
      event.preventDefault();
    }

    // --- time ---

    const { go, halt, toggle } = player({
      pause, rate: () => speed, ended: () => cursor === sequence.length - 1,
      rewind: () => seek(0), step: (count) => seek(cursor + count),
    });

    tape.svg.setAttribute("aria-label", "Steps of the episode; left and right step, up and down choose an input, space changes it");
    tape.svg.addEventListener("keydown", keys);
    const speeds = [["1 a second", 1], ["4 a second", 4], ["15 a second", 15], ["60 a second", 60]];
    const typeable = Object.keys(data.keys);
    root.append(element("div", { class: "live-widget live-sequence" }, [
      element("div", { class: "live-tabs", role: "group", "aria-label": "Episode" }, [...tabs, ownTab]),
      element("div", { class: "live-frame" }, [
        element("div", { class: "live-readouts" }, [step.box, says.box, truth.box, total.box, status]),
        element("div", { class: "live-tape-box" }, [tape.svg]),
      ]),
      element("div", { class: "live-row live-player" }, [
        button("\u2190", () => stopAt(cursor - 1), { class: "live-back", "aria-label": "One step back" }),
        button("\u2192", () => stopAt(cursor + 1), { class: "live-forward", "aria-label": "One step forward" }),
        pause, scrub, choice("Speed", speeds, 1, (value) => (speed = value)),
      ]),
      grid && element("div", { class: "live-frame live-learnt" }, [
        element("p", { class: "live-note", text: `Strengths of the ${plastic.length} plastic connections after this step.` }), grid.svg,
      ]),
      shared.box,
      weights.own && button("The champion's own weights", () => setShared(null, false), { class: "live-own" }),
      element("div", { class: "live-tabs live-sweep", role: "group", "aria-label": "The whole episode at other weights" },
        sweep.map(({ tab }) => tab)),
      element("div", { class: "live-row" }, [
        button("Empty episode", empty, { class: "live-empty" }),
        button("One step more", lengthen, { class: "live-longer" }),
        element("p", {
          class: "live-note",
          text: "Frames are answers, dots the right ones. Click what it sees to change it" +
            (typeable.length ? `, or click beside it and type ${data.typing}; a full stop leaves a step blank.` : "."),
        }),
      ]),
      memories.length > MANY_ROWS &&
        element("p", { class: "live-note", text: `${memories.length - MANY_ROWS} more values are remembered.` }),
    ]));
    if (context.onWeight) context.onWeight((value) => value !== weights.shared && setShared(value, false));
    if (window.ResizeObserver) new ResizeObserver(show).observe(tape.svg.parentNode);
    choose(drawn[0]);
    if (!wann.ui.calm()) go();
    return {
      choose: (i) => choose(drawn[i]), seek: stopAt, change, empty, type, setWeight: (value) => setShared(value, false),
      play: go, pause: halt, cursor: () => cursor, sequence: () => sequence, at: (at) => replay.at(at),
      answer, score: () => score(sequence, replay, sequence.length - 1),
    };
  };

  wann.sequences = { answerOf, rightOf };
})();
