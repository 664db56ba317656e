/** What a small chart shows beside its curves: lines to measure by, seams, bands of other seeds, other runs, and where a curve is infinite. */

/** Draws inside of a plot's frame, in its canvas pixels. */
function inFrame(plot, draw) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx, bbox, devicePixelRatio);
  ctx.restore();
}

/** Reference lines, each from end to end or in the pieces that the parts of a run have. */
function drawReferences(plot, references, theme) {
  inFrame(plot, (ctx, bbox, ratio) => {
    const x = (iteration) => plot.valToPos(iteration, 'x', true);
    const y = (value) => plot.valToPos(value, 'y', true);
    ctx.fillStyle = theme.realFill;
    ctx.strokeStyle = theme.muted;
    ctx.lineWidth = ratio;
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    const line = (left, right, value, half) => {
      if (half) ctx.fillRect(left, y(value + half), right - left, y(value - half) - y(value + half));
      const height = Math.round(y(value)) + 0.5;
      ctx.beginPath();
      ctx.moveTo(left, height);
      ctx.lineTo(right, height);
      ctx.stroke();
    };
    for (const { value, band, pieces } of references) {
      if (!pieces) line(bbox.left, bbox.left + bbox.width, value, band ? band[1] - value : 0);
      else for (const [from, to, piece, half] of pieces) line(x(from), x(to), piece, half);
    }
  });
}

/** Where the run went on under other settings. */
function drawSeams(plot, run, theme) {
  if (!run.meta.parts || run.meta.parts.length < 2) return;
  inFrame(plot, (ctx, bbox, ratio) => {
    ctx.strokeStyle = theme.text;
    ctx.globalAlpha = 0.6;
    ctx.lineWidth = ratio;
    ctx.setLineDash([ratio, 2 * ratio]);
    for (const first of run.meta.parts.slice(1)) {
      const at = Math.round(plot.valToPos(run.iteration[first], 'x', true)) + 0.5;
      ctx.beginPath();
      ctx.moveTo(at, bbox.top);
      ctx.lineTo(at, bbox.top + bbox.height);
      ctx.stroke();
    }
  });
}

/** The stretches of frames at which something holds, as [first, last]. */
function stretches(count, holds) {
  const found = [];
  for (let i = 0; i < count; i++) {
    if (!holds(i)) continue;
    if (found.length && found[found.length - 1][1] === i - 1) found[found.length - 1][1] = i;
    else found.push([i, i]);
  }
  return found;
}

/** A pale band between two curves. */
function drawBand(plot, run, low, high, color) {
  inFrame(plot, (ctx) => {
    const x = (i) => plot.valToPos(run.iteration[i], 'x', true);
    const y = (value) => plot.valToPos(value, 'y', true);
    ctx.fillStyle = color;
    ctx.globalAlpha = 0.22;
    for (const [first, last] of stretches(low.length, (i) => Number.isFinite(low[i]) && Number.isFinite(high[i]))) {
      ctx.beginPath();
      for (let i = first; i <= last; i++) ctx.lineTo(x(i), y(high[i]));
      for (let i = last; i >= first; i--) ctx.lineTo(x(i), y(low[i]));
      ctx.fill();
    }
  });
}

/** A thin curve of another run. */
function drawOther(plot, run, values, { color, dash }) {
  inFrame(plot, (ctx, _, ratio) => {
    ctx.strokeStyle = color;
    ctx.lineWidth = 1.25 * ratio;
    ctx.setLineDash(dash.map((length) => length * ratio));
    ctx.beginPath();
    for (const [first, last] of stretches(values.length, (i) => Number.isFinite(values[i]))) {
      ctx.moveTo(plot.valToPos(run.iteration[first], 'x', true), plot.valToPos(values[first], 'y', true));
      for (let i = first + 1; i <= last; i++) ctx.lineTo(plot.valToPos(run.iteration[i], 'x', true), plot.valToPos(values[i], 'y', true));
    }
    ctx.stroke();
  });
}

/** Along the upper edge, where a curve is infinite; and the sign for it. */
function drawInfinite(plot, run, values, { color, dash, width }, row, fontSize, sign) {
  const found = stretches(values.length, (i) => values[i] === Infinity);
  if (!found.length) return;
  inFrame(plot, (ctx, bbox, ratio) => {
    const height = bbox.top + (3 + 4 * row) * ratio;
    const half = (run.iteration[1] - run.iteration[0] || 1) / 2;
    ctx.strokeStyle = color;
    ctx.fillStyle = color;
    ctx.lineWidth = width * ratio;
    ctx.setLineDash(dash.map((length) => length * ratio));
    ctx.beginPath();
    for (const [first, last] of found) {
      ctx.moveTo(plot.valToPos(run.iteration[first] - half, 'x', true), height);
      ctx.lineTo(plot.valToPos(run.iteration[last] + half, 'x', true), height);
    }
    ctx.stroke();
    ctx.font = `${fontSize * ratio}px sans-serif`;
    ctx.textAlign = row ? 'right' : 'left';
    ctx.textBaseline = 'top';
    const from = plot.valToPos(run.iteration[found[0][0]] - half, 'x', true);
    const to = plot.valToPos(run.iteration[found[found.length - 1][1]] + half, 'x', true);
    ctx.fillText(sign, row ? Math.min(to, bbox.left + bbox.width) - 2 * ratio : Math.max(from, bbox.left) + 2 * ratio, bbox.top + 9 * ratio);
  });
}
