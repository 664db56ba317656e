/** The main picture: the real density, which stands still, the generated one and D(x), which move, and whatever layers are on. */

const SERIES = ['real', 'd', 'generated', 'd_star']; // in the order they are drawn, after x; each is a layer

/**
 * @param {HTMLElement} box positioned and sized by the style sheet; the picture fills it
 * @param {{show: (values: Object|null) => void}} readout shows what is under the pointer
 * @param {Object} text the player's words
 * @param {Object} [view] which layers are on
 */
function createPicture(box, readout, text, view = createView({})) {
  const layers = createLayers(view);
  const overlay = element('div', 'overlay');
  const names = createNames(overlay, text);
  const reset = element('button', 'reset', { type: 'button', hidden: '' }, [text.reset_zoom]);
  box.append(reset);

  const followers = []; // what is drawn in step with the picture
  let plot = null;
  let run = null;
  let source = null; // what is drawn of: the run, or its half-steps, which have the same accessors and `before`
  let moment = null;
  let best = new Float32Array(0); // D* of the moment
  let ghost = null;
  let theme = null;
  let fontSize = 0;
  let height = 0;
  let frame = 0;
  let gliding = false;
  let pattern = null;
  let held = null; // the range of x that stays while a hand moves the data

  reset.addEventListener('click', () => {
    zoom(run.x[0], run.x[run.x.length - 1]);
    box.focus({ preventScroll: true });
  });

  function zoom(min, max) {
    if (plot) plot.setScale('x', { min, max });
  }

  /** Reads the moment to draw; nothing else reads the run's arrays. */
  function look() {
    moment = momentOf(source, frame);
    if (best.length !== run.x.length) best = new Float32Array(run.x.length);
    if (layers.isOn('d_star') || layers.isOn('gap')) bestD(run.meta.layers.best[moment.part], moment, best);
    else best.fill(NaN);
  }

  function data() {
    look();
    return [run.x, drawable(moment.pData), drawable(moment.d), drawable(moment.pGen), drawable(best)];
  }

  /** Height of the plotting area, known before uPlot has laid it out. */
  const plotHeight = () => Math.max(1, height - 2 * fontSize - 24 - Math.round(0.8 * fontSize));
  const rows = () => rugRows(layers, plotHeight(), fontSize);

  /** An axis that leaves the strip at the bottom free, where the samples are. */
  function raised(low, high) {
    const share = Math.min(0.6, rows().total / plotHeight());
    return [low - (share / (1 - share)) * (high - low), high];
  }

  function ghostNow() {
    const last = run.iteration[run.meta.frames - 1];
    return ghostLines(ghost, run, last ? source.iteration[frame] / last : 0, layers);
  }

  function drawBehind() {
    if (layers.isOn('optimum')) drawOptimum(plot, theme, run.meta.optimum_d);
    if (layers.isOn('gap')) {
      if (!pattern) pattern = hatching(plot.ctx, theme.best);
      fillBetween(plot, pattern, run.x, moment.d, best);
    }
    const pale = ghostNow();
    if (pale) drawPale(plot, theme, lineScale(fontSize), pale);
    drawBefore(plot, source, frame, theme);
  }

  function drawInFront() {
    const strip = rows();
    const arrows = layers.isOn('arrows');
    if (strip.total) drawRugs(plot, moment, strip, { theme, thick: lineScale(fontSize), arrows, scales: run.meta.layers, span: run.x[run.x.length - 1] - run.x[0] });
    const pale = ghostNow();
    names.place({ plot, run, moment, best, layers, rows: strip, gliding, pinned: pale && pale.peak, other: moment.samples('sample_other') && run.meta.layers.other_loss });
    followers.forEach((follower) => follower(moment, api.geometry()));
  }

  function peek() {
    const { idx: index, left, top } = plot.cursor;
    const inside = index !== null && index !== undefined && left >= 0;
    const value = (number) => formatValue(number, text);
    const star = layers.isOn('d_star') ? layers.find('d_star') : null;
    readout.show(inside ? {
      x: value(run.x[index]), real: value(moment.pData[index]), generated: value(moment.pGen[index]), name: run.meta.d_name, d: value(moment.d[index]),
      best: star && { name: star.label, value: value(best[index]) },
    } : null);
    if (api.onPoint) api.onPoint(inside ? names.at(left, top) : null);
  }

  /** Puts the cursor's points and the readout on the new curves. */
  function refreshCursor() {
    const { left, top } = plot.cursor;
    if (!(left >= 0)) return;
    // uPlot moves the points only with a cursor that has moved.
    plot.setCursor({ left: -10, top: -10 }, false);
    plot.setCursor({ left, top });
  }

  /** uPlot draws a moment after it is asked, and may by then have been destroyed. */
  const ifAlive = (hook) => (u) => u === plot && hook();

  function build(width) {
    const font = `${fontSize}px ${theme.font}`;
    overlay.style.setProperty('--letters', `${fontSize}px`);
    const axis = (options) => ({ font, stroke: () => theme.muted, ticks: { show: false }, gap: 6, ...options });
    const side = Math.round(fontSize * 2.4) + 8;
    const thick = lineScale(fontSize);
    const ofProbability = () => run.meta.output === 'probability';
    const line = (name, options) => ({ show: layers.isOn(name), fillTo: () => 0, points: { show: false }, ...options });
    const options = {
      width,
      height,
      padding: [Math.round(0.8 * fontSize), 0, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false, dist: 8 }, points: { size: 9, width: 2 } },
      scales: {
        x: { time: false, range: (_, min, max) => [min, max] },
        density: { range: () => raised(0, run.meta.density_max) },
        d: { range: () => raised(...run.meta.d_range) },
      },
      axes: [
        axis({
          label: text.x_axis, labelFont: font, labelSize: fontSize + 8, labelGap: 2, size: fontSize + 16, space: 4 * fontSize,
          grid: { show: false }, border: { show: true, stroke: () => theme.muted, width: 1 },
          values: (_, splits) => splits.map(formatTick),
        }),
        axis({
          scale: 'density', size: side, space: 60, grid: { stroke: () => theme.grid, width: 1 }, values: (_, splits) => splits.map(formatTick),
          splits: (u, index, min, max, step) => evenSplits(0, max, step),
        }),
        axis({
          scale: 'd', side: 1, size: side, space: 60, grid: { show: false }, stroke: () => theme.text,
          values: (_, splits) => splits.map(ofProbability() ? formatProbabilityTick : formatTick),
          splits: (u, index, min, max, step) => (ofProbability() ? [0, 0.5, 1] : evenSplits(run.meta.d_range[0], max, step)),
        }),
      ],
      series: [
        {},
        line('real', { scale: 'density', stroke: () => theme.real, fill: () => theme.realFill, width: 2 * thick }),
        line('d', { scale: 'd', stroke: () => theme.d, width: 2 * thick, dash: [7 * thick, 5 * thick] }),
        line('generated', { scale: 'density', stroke: () => theme.generated, fill: () => theme.generatedFill, width: 3.5 * thick }),
        line('d_star', { scale: 'd', stroke: () => theme.best, width: 1.5 * thick, dash: STAR_DASH.map((length) => length * thick) }),
      ],
      hooks: {
        drawAxes: [ifAlive(drawBehind)],
        draw: [ifAlive(drawInFront)],
        setCursor: [ifAlive(peek)],
        setScale: [(u, key) => {
          if (u !== plot || key !== 'x') return;
          reset.hidden = u.scales.x.min <= run.x[0] && u.scales.x.max >= run.x[run.x.length - 1];
          box.dispatchEvent(new CustomEvent('zoom', { detail: { min: u.scales.x.min, max: u.scales.x.max } })); // the history goes with it
          names.jump();
        }],
      },
    };
    plot = new uPlot(options, data(), (u, ready) => {
      plot = u;
      box.append(u.root);
      u.over.append(overlay);
      ready();
    });
  }

  /** The lines, the strip and the axes follow the layers. */
  function relayer() {
    if (!plot) return;
    SERIES.forEach((name, index) => {
      const show = layers.isOn(name);
      if (plot.series[index + 1].show !== show) plot.setSeries(index + 1, { show }, false);
    });
    plot.setData(data(), false);
    plot.redraw(true, true);
    refreshCursor();
  }

  view.on('layers', relayer);

  const api = {
    layers,
    /** Another run takes the place of the one before; the zoom stays while the x axis is the same. */
    setRun(next, at) {
      const sameAxis = run && run.x[0] === next.x[0] && run.x[run.x.length - 1] === next.x[next.x.length - 1];
      run = next;
      source = next;
      frame = at;
      gliding = false;
      layers.setRun(run);
      names.setRun(run);
      if (!plot) {
        look();
        return;
      }
      relayer();
      if (held) zoom(held.min, held.max);
      else if (!sameAxis) zoom(run.x[0], run.x[run.x.length - 1]);
    },
    /** A frame of the run, or a state of what has the same accessors. */
    draw(at, moving, of = run) {
      source = of;
      frame = at;
      gliding = moving;
      if (!plot) return;
      plot.setData(data(), false);
      plot.redraw();
      refreshCursor();
    },
    /** Another run to show behind, pale; null for none. */
    pin(other) {
      ghost = other;
      if (plot) plot.redraw(false, false);
    },
    /** Where the plotting area lies in the box, px, what of the x axis it shows, and the ends of the density axis. */
    geometry: () => ({
      left: plot.bbox.left / uPlot.pxRatio, top: plot.bbox.top / uPlot.pxRatio, width: plot.bbox.width / uPlot.pxRatio,
      height: plot.bbox.height / uPlot.pxRatio, min: plot.scales.x.min, max: plot.scales.x.max,
      floor: plot.scales.density.min, ceiling: plot.scales.density.max,
    }),
    /** The x axis stays as it is, whatever runs come, while a hand moves the data; then it shows all again, if it did before. */
    holdAxis(on) {
      if (on && plot) {
        const { min, max } = plot.scales.x;
        held = { min, max, whole: reset.hidden };
      } else if (held) {
        const { whole } = held;
        held = null;
        if (whole) zoom(run.x[0], run.x[run.x.length - 1]);
      }
    },
    /** Calls back with the moment and the geometry whenever the picture has been drawn. */
    follow(follower) {
      followers.push(follower);
    },
    /** Set by whoever shows what a name means: called with the name under the pointer, or null. */
    onPoint: null,
    retheme(next) {
      theme = next;
      pattern = null;
      names.forget();
      if (plot) plot.redraw(false, true);
    },
    /** Builds on the first size that is not nothing: a hidden tab has none. */
    resize(width, tall, letters) {
      if (!width || !tall) return;
      const seen = plot && plot.scales.x;
      if (plot && letters !== fontSize) api.destroy();
      height = tall;
      names.forget();
      if (plot) {
        plot.setSize({ width, height });
        return;
      }
      fontSize = letters;
      build(width);
      if (seen) zoom(seen.min, seen.max);
    },
    destroy() {
      if (plot) plot.destroy();
      plot = null;
    },
  };
  return api;
}

function evenSplits(min, max, step) {
  const splits = [];
  for (let k = Math.ceil(min / step); k * step <= max; k++) splits.push(k * step);
  return splits;
}
