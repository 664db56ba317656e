/** The batch under the picture: real points as bars, generated ones as triangles, and where the loss wants these to move. */

const LANES = 8; // heights over which the generated points are spread, so that their arrows do not lie on each other

/** Heights in px of the two rows, in a strip kept free under the densities. */
function rugRows(layers, plotHeight, fontSize) {
  const samples = layers.isOn('samples');
  const arrows = layers.isOn('arrows');
  const row = Math.round(1.2 * fontSize) + 2;
  const real = samples ? row : 0;
  const fake = arrows ? Math.round(Math.max(3 * row, Math.min(6 * row, 0.2 * plotHeight))) : samples ? row : 0;
  return { real, fake, total: real + fake ? real + fake + 4 : 0 };
}

/** A level arrow from a place by a length; `open` has a head of two strokes. */
function levelArrow(ctx, x, y, length, head, open) {
  const tip = x + length;
  const side = Math.sign(length) * Math.min(head, Math.abs(length));
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(tip, y);
  ctx.stroke();
  ctx.beginPath();
  ctx.moveTo(tip - side, y - 0.6 * head);
  ctx.lineTo(tip, y);
  ctx.lineTo(tip - side, y + 0.6 * head);
  if (open) ctx.stroke();
  else ctx.fill();
}

/**
 * @param {uPlot} plot
 * @param {Moment} moment
 * @param {{real: number, fake: number, total: number}} rows from rugRows
 * @param {Object} how theme, thick, arrows: whether they are on, span: data units of the whole axis, and
 *   scales: step_scale, data units of arrow per unit of step, and step_cap, the longest arrow as a share of the span
 */
function drawRugs(plot, moment, rows, { theme, thick, arrows, scales, span }) {
  const ratio = devicePixelRatio;
  const toX = toPixels(plot, 'x');
  const { bbox } = plot;
  const bottom = bbox.top + bbox.height;
  const inside = (x) => x >= bbox.left && x <= bbox.left + bbox.width;
  const real = moment.samples('sample_real');
  const fake = moment.samples('sample_fake');
  if (!real || !fake || !rows.total) return;
  within(plot, (ctx) => {
    ctx.setLineDash([]); // uPlot leaves that of its last line
    if (rows.real) {
      const middle = bottom - (rows.fake + rows.real / 2) * ratio;
      const half = 0.36 * rows.real * ratio;
      ctx.strokeStyle = theme.real;
      ctx.lineWidth = 1.75 * thick * ratio;
      ctx.beginPath();
      for (const value of real) {
        const x = toX(value);
        if (!inside(x)) continue;
        ctx.moveTo(x, middle - half);
        ctx.lineTo(x, middle + half);
      }
      ctx.stroke();
    }
    const lanes = arrows ? LANES : 1;
    const lane = ((rows.fake - 4) * ratio) / lanes;
    const height = (index) => bottom - 2 * ratio - (index % lanes + 0.5) * lane;
    if (arrows) {
      const cap = scales.step_cap * span;
      const other = moment.samples('sample_other');
      const length = (step) => toX(Math.max(-cap, Math.min(cap, scales.step_scale * step))) - toX(0);
      const head = 3.2 * thick * ratio;
      const all = (steps, shift, open) => steps.forEach((step, index) => {
        const x = toX(fake[index]);
        const long = length(step);
        if (Math.abs(long) > 0.5 * ratio && inside(x)) levelArrow(ctx, x, height(index) + shift * lane, long, head, open);
      });
      if (other) {
        ctx.strokeStyle = theme.best;
        ctx.lineWidth = 1.25 * thick * ratio;
        all(other, 0.24, true);
      }
      ctx.strokeStyle = theme.generated;
      ctx.fillStyle = theme.generated;
      ctx.lineWidth = 1.5 * thick * ratio;
      all(moment.samples('sample_step'), other ? -0.24 : 0, false);
    }
    const size = (arrows ? 2.6 : 3.6) * thick * ratio;
    ctx.fillStyle = theme.generated;
    ctx.beginPath();
    fake.forEach((value, index) => {
      const x = toX(value);
      if (!inside(x)) return;
      const y = height(index);
      ctx.moveTo(x - size, y + size);
      ctx.lineTo(x + size, y + size);
      ctx.lineTo(x, y - 1.2 * size);
      ctx.closePath();
    });
    ctx.fill();
  });
}
