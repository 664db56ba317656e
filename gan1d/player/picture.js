/** The main picture: the real density, which stands still, and the generated one and D(x), which move. */

const SEEN_OUTSIDE = 0.01; // mass beyond an edge from which it is pointed at
const SEEN_PEAK = 0.004; // of the axis; a lower generated density gets no label
const PEAK_KEPT = 0.85; // another peak takes the label only when it is clearly higher
const GLIDE = 0.35; // share of the way to its place a label goes per frame while playing

const SERIES = ['real', 'd', 'generated']; // in the order they are drawn, after x

function largest(values, from, to) {
  let best = from;
  for (let i = from; i <= to; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** The peak that is reached uphill from where the label was, unless another one is clearly higher. */
function steadyPeak(values, from, to, previous, top) {
  const highest = largest(values, from, to);
  if (previous === null || previous < from || previous > to) return highest;
  const reach = Math.max(2, Math.round((to - from) / 40));
  let peak = previous;
  for (let next = -1; next !== peak;) {
    if (next >= 0) peak = next;
    next = largest(values, Math.max(from, peak - reach), Math.min(to, peak + reach));
  }
  return Math.min(values[peak], top) >= PEAK_KEPT * Math.min(values[highest], top) ? peak : highest;
}

/**
 * @param {HTMLElement} box positioned and sized by the style sheet; the picture fills it
 * @param {{show: (values: {x: string, real: string, generated: string, name: string, d: string}|null) => void}} readout
 */
function createPicture(box, readout, text) {
  const overlay = element('div', 'overlay');
  const label = (className, words) => overlay.appendChild(element('span', `label ${className}`, {}, [words]));
  const labels = { real: label('real', text.real), generated: label('generated', text.generated), d: label('d', text.d) };
  const overflow = labels.generated.appendChild(element('span', 'overflow', { hidden: '' }));
  const overflowValue = document.createTextNode('');
  overflow.append(icon('up'), overflowValue);
  const edges = ['left', 'right'].map((side) => {
    const words = element('span', '');
    const arrow = icon(side);
    const mark = label(`edge ${side}`, side === 'left' ? arrow : words);
    mark.append(side === 'left' ? words : arrow);
    return { side, mark, words };
  });
  const reset = element('button', 'reset', { type: 'button', hidden: '' }, [text.reset_zoom]);
  box.append(reset);

  const placement = createPlacement();
  const sizes = new Map();
  let plot = null;
  let run = null;
  let theme = null;
  let fontSize = 0;
  let frame = 0;
  let gliding = false;
  let peakIndex = null;
  let spot = null; // where the generated label stands while it glides

  reset.addEventListener('click', () => {
    zoom(run.x[0], run.x[run.x.length - 1]);
    box.focus({ preventScroll: true });
  });

  function zoom(min, max) {
    if (plot) plot.setScale('x', { min, max });
  }

  function data() {
    return [run.x, drawable(run.pData(frame)), drawable(run.d(frame)), drawable(run.pGen(frame))];
  }

  /** Measured once per length of text: reading a size makes the browser lay out. */
  function sizeOf(node) {
    const key = `${node.className}:${node.textContent.length}:${fontSize}`;
    if (!sizes.has(key)) {
      node.hidden = false;
      sizes.set(key, { width: Math.ceil(node.offsetWidth), height: Math.ceil(node.offsetHeight) });
    }
    return sizes.get(key);
  }

  function put(node, position) {
    node.hidden = position === null;
    if (position) node.style.transform = `translate(${position.left.toFixed(1)}px, ${position.top.toFixed(1)}px)`;
  }

  function point(index, value) {
    const y = plot.valToPos(Math.min(value, run.meta.density_max), 'density');
    return { x: plot.valToPos(run.x[index], 'x'), y: Math.max(0, y) };
  }

  function placeEdges(area) {
    const masses = run.outside(frame);
    const taken = [];
    edges.forEach(({ side, mark, words }, index) => {
      const seen = masses[index] > SEEN_OUTSIDE;
      if (seen) setText(words, fill(text.beyond, { percent: Math.round(100 * masses[index]) }));
      const position = seen ? { ...sizeOf(mark) } : null;
      if (position) {
        position.left = side === 'left' ? LABEL_GAP : area.width - position.width - LABEL_GAP;
        position.top = area.height - position.height - 3 * LABEL_GAP;
        taken.push(position);
      }
      put(mark, position);
    });
    return taken;
  }

  /** Where the generated label wants to be, or null where there is nothing to name. */
  function generatedBox(from, to, area) {
    const density = run.pGen(frame);
    const top = run.meta.density_max;
    peakIndex = steadyPeak(density, from, to, peakIndex, top);
    const highest = density[largest(density, from, to)];
    const beyond = highest > top;
    overflow.hidden = !beyond;
    if (beyond) setText(overflowValue, formatValue(highest, text));
    if (!(highest > SEEN_PEAK * top)) {
      spot = null;
      return null;
    }
    const size = sizeOf(labels.generated);
    const target = beyond ? besideSpike(density, from, to, size, area) : above(point(peakIndex, density[peakIndex]), size);
    const share = gliding && spot ? GLIDE : 1;
    const start = spot || target;
    spot = { left: start.left + share * (target.left - start.left), top: start.top + share * (target.top - start.top) };
    return { ...spot, ...size };
  }

  /** At the top of the picture, beside a peak that leaves it. */
  function besideSpike(density, from, to, size, area) {
    const level = run.meta.density_max * (1 - size.height / area.height);
    let left = peakIndex;
    let right = peakIndex;
    while (left > from && density[left] > level) left -= 1;
    while (right < to && density[right] > level) right += 1;
    const place = plot.valToPos(run.x[right], 'x') + LABEL_GAP;
    if (place + size.width <= area.width) return { left: place, top: 0 };
    return { left: plot.valToPos(run.x[left], 'x') - size.width - LABEL_GAP, top: 0 };
  }

  function placeLabels() {
    // Not read from the elements, which would make the browser lay out in every frame.
    const area = { width: plot.bbox.width / uPlot.pxRatio, height: plot.bbox.height / uPlot.pxRatio };
    if (!area.width) return;
    const [from, to] = plot.series[0].idxs;
    const marks = placeEdges(area);
    const pData = run.pData(frame);
    const highest = largest(pData, from, to);
    const real = pData[highest] > SEEN_PEAK * run.meta.density_max
      ? above(point(highest, pData[highest]), sizeOf(labels.real)) : null;
    const d = run.d(frame);
    const line = (left) => plot.valToPos(d[plot.posToIdx(left)], 'd');
    const boxes = placement.place(area, marks, real, generatedBox(from, to, area), { line, size: sizeOf(labels.d) });
    for (const name of SERIES) put(labels[name], boxes[name]);
  }

  /** The line where the best D stands when nothing can be told apart. */
  function drawOptimum() {
    if (run.meta.optimum_d === null) return;
    const { ctx, bbox } = plot;
    const y = plot.valToPos(run.meta.optimum_d, 'd', true);
    ctx.save();
    ctx.strokeStyle = theme.muted;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([1.5 * devicePixelRatio, 3.5 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }

  function peek() {
    const index = plot ? plot.cursor.idx : null;
    const inside = index !== null && index !== undefined && plot.cursor.left >= 0;
    const value = (number) => formatValue(number, text);
    readout.show(inside ? {
      x: value(run.x[index]), real: value(run.pData(frame)[index]), generated: value(run.pGen(frame)[index]), name: run.meta.d_name, d: value(run.d(frame)[index]),
    } : null);
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

  function build(width, height) {
    const font = `${fontSize}px ${theme.font}`;
    const axis = (options) => ({ font, stroke: () => theme.muted, ticks: { show: false }, gap: 6, ...options });
    const side = Math.round(fontSize * 2.4) + 8;
    const thick = lineScale(fontSize);
    const ofProbability = () => run.meta.output === 'probability';
    const options = {
      width,
      height,
      padding: [Math.round(0.8 * fontSize), 0, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false, dist: 8 }, points: { size: 9, width: 2 } },
      scales: {
        x: { time: false, range: (_, min, max) => [min, max] },
        density: { range: () => [0, run.meta.density_max] },
        d: { range: () => run.meta.d_range },
      },
      axes: [
        axis({
          label: text.x_axis, labelFont: font, labelSize: fontSize + 8, labelGap: 2, size: fontSize + 16, space: 4 * fontSize,
          grid: { show: false }, border: { show: true, stroke: () => theme.muted, width: 1 },
          values: (_, splits) => splits.map(formatTick),
        }),
        axis({ scale: 'density', size: side, space: 60, grid: { stroke: () => theme.grid, width: 1 }, values: (_, splits) => splits.map(formatTick) }),
        axis({
          scale: 'd', side: 1, size: side, space: 60, grid: { show: false }, stroke: () => theme.text,
          values: (_, splits) => splits.map(ofProbability() ? formatProbabilityTick : formatTick),
          splits: (u, index, min, max, step) => (ofProbability() ? [0, 0.5, 1] : evenSplits(min, max, step)),
        }),
      ],
      series: [
        {},
        { scale: 'density', stroke: () => theme.real, fill: () => theme.realFill, width: 2 * thick, points: { show: false } },
        { scale: 'd', stroke: () => theme.d, width: 2 * thick, dash: [7 * thick, 5 * thick], points: { show: false } },
        { scale: 'density', stroke: () => theme.generated, fill: () => theme.generatedFill, width: 3.5 * thick, points: { show: false } },
      ],
      hooks: {
        drawAxes: [ifAlive(drawOptimum)],
        draw: [ifAlive(placeLabels)],
        setCursor: [ifAlive(peek)],
        setScale: [(u, key) => {
          if (u !== plot || key !== 'x') return;
          reset.hidden = u.scales.x.min <= run.x[0] && u.scales.x.max >= run.x[run.x.length - 1];
          spot = null;
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

  const api = {
    /** Another run takes the place of the one before; the zoom stays while the x axis is the same. */
    setRun(next, at) {
      const sameAxis = run && run.x[0] === next.x[0] && run.x[run.x.length - 1] === next.x[next.x.length - 1];
      run = next;
      frame = at;
      gliding = false;
      if (!plot) return;
      plot.setData(data(), false);
      if (sameAxis) plot.redraw(true, true);
      else zoom(run.x[0], run.x[run.x.length - 1]);
      refreshCursor();
    },
    draw(at, moving) {
      frame = at;
      gliding = moving;
      if (!plot) return;
      plot.setData(data(), false);
      plot.redraw();
      refreshCursor();
    },
    retheme(next) {
      theme = next;
      sizes.clear();
      if (plot) plot.redraw(false, true);
    },
    /** Builds on the first size that is not nothing: a hidden tab has none. */
    resize(width, height, letters) {
      if (!width || !height) return;
      const view = plot && plot.scales.x;
      if (plot && letters !== fontSize) api.destroy();
      spot = null;
      if (plot) {
        plot.setSize({ width, height });
        return;
      }
      fontSize = letters;
      build(width, height);
      if (view) zoom(view.min, view.max);
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
