// CartPoleSwingUp in the page: the equations of envs/cartpole_physics.py, the champion in the loop, hands on its weights.
(function () {
  "use strict";
  const wann = (window.wann = window.wann || {});
  wann.live = wann.live || {};
  const { element, svg, button, slider, choice, signed, Clock, Random } = wann.ui;

  // --- physics; a state is [x, x', theta, theta'], theta = 0 upright ---

  function step(physics, state, action) {
    const [x, velocity, angle, spin] = state;
    const sin = Math.sin(angle);
    const cos = Math.cos(angle);
    const force = physics.force * Math.min(Math.max(action, -1), 1);
    const mass = physics.cart_mass + physics.pole_mass;
    const massLength = physics.pole_mass * physics.pole_length;
    const push = force - physics.friction * velocity;
    const acceleration =
      (-2 * massLength * (spin * spin) * sin + 3 * physics.pole_mass * physics.gravity * sin * cos + 4 * push) /
      (4 * mass - 3 * physics.pole_mass * (cos * cos));
    const spinning =
      (-3 * massLength * (spin * spin) * sin * cos + 6 * mass * physics.gravity * sin + 6 * push * cos) /
      (4 * physics.pole_length * mass - 3 * massLength * (cos * cos));
    const dt = physics.time_step;
    return [x + dt * velocity, velocity + dt * acceleration, angle + dt * spin, spin + dt * spinning];
  }

  const observe = ([x, velocity, angle, spin]) => [x, velocity, Math.cos(angle), Math.sin(angle), spin];

  // What the network sees of it.
  function seen(data, state) {
    const all = observe(state);
    return data.sees.map((index) => all[index]);
  }

  const reward = (physics, [x, , angle]) =>
    ((Math.cos(angle) + 1) / 2) * Math.cos(((Math.PI / 2) * x) / physics.track_limit);

  function drawStart(data, random, hard) {
    const middle = [0, 0, Math.PI, 0];
    if (hard) return middle.map((value, i) => value + data.hard_reach[i] * (2 * random.uniform() - 1));
    return middle.map((value) => value + data.spread * random.normal());
  }

  // An episode without a picture; it goes on after its last step, but its return does not.
  class Simulation {
    constructor(data, network, weight) {
      this.data = data;
      this._lane = new wann.Lane(network, weight);
      this.restart(data.start);
    }

    // weight: a number, or one for each connection.
    set weight(weight) {
      this._lane.weight = weight;
    }

    restart(start) {
      this._lane.restart();
      this.start = start.slice();
      this.state = start.slice();
      this.steps = 0;
      this.total = 0;
      this.reward = 0;
      this.action = 0;
      this.over = false;
      this.found = null; // by the network, in the last step
    }

    step() {
      if (this.over) return;
      this.found = this._lane.run(seen(this.data, this.state));
      const { outputs } = this.found;
      if (Number.isNaN(outputs[0])) {
        this.over = true;
        return;
      }
      this.action = Math.min(Math.max(outputs[0], -1), 1);
      this.state = step(this.data.physics, this.state, this.action);
      this.reward = reward(this.data.physics, this.state);
      this.steps += 1;
      if (this.steps <= this.data.steps) this.total += this.reward;
      this.over = Math.abs(this.state[0]) > this.data.physics.track_limit;
    }

    // A knock on the pole's tip, to the right for 1: it takes the cart along a little.
    push(direction) {
      this.state[1] += 0.4 * direction;
      this.state[3] += 3 * direction * Math.cos(this.state[2]);
    }
  }

  // --- picture, in units of 1/116 m as envs/cartpole_picture.py draws it ---

  const WIDTH = 720, SCALE = 116, AXLE = 168, RAIL = AXLE + 23, TRAIL = 30;

  function mix(from, to, share) {
    return "rgb(" + from.map((value, i) => Math.round(value + (to[i] - value) * share)).join(" ") + ")";
  }

  // From red (hanging) over amber (level) to green (upright).
  function uprightColour(angle) {
    const upright = (Math.cos(angle) + 1) / 2;
    const hanging = [205, 92, 74], level = [232, 168, 74], standing = [42, 157, 143];
    return upright < 0.5 ? mix(hanging, level, 2 * upright) : mix(level, standing, 2 * upright - 1);
  }

  class Picture {
    constructor(physics) {
      this._length = physics.pole_length * SCALE;
      const reach = physics.track_limit * SCALE;
      const left = WIDTH / 2 - reach, top = AXLE - this._length;
      this._trail = Array.from({ length: TRAIL }, () => svg("circle", { r: 0 }));
      this._arrow = svg("path", { class: "live-force" });
      this._knock = svg("path", { class: "live-knock", d: "M-46 0h26m-11 -8l12 8l-12 8" });
      this._pole = svg("g", {}, [
        svg("rect", { x: -4.5, y: -this._length, width: 9, height: this._length }),
        svg("circle", { cy: -this._length, r: 7 }),
        svg("circle", { r: 7, class: "live-axle" }),
        svg("circle", { r: 4, class: "live-pin" }),
      ]);
      this._cart = svg("g", {}, [
        ...[-16, 16].flatMap((x) => [
          svg("circle", { cx: x, cy: RAIL - 6 - AXLE, r: 6, class: "live-wheel" }),
          svg("circle", { cx: x, cy: RAIL - 6 - AXLE, r: 2.5, class: "live-hub" }),
        ]),
        svg("rect", { x: -29, y: -6, width: 58, height: 22, rx: 6, class: "live-cart" }),
        svg("rect", { x: -24, y: -3, width: 48, height: 2, rx: 1, class: "live-cart-edge" }),
      ]);
      this.svg = svg("svg", { viewBox: `30 ${AXLE - this._length - 28} ${WIDTH - 60} ${2 * this._length + 54}`, role: "img", class: "live-stage" }, [
        svg("line", { x1: left, x2: left + 2 * reach, y1: top, y2: top, class: "live-height" }),
        ...[-2, -1, 0, 1, 2].map((metre) =>
          svg("line", {
            x1: WIDTH / 2 + metre * SCALE, x2: WIDTH / 2 + metre * SCALE,
            y1: RAIL + 9, y2: RAIL + (metre ? 14 : 18), class: "live-tick",
          }),
        ),
        svg("rect", { x: left, y: RAIL, width: 2 * reach, height: 5, rx: 2, class: "live-rail" }),
        ...[left, left + 2 * reach].map((x) =>
          svg("rect", { x: x - 4, y: RAIL - 21, width: 8, height: 30, rx: 3, class: "live-stop" }),
        ),
        svg("g", {}, this._trail), this._arrow, this._cart, this._pole, this._knock,
      ]);
      this._tips = [];
      this._knocked = 0;
    }

    forget() {
      this._tips = [];
      this._knocked = 0;
    }

    knock(direction) {
      this._knocked = 25 * direction;
    }

    remember(state) {
      this._tips.push([state[0], state[2]]);
      if (this._tips.length > TRAIL) this._tips.shift();
      this._knocked -= Math.sign(this._knocked);
    }

    draw(simulation) {
      const [x, , angle] = simulation.state;
      const colour = uprightColour(angle), left = WIDTH / 2 + SCALE * x;
      this._cart.setAttribute("transform", `translate(${left} ${AXLE})`);
      this._pole.setAttribute("transform", `translate(${left} ${AXLE}) rotate(${(angle * 180) / Math.PI})`);
      this._pole.setAttribute("fill", colour);
      this._trail.forEach((circle, age) => {
        const tip = this._tips[age - TRAIL + this._tips.length];
        if (!tip) return circle.setAttribute("r", 0);
        const share = (age + 1) / (TRAIL + 1);
        circle.setAttribute("cx", WIDTH / 2 + SCALE * tip[0] + this._length * Math.sin(tip[1]));
        circle.setAttribute("cy", AXLE - this._length * Math.cos(tip[1]));
        circle.setAttribute("r", 1 + 3 * share);
        circle.setAttribute("fill", uprightColour(tip[1]));
        circle.setAttribute("opacity", 0.45 * share ** 1.5);
      });
      this._drawForce(left, simulation.action);
      this._drawKnock(left + this._length * Math.sin(angle), AXLE - this._length * Math.cos(angle));
    }

    _drawForce(left, action) {
      const side = Math.sign(action), end = left + side * (38 + 42 * Math.abs(action)), y = AXLE + 6;
      const shaft = `M${left + side * 34} ${y - 2.5}H${end}v-5l${side * 9} 7.5l${-side * 9} 7.5v-5H${left + side * 34}z`;
      this._arrow.setAttribute("d", Math.abs(action) < 0.02 ? "" : shaft);
    }

    _drawKnock(x, y) {
      this._knock.setAttribute("opacity", Math.min(1, Math.abs(this._knocked) / 15));
      this._knock.setAttribute("transform", `translate(${x} ${y}) scale(${Math.sign(this._knocked) || 1} 1)`);
    }
  }

  // --- weights: one for all, but for connections that were moved by hand ---

  class Weights {
    constructor(program, weight, changed) {
      this._own = program.weights;
      this._count = program.num_weights;
      this.shared = weight === null && !this._own ? 1 : weight; // null: the champion's own weights
      this.tuned = new Map(); // by connection id
      this.changed = changed;
    }

    of(id) {
      if (this.tuned.has(id)) return this.tuned.get(id);
      return this.shared === null ? this._own[id] : this.shared;
    }

    share(weight) {
      this.shared = weight;
      this.changed();
    }

    tune(id, weight) {
      this.tuned.set(id, weight);
      this.changed();
    }

    reset() {
      this.tuned.clear();
      this.changed();
    }

    // As wann.Network takes them.
    setting() {
      if (this.shared !== null && !this.tuned.size) return this.shared;
      return Float64Array.from({ length: this._count }, (_, id) => this.of(id));
    }
  }

  function tuningPanel(network, weights) {
    const rows = [];
    const list = element("div", { class: "live-list", role: "group", "aria-label": "Weight of each connection" });
    const tuned = element("span", { class: "live-note" });
    const refresh = () => {
      for (const { id, row } of rows) {
        row.set(weights.of(id));
        row.box.classList.toggle("live-tuned", weights.tuned.has(id));
      }
      const count = weights.tuned.size;
      tuned.textContent = count ? `${count} moved by hand` : "";
    };
    const reach = Math.ceil((network.program.weights || []).reduce((most, own) => Math.max(most, Math.abs(own)), 2));
    const build = () => {
      if (rows.length) return;
      for (const { source, target, id } of network.connections()) {
        const label = `${network.nameOf(source)} \u2192 ${network.nameOf(target)}`;
        const row = slider(label, { min: -reach, max: reach, step: 0.01, value: 0 }, (value) => weights.tune(id, value));
        rows.push({ id, row });
        list.append(row.box);
      }
      refresh();
    };
    const panel = element("details", { class: "live-tuning", ontoggle: build }, [
      element("summary", { text: `Tune it yourself: ${network.numConnections} connections` }),
      element("div", { class: "live-row" }, [
        button(network.program.weights ? "Reset" : "Reset to the shared weight", () => weights.reset(), { class: "live-reset" }),
        tuned,
      ]),
      list,
    ]);
    return { panel, refresh };
  }

  // --- the widget ---

  function readout(label, name) {
    const value = element("strong", { class: name });
    return { box: element("div", {}, [element("span", { text: label }), value]), value };
  }

  wann.live.pole = function (root, data, context) {
    const network = new wann.Network(context.program);
    const random = new Random(data.seed);
    const picture = new Picture(data.physics);
    const initial = typeof context.weight === "number" ? context.weight : null;
    const weights = new Weights(context.program, initial, () => apply());
    const simulation = new Simulation(data, network, weights.setting());
    let speed = 1, owed = 0;

    const time = readout("Time", "live-time");
    const total = readout("Return", "live-return");
    const now = readout("Reward", "live-reward");
    const status = element("p", { class: "live-status", role: "status" });
    const pause = button("Pause", () => toggle(), { class: "live-pause live-main" });
    const shared = slider("Shared weight", { min: -2, max: 2, step: 0.01, value: weights.shared, class: "live-weight" },
      (value) => setShared(value, true));
    const tuning = tuningPanel(network, weights);

    function show() {
      picture.draw(simulation);
      time.value.textContent = (simulation.steps * data.physics.time_step).toFixed(2) + " s";
      total.value.textContent = simulation.total.toFixed(1);
      now.value.textContent = Math.max(0, simulation.reward).toFixed(2);
      const limit = data.steps * data.physics.time_step;
      const done = simulation.steps >= data.steps ? `The return counts the first ${limit} s; the pole goes on.` : "";
      const text = simulation.over ? "The cart left the track." : done;
      if (status.textContent !== text) status.textContent = text;
      if (simulation.found && context.diagram) context.diagram.light(simulation.found.values, simulation.found);
    }

    function stepBy(count) {
      for (let i = 0; i < count && !simulation.over; i++) {
        picture.remember(simulation.state);
        simulation.step();
      }
      show();
    }

    const clock = new Clock((seconds) => {
      owed += seconds * speed;
      const count = Math.floor(owed / data.physics.time_step);
      owed -= count * data.physics.time_step;
      if (count) stepBy(count);
      if (simulation.over) halt();
    });

    function go() {
      if (simulation.over) begin(simulation.start);
      clock.start();
      pause.textContent = "Pause";
    }

    function halt() {
      clock.stop();
      pause.textContent = simulation.over ? "Again" : "Play";
    }

    const toggle = () => (clock.running ? halt() : go());

    function begin(start) {
      const stopped = simulation.over;
      simulation.restart(start);
      picture.forget();
      owed = 0;
      show();
      if (stopped && !clock.running) go();
      else if (!clock.running) pause.textContent = "Play";
    }

    function push(direction) {
      if (simulation.over) return;
      simulation.push(direction);
      picture.knock(direction);
      show();
    }

    function apply() {
      simulation.weight = weights.setting();
      tuning.refresh();
    }

    function setShared(value, tell) {
      if (value !== weights.shared) weights.share(value);
      shared.set(value);
      if (tell && context.setWeight) context.setWeight(value);
    }

    function keys(event) {
      const actions = { ArrowLeft: () => push(-1), ArrowRight: () => push(1), " ": toggle, r: () => begin(simulation.start) };
      const action = actions[event.key];
      if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      action();
    }

    picture.svg.setAttribute("aria-label", "Cart and pole; arrow keys push the pole, space pauses, r restarts");
    picture.svg.setAttribute("tabindex", 0);
    picture.svg.addEventListener("keydown", keys);
    const speeds = [["\u00bc\u00d7", 0.25], ["\u00bd\u00d7", 0.5], ["1\u00d7", 1], ["2\u00d7", 2], ["4\u00d7", 4]];
    root.append(element("div", { class: "live-widget live-pole" }, [
      element("div", { class: "live-frame" }, [
        element("div", { class: "live-readouts" }, [time.box, total.box, now.box, status]), picture.svg,
      ]),
      element("div", { class: "live-row" }, [
        pause,
        button("Restart", () => begin(simulation.start), { class: "live-restart", title: "The same start again" }),
        button("New start", () => begin(drawStart(data, random, data.hard)), { class: "live-new" }),
        button("Hard start", () => begin(drawStart(data, random, true)), {
          class: "live-hard", title: "Anywhere on the track, pole anywhere below level, moving fast",
        }),
        element("span", { class: "live-pair" }, [
          button("\u2190 Push", () => push(-1), { class: "live-push-left", "aria-label": "Push left" }),
          button("Push \u2192", () => push(1), { class: "live-push-right", "aria-label": "Push right" }),
        ]),
        choice("Speed", speeds, 2, (value) => (speed = value)),
      ]),
      shared.box,
      context.program.weights
        ? button("The champion's own weights", () => { weights.tuned.clear(); weights.share(null); shared.set(null); },
            { class: "live-own" })
        : null,
      tuning.panel,
    ]));
    if (context.onWeight) context.onWeight((value) => setShared(value, false));
    show();
    if (wann.ui.calm()) halt();
    else go();
    return { simulation, weights, stepBy, pause: halt, play: go, begin };
  };

  wann.pole = { step, observe, reward, drawStart, Simulation };
})();
