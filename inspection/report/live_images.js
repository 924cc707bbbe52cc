// From ink to a network's inputs: strokes to a dataset's pictures, and pictures as envs/image_inputs.py takes them.
(function () {
  "use strict";
  const wann = (window.wann = window.wann || {});

  // rows x picture x transposed columns: matrices as arrays of rows, the picture [S x S] flat.
  function resample(rows, columns, picture) {
    const size = Math.sqrt(picture.length);
    const across = rows.map(() => new Float64Array(size));
    rows.forEach((row, i) => {
      for (let k = 0; k < size; k++) {
        if (!row[k]) continue;
        for (let x = 0; x < size; x++) across[i][x] += row[k] * picture[k * size + x];
      }
    });
    const result = new Float64Array(rows.length * columns.length);
    rows.forEach((_, i) => {
      columns.forEach((column, j) => {
        let sum = 0;
        for (let x = 0; x < size; x++) if (column[x]) sum += across[i][x] * column[x];
        result[i * columns.length + j] = sum;
      });
    });
    return result;
  }

  // Bilinear at the middles of the new pixels.
  function shrink(picture, side) {
    const size = Math.sqrt(picture.length);
    const matrix = Array.from({ length: side }, (_, i) => {
      const middle = Math.min(Math.max(((i + 0.5) * size) / side - 0.5, 0), size - 1);
      const below = Math.min(Math.floor(middle), size - 2);
      const row = new Float64Array(size);
      row[below] = 1 - (middle - below);
      row[below + 1] = middle - below;
      return row;
    });
    return resample(matrix, matrix, picture);
  }

  // A shear along the rows until the moment of x and y vanishes.
  function deskew(picture) {
    const size = Math.sqrt(picture.length);
    let mass = 0, sumX = 0, sumY = 0;
    picture.forEach((value, i) => {
      mass += value;
      sumX += value * (i % size);
      sumY += value * Math.floor(i / size);
    });
    const middleX = sumX / (mass || 1), middleY = sumY / (mass || 1);
    let mixed = 0, upright = 0;
    picture.forEach((value, i) => {
      const dy = Math.floor(i / size) - middleY;
      mixed += value * dy * ((i % size) - middleX);
      upright += value * dy * dy;
    });
    const skew = Math.abs(upright) < 1e-2 ? 0 : mixed / upright; // a picture that is all but blank stays
    const at = (y, x) => (x < 0 || x >= size ? 0 : picture[y * size + x]);
    return picture.map((_, i) => {
      const y = Math.floor(i / size);
      const source = (i % size) + skew * (y - 0.5 * size);
      const left = Math.floor(source);
      const share = source - left;
      return (1 - share) * at(y, left) + share * at(y, left + 1);
    });
  }

  // Pixels [S x S] of the dataset, 0 to brightest, to inputs.
  function toInputs(data, pixels) {
    let picture = Float64Array.from(pixels, (value) => value / data.drawing.brightest);
    if (data.deskew) picture = deskew(shrink(picture, data.input_side));
    return picture.map((value) => wann.rint(value / data.unit) * data.unit);
  }

  // How much of the pixel at `from` to `to` of a line each of `size` unit pixels covers.
  function cover(from, to, size) {
    const row = new Float64Array(size);
    for (let k = Math.max(0, Math.floor(from)); k < Math.min(size, Math.ceil(to)); k++) {
      row[k] = (Math.min(to, k + 1) - Math.max(from, k)) / (to - from);
    }
    return row;
  }

  function boxOf(ink, size) {
    let left = size, right = -1, top = size, bottom = -1;
    ink.forEach((value, i) => {
      if (value < 0.05) return;
      const x = i % size, y = Math.floor(i / size);
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    });
    return right < 0 ? null : { left, right, top, bottom };
  }

  function centreOfMass(picture) {
    const size = Math.sqrt(picture.length);
    let mass = 0, x = 0, y = 0;
    picture.forEach((value, i) => {
      mass += value;
      x += value * ((i % size) + 0.5);
      y += value * (Math.floor(i / size) + 0.5);
    });
    return [x / mass, y / mass];
  }

  // Ink [G x G] in 0..1 to the dataset's pixels: scaled to its box, centred, averaged over each pixel.
  function toPixels(drawing, ink) {
    const size = Math.sqrt(ink.length);
    const box = boxOf(ink, size);
    const side = drawing.canvas;
    let picture = new Float64Array(side * side);
    if (box) {
      const scale = Math.max(box.right - box.left, box.bottom - box.top) / drawing.box;
      const place = (x, y) => {
        const lines = (middle) =>
          Array.from({ length: side }, (_, i) => {
            const from = middle + (i - side / 2) * scale;
            return cover(from, from + scale, size);
          });
        return resample(lines(y), lines(x), ink);
      };
      let x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
      picture = place(x, y);
      if (drawing.centre === "mass") {
        const [massX, massY] = centreOfMass(picture);
        picture = place(x + (massX - side / 2) * scale, y + (massY - side / 2) * scale);
      }
    }
    if (drawing.blocks === 1) return picture.map((value) => Math.round(value * drawing.brightest));
    const blocks = side / drawing.blocks;
    const counts = new Float64Array(blocks * blocks);
    picture.forEach((value, i) => {
      const row = Math.floor(Math.floor(i / side) / drawing.blocks);
      if (value >= 0.5) counts[row * blocks + Math.floor((i % side) / drawing.blocks)] += 1;
    });
    return counts;
  }

  function softmax(logits) {
    const most = Math.max(...logits);
    const shares = Array.from(logits, (value) => Math.exp(value - most));
    const sum = shares.reduce((a, b) => a + b, 0);
    return shares.map((share) => share / sum);
  }

  // The first of the greatest.
  const best = (values) => values.reduce((found, value, i) => (value > values[found] ? i : found), 0);

  wann.images = { shrink, deskew, toInputs, toPixels, softmax, best };
})();
