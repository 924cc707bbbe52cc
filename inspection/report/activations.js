// The activations in double precision; their expressions and texts are those of wann/activations.py.
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

  const LIMIT = {{limit}};

  // To one period, [-1, 1], of sin(pi x); arguments beyond the limit are cut.
  function periodic(x) {
    const inside = Math.min(Math.max(x, -LIMIT), LIMIT);
    return inside - 2 * rint(inside / 2);
  }

  wann.activations = {
{{functions}}
  };

  // {x} is the argument, [x] the same in brackets where it is a sum.
  wann.activationTexts = {
{{texts}}
  };

  // Activations whose argument is not the sum of the sources, but their running total or their product.
  wann.gathers = {{gathers}};

  // A plastic connection's strength after a step, from what it read and the value of its target.
  wann.learnt = (strength, pre, post) => Math.min(Math.max({{decay}} * strength + pre * post, -{{most}}), {{most}});
  wann.MOST_STRENGTH = {{most}};
})();
