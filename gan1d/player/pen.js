/** What is drawn on the picture's canvas beside uPlot's lines. Places are canvas pixels; each function leaves the context as it was. */

const HATCH = 7; // px between the lines of the hatching
const STAR_DASH = [9, 3, 2, 3]; // px, of D*'s line

/** A canvas clipped to the plotting area, for the time of one drawing. */
function within({ ctx, bbox }, drawing) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  drawing(ctx);
  ctx.restore();
}

/** From a value to a canvas pixel; the picture's axes are linear. */
function toPixels(plot, scale) {
  const zero = plot.valToPos(0, scale, true);
  const unit = plot.valToPos(1, scale, true) - zero;
  return (value) => zero + unit * value;
}

/** A line through the finite values. */
function trace(ctx, x, values, toX, toY) {
  let broken = true;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) broken = true;
    else if (broken) {
      ctx.moveTo(toX(x[i]), toY(values[i]));
      broken = false;
    } else ctx.lineTo(toX(x[i]), toY(values[i]));
  }
}

/** The line where the best D stands when nothing can be told apart. */
function drawOptimum(plot, theme, value) {
  const y = plot.valToPos(value, 'd', true);
  within(plot, (ctx) => {
    ctx.strokeStyle = theme.muted;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([1.5 * devicePixelRatio, 3.5 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(plot.bbox.left, y);
    ctx.lineTo(plot.bbox.left + plot.bbox.width, y);
    ctx.stroke();
  });
}

/** Slanted lines to fill an area with. */
function hatching(ctx, color) {
  const size = Math.round(HATCH * devicePixelRatio);
  const tile = document.createElement('canvas');
  tile.width = size;
  tile.height = size;
  const pen = tile.getContext('2d');
  pen.strokeStyle = color;
  pen.lineWidth = devicePixelRatio;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
  }
  pen.stroke();
  return ctx.createPattern(tile, 'repeat');
}

/** Fills what lies between two lines on D's axis, wherever both are. */
function fillBetween(plot, pattern, x, upper, lower) {
  const toX = toPixels(plot, 'x');
  const toY = toPixels(plot, 'd');
  const both = (i) => Number.isFinite(upper[i]) && Number.isFinite(lower[i]);
  within(plot, (ctx) => {
    ctx.fillStyle = pattern;
    ctx.globalAlpha = 0.6;
    ctx.beginPath();
    for (let i = 0; i < x.length; i++) {
      if (!both(i)) continue;
      const first = i;
      ctx.moveTo(toX(x[i]), toY(upper[i]));
      while (i + 1 < x.length && both(i + 1)) {
        i += 1;
        ctx.lineTo(toX(x[i]), toY(upper[i]));
      }
      for (let back = i; back >= first; back--) ctx.lineTo(toX(x[back]), toY(lower[back]));
      ctx.closePath();
    }
    ctx.fill();
  });
}

/**
 * Another moment behind this one, pale and in fine dashes.
 * @param {{x: Float32Array, real: Float32Array|null, generated: Float32Array|null, d: Float32Array|null}} lines
 */
function drawPale(plot, theme, thick, { x, real, generated, d }) {
  const toX = toPixels(plot, 'x');
  within(plot, (ctx) => {
    ctx.globalAlpha = 0.6;
    ctx.lineJoin = 'round';
    const line = (values, scale, color, width, dash) => {
      if (!values) return;
      ctx.strokeStyle = color;
      ctx.lineWidth = width * thick * devicePixelRatio;
      ctx.setLineDash(dash.map((length) => length * thick * devicePixelRatio));
      ctx.beginPath();
      trace(ctx, x, values, toX, toPixels(plot, scale));
      ctx.stroke();
    };
    line(real, 'density', theme.real, 1.25, [2, 4]);
    line(d, 'd', theme.d, 1.25, [1, 4]);
    line(generated, 'density', theme.generated, 2, [3, 4]);
  });
}
