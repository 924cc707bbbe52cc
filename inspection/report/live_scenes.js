// How recorded worlds look: each scene has a picture and draws one frame of a rollout. Lengths in m, y upwards.
(function () {
  "use strict";
  const wann = (window.wann = window.wann || {});
  const { element, svg, signed } = wann.ui;

  const pointsOf = (polygon) => polygon.map(([x, y]) => `${x},${y}`).join(" ");
  const polygon = (points, name) => svg("polygon", { points: pointsOf(points), class: name });
  const pathOf = (points) => "M" + points.map(([x, y]) => `${x} ${y}`).join("L");
  const placed = (x, y, angle) => `translate(${x} ${y}) rotate(${(angle * 180) / Math.PI})`;

  class Walker {
    static WIDTH = 15;
    static HEIGHT = 6.4;

    constructor(scene) {
      this._scene = scene;
      const ground = scene.ground, first = ground[0], last = ground[ground.length - 1];
      const outline = [[first[0] - 40, first[1]], ...ground, [last[0] + 40, last[1]]];
      const marks = [];
      for (let metres = 0; scene.start + metres <= last[0]; metres += 10) {
        const x = scene.start + metres, y = this._height(x);
        marks.push(svg("line", { x1: x, x2: x, y1: y, y2: y - 0.25, class: "live-mark" }));
        marks.push(svg("text", { x, y: -(y - 0.7), transform: "scale(1 -1)", class: "live-label", text: `${metres} m` }));
      }
      const finish = this._height(scene.finish);
      this._rays = scene.lidar.angles.map(() => svg("line", { class: "live-ray" }));
      this._hull = polygon(scene.hull, "live-hull");
      this._legs = scene.legs.map((shape, i) => polygon(shape, i < 2 ? "live-leg live-far" : "live-leg live-near"));
      this._world = svg("g", {}, [
        svg("path", { d: `${pathOf(outline)}V-60H${first[0] - 40}z`, class: "live-ground" }),
        svg("path", { d: pathOf(outline), class: "live-surface" }),
        ...scene.blocks.map((block) => polygon(block, "live-block")),
        ...marks,
        svg("path", { d: `M${scene.finish} ${finish}v2.4l1.1 -0.4l-1.1 -0.4`, class: "live-flag" }),
        svg("g", {}, this._rays), ...this._legs, this._hull,
      ]);
      const { WIDTH, HEIGHT } = Walker;
      this.picture = svg("svg", { viewBox: `${-WIDTH / 2} ${-HEIGHT / 2} ${WIDTH} ${HEIGHT}`, class: "live-stage" }, [
        svg("g", { transform: "scale(1 -1)" }, [this._world]),
      ]);
    }

    _height(x) {
      const ground = this._scene.ground;
      const step = ground[1][0] - ground[0][0];
      const place = Math.min(Math.max((x - ground[0][0]) / step, 0), ground.length - 1.001);
      const at = Math.floor(place), share = place - at;
      return ground[at][1] * (1 - share) + ground[at + 1][1] * share;
    }

    // The camera follows the mean height of the ground around, the same wherever one scrubs from.
    _level(x) {
      let sum = 0;
      for (let d = -6; d <= 6; d++) sum += this._height(x + d);
      return sum / 13;
    }

    draw(rollout, frame, inputs) {
      const [x, y, angle, ...legs] = rollout.poses.row(frame);
      const { WIDTH, HEIGHT } = Walker;
      this._world.setAttribute("transform", `translate(${-x - WIDTH * 0.14} ${-this._level(x) - HEIGHT * 0.27})`);
      this._hull.setAttribute("transform", placed(x, y, angle));
      this._legs.forEach((leg, i) => {
        leg.setAttribute("transform", placed(x + legs[3 * i], y + legs[3 * i + 1], legs[3 * i + 2]));
      });
      this._scene.contacts.forEach((input, i) => {
        this._legs[2 * i + 1].classList.toggle("live-contact", inputs[input] > 0.5);
      });
      const { range, angles, first } = this._scene.lidar;
      this._rays.forEach((ray, i) => {
        const reach = range * inputs[first + i];
        const ends = { x1: x, y1: y, x2: x + Math.sin(angles[i]) * reach, y2: y - Math.cos(angles[i]) * reach };
        for (const [name, value] of Object.entries(ends)) ray.setAttribute(name, value);
      });
    }

    readout(rollout, frame) {
      return ["Distance", `${signed(rollout.poses.at(frame, 0) - this._scene.start, 1)} m`];
    }
  }

  class Racer {
    static WIDTH = 96;
    static HEIGHT = 48;

    constructor(scene) {
      const { WIDTH, HEIGHT } = Racer, size = scene.field;
      const [across, along] = scene.wheel;
      this._tiles = scene.tiles.map((tile) => polygon(tile, "live-tile"));
      this._trail = svg("path", { class: "live-path" });
      this._front = [];
      const wheels = scene.wheels.map(([x, y], i) => {
        const wheel = svg("rect", { x: -across, y: -along, width: 2 * across, height: 2 * along, class: "live-tyre" });
        const place = svg("g", { transform: `translate(${x} ${y})` }, [wheel]);
        if (i < 2) this._front.push(wheel);
        return place;
      });
      this._car = svg("g", {}, [...wheels, ...scene.hull.map((part) => polygon(part, "live-car"))]);
      const lines = [];
      for (let at = -size; at <= size; at += size / 20) {
        lines.push(`M${at} ${-size}V${size}M${-size} ${at}H${size}`);
      }
      this._world = svg("g", {}, [
        svg("rect", { x: -size, y: -size, width: 2 * size, height: 2 * size, class: "live-field" }),
        svg("path", { d: lines.join(""), class: "live-grid" }),
        ...this._tiles,
        ...scene.kerbs.map((kerb) => polygon(kerb.polygon, kerb.red ? "live-kerb live-red" : "live-kerb")),
        this._trail, this._car,
      ]);
      this.picture = svg("svg", { viewBox: `${-WIDTH / 2} ${-HEIGHT / 2} ${WIDTH} ${HEIGHT}`, class: "live-stage" }, [
        svg("g", { transform: "scale(1 -1)" }, [this._world]), this._map(scene),
      ]);
      this._shown = [];
    }

    // The whole track in a corner.
    _map(scene) {
      const middles = scene.tiles.map((tile) => [0, 1].map((axis) => tile.reduce((sum, p) => sum + p[axis], 0) / tile.length));
      const [left, bottom] = [0, 1].map((axis) => Math.min(...middles.map((p) => p[axis])) - 20);
      const [right, top] = [0, 1].map((axis) => Math.max(...middles.map((p) => p[axis])) + 20);
      const side = Math.max(right - left, top - bottom), unit = 24 / side;
      this._dot = svg("circle", { r: 0.9 / unit, class: "live-dot" });
      this._driven = svg("path", { class: "live-driven", "stroke-width": 0.45 / unit });
      return svg("g", { transform: `translate(${Racer.WIDTH / 2 - 26} ${-Racer.HEIGHT / 2 + 2})` }, [
        svg("rect", { width: 24, height: 24, rx: 1.5, class: "live-map" }),
        svg("g", { transform: `scale(${unit} ${-unit}) translate(${-(left + right - side) / 2} ${-(top + bottom + side) / 2})` }, [
          svg("path", { d: pathOf(middles) + "z", class: "live-course", "stroke-width": 0.9 / unit }),
          this._driven, this._dot,
        ]),
      ]);
    }

    draw(rollout, frame) {
      const [x, y, angle, steer] = rollout.poses.row(frame);
      this._world.setAttribute("transform", `translate(${-x} ${-y})`);
      this._car.setAttribute("transform", placed(x, y, angle));
      for (const wheel of this._front) wheel.setAttribute("transform", `rotate(${(steer * 180) / Math.PI})`);
      this._tiles.forEach((tile, i) => {
        const visited = rollout.visited[i] >= 0 && rollout.visited[i] <= frame;
        if (this._shown[i] !== visited) tile.classList.toggle("live-visited", visited);
        this._shown[i] = visited;
      });
      const driven = [];
      for (let at = 0; at < frame; at += 5) driven.push([rollout.poses.at(at, 0), rollout.poses.at(at, 1)]);
      driven.push([x, y]);
      const path = pathOf(driven.map((place) => place.map((value) => value.toFixed(1))));
      this._driven.setAttribute("d", path);
      this._trail.setAttribute("d", path);
      this._dot.setAttribute("cx", x);
      this._dot.setAttribute("cy", y);
    }

    readout(rollout, frame) {
      const count = rollout.visited.filter((at) => at >= 0 && at <= frame).length;
      return ["Tiles", `${count} of ${rollout.visited.length}`];
    }
  }

  // What an environment rendered.
  class Pictures {
    constructor() {
      this.picture = element("img", { alt: "", class: "live-picture" });
    }

    draw(rollout, frame) {
      const at = Math.min(Math.floor(frame / rollout.every), rollout.pictures.length - 1);
      const source = "data:image/webp;base64," + rollout.pictures[at];
      if (this.picture.src !== source) this.picture.src = source;
    }

    readout(rollout, frame) {
      const gained = rollout.returns.at(frame, 0) - (frame ? rollout.returns.at(frame - 1, 0) : 0);
      return ["Reward", signed(gained, 2)];
    }
  }

  wann.scenes = { pictures: Pictures, walker: Walker, racer: Racer };
})();
