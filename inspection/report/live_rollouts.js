// Recorded episodes at several weights: played, scrubbed, and with what the network computes in every frame.
(function () {
  "use strict";
  const wann = (window.wann = window.wann || {});
  wann.live = wann.live || {};
  const { element, button, choice, signed, player, Table } = wann.ui;

  function unpack(recorded) {
    return {
      ...recorded,
      poses: recorded.poses && new Table(recorded.poses),
      inputs: new Table(recorded.inputs),
      returns: new Table(recorded.returns),
    };
  }

  function readout(label, name) {
    const title = element("span", { text: label });
    const value = element("strong", { class: name });
    return { box: element("div", {}, [title, value]), title, value };
  }

  // What the network answers, each between -1 and 1.
  function meters(names) {
    const bars = names.map(() => element("i"));
    const box = element("div", { class: "live-meters", "aria-hidden": "true" }, names.map((name, i) =>
      element("div", { class: "live-meter" }, [element("span", { text: name }), element("div", {}, [bars[i]])]),
    ));
    const show = (outputs) => bars.forEach((bar, i) => {
      const value = Math.min(Math.max(outputs[i] || 0, -1), 1);
      bar.style.left = `${50 + 50 * Math.min(value, 0)}%`;
      bar.style.width = `${50 * Math.abs(value)}%`;
    });
    return { box, show };
  }

  const ENDS = {
    over: "The episode is over.",
    cut: "Cut here: nothing more was gained.",
    broken: "Here the network had no finite answer.",
  };

  const nameOf = (weight) => (weight === null ? "own weights" : `w = ${signed(weight, 2)}`);

  wann.live.rollouts = function (root, data, context) {
    const network = new wann.Network(context.program);
    const scene = new wann.scenes[data.scene.kind](data.scene);
    const rollouts = data.rollouts.map(unpack);
    const bars = meters(context.program.output_names);
    const replays = rollouts.map((one) => new wann.Replay(
      network, one.weight === null ? context.program.weights : one.weight, (step) => one.inputs.row(step),
    ));
    let rollout = rollouts[0], frame = 0, speed = 1;

    const step = readout("Step", "live-step");
    const total = readout("Return", "live-return");
    const place = readout("", "live-place");
    const status = element("p", { class: "live-status", role: "status" });
    const pause = button("Play", () => toggle(), { class: "live-pause live-main" });
    const scrub = element("input", {
      type: "range", min: 0, step: 1, class: "live-scrub", "aria-label": "Step of the episode",
      oninput: () => {
        halt();
        seek(Number(scrub.value));
      },
    });
    const tabs = rollouts.map((one) =>
      element("button", { type: "button", class: "live-rollout", onclick: () => choose(one, true) }, [
        element("span", { text: nameOf(one.weight) }),
        element("small", { text: `return ${signed(one.value, 1)}${one.end === "cut" ? " when cut" : ""}` }),
      ]),
    );

    function seek(to) {
      frame = Math.min(Math.max(to, 0), rollout.steps);
      const inputs = rollout.inputs.row(frame);
      const found = replays[rollouts.indexOf(rollout)].at(frame);
      scene.draw(rollout, frame, inputs);
      bars.show(found.outputs);
      step.value.textContent = `${frame} of ${rollout.steps}`;
      total.value.textContent = signed(rollout.returns.at(frame, 0), 1);
      const [label, text] = scene.readout(rollout, frame);
      place.title.textContent = label;
      place.value.textContent = text;
      scrub.value = frame;
      scrub.setAttribute("aria-valuetext", `step ${frame} of ${rollout.steps}, return ${total.value.textContent}`);
      const ended = frame === rollout.steps ? ENDS[rollout.end] : "";
      if (status.textContent !== ended) status.textContent = ended;
      if (context.diagram) context.diagram.light(found.values, found);
    }

    const { go, halt, toggle, running: isRunning } = player({
      pause, rate: () => speed * data.fps, ended: () => frame === rollout.steps,
      rewind: () => seek(0), step: (count) => seek(frame + count),
    });

    function choose(one, tell) {
      const running = isRunning() || frame === rollout.steps;
      rollout = one;
      tabs.forEach((tab, i) => tab.setAttribute("aria-pressed", rollouts[i] === one));
      scrub.max = one.steps;
      seek(0);
      if (tell && running && !wann.ui.calm()) go();
      if (tell && one.weight !== null && context.setWeight) context.setWeight(one.weight);
    }

    function keys(event) {
      const actions = {
        " ": toggle,
        ArrowLeft: () => { halt(); seek(frame - (event.shiftKey ? 50 : 5)); },
        ArrowRight: () => { halt(); seek(frame + (event.shiftKey ? 50 : 5)); },
        Home: () => { halt(); seek(0); },
        End: () => { halt(); seek(rollout.steps); },
      };
      const action = actions[event.key];
      if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      action();
    }

    const stage = element("div", {
      class: "live-view", tabindex: 0, role: "img",
      "aria-label": "Recorded episode; space plays and pauses, arrow keys go back and forth",
      onkeydown: keys,
    }, [scene.picture]);
    const speeds = [["\u00bc\u00d7", 0.25], ["\u00bd\u00d7", 0.5], ["1\u00d7", 1], ["2\u00d7", 2], ["4\u00d7", 4]];
    root.append(element("div", { class: "live-widget live-rollouts" }, [
      element("div", { class: "live-tabs", role: "group", "aria-label": "Weight of the episode" }, tabs),
      element("div", { class: "live-frame" }, [
        element("div", { class: "live-readouts" }, [step.box, total.box, place.box, status]), stage,
      ]),
      element("div", { class: "live-row live-player" }, [pause, scrub, choice("Speed", speeds, 2, (value) => (speed = value))]),
      bars.box,
      element("p", {
        class: "live-note",
        text: `Recorded in Gymnasium when this page was made, all from the start of seed ${data.seed}.`,
      }),
    ]));
    if (context.onWeight) {
      context.onWeight((value) => {
        const same = rollouts.find((one) => one.weight !== null && value !== null && Math.abs(one.weight - value) < 5e-3);
        if (same && same !== rollout) choose(same, false);
      });
    }
    choose(rollout, false);
    if (!wann.ui.calm()) go();
    return { seek, choose: (i) => choose(rollouts[i], true), play: go, pause: halt, rollouts, frame: () => frame };
  };
})();
