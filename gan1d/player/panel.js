/** One small chart: its curves over the whole training, a cursor at the shown state, another at the pointer. */

const WILD = 20; // how many times the usual range a curve must span before its outliers are cut off

/** A given range, and enough room for a line drawn along its edge to be seen whole. */
function withAir([low, high]) {
  return [low, high + 0.03 * (high - low)];
}

/** Range of a panel's axis: given, or from its curves and its reference lines; wide enough for most of a band. */
function panelRange(panel, run) {
  if (panel.range) {
    const ends = panel.series.flatMap(({ key }) => ['low', 'high'].map((end) => run.series(`band_${key}_${end}`)).filter(Boolean));
    if (panel.log || !ends.length) return panel.log ? panel.range : withAir(panel.range);
    const [low, high] = middleRange(ends, 0.02);
    return withAir([Math.min(panel.range[0], low), Math.max(panel.range[1], high)]);
  }
  const values = panel.series.map((series) => run.series(series.key));
  const all = middleRange(values, 0);
  const usual = middleRange(values, 0.01);
  const [low, high] = all[1] - all[0] > WILD * (usual[1] - usual[0]) && usual[1] > usual[0] ? usual : all;
  const references = panel.references.map((reference) => reference.value);
  const range = [Math.min(low, ...references), Math.max(high, ...references)];
  const air = 0.1 * (range[1] - range[0]);
  const [bottom, top] = padded(range);
  // A reference line does not lie on the axis.
  return [references.some((value) => value < bottom + air / 2) ? bottom - air : bottom, top];
}

/** Ticks of an axis of powers of ten: as many powers as there is room for, and 2 and 5 between them where they are few. */
function powerSplits(low, high, most) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first + 1) / most));
  const splits = [];
  for (let power = first - 1; power <= last; power++) {
    const at = (times) => Number(`${times}e${power}`);
    if (last - first < 1 && most > 2) splits.push(at(1), at(2), at(5));
    else if ((last - power) % step === 0) splits.push(at(1));
  }
  return splits.filter((value) => value >= low && value <= high);
}

/** A button with a question mark, and what it tells when it is pointed at, focused or pressed. */
function createHelp(id, title, text) {
  const tip = element('div', 'tip', { role: 'tooltip', id });
  const button = element('button', 'help', {
    type: 'button', 'aria-label': fill(text.help, { title }), 'aria-expanded': 'false', 'aria-describedby': tip.id,
  }, ['?']);
  const expand = (open) => button.setAttribute('aria-expanded', String(open));
  button.addEventListener('click', () => expand(button.getAttribute('aria-expanded') !== 'true'));
  button.addEventListener('blur', () => expand(false));
  button.addEventListener('keydown', (event) => event.key === 'Escape' && expand(false));
  return { button, tip, tell: (sentences) => tip.replaceChildren(...sentences.filter(Boolean).map((words) => element('p', '', {}, [words]))) };
}

/**
 * @param {Object} panel as in meta.curves; what its shape does not hold may change with every run
 * @param {{onSeek: (frame: number) => void, onHold: (held: boolean) => void, onPoint: (frame: number|null, panel: Object) => void}} listeners
 */
function createPanel(panel, text, { onSeek, onHold, onPoint }) {
  const { button: help, tip, tell } = createHelp(`tip-${panel.id}`, panel.title, text);
  const extra = element('span', 'extra');
  const title = element('div', 'panel-title', {}, [element('h3', '', {}, [panel.title]), element('span', 'unit', {}, [panel.unit || '']), extra, help, tip]);
  const entries = panel.series.map(({ role }) => {
    const line = element('span', 'line');
    const name = element('span', 'name');
    const value = element('span', 'value');
    return { root: element('span', `entry ${role}`, {}, [line, name, value]), line, name, value };
  });
  const legend = element('div', 'panel-values', {}, entries.map((entry) => entry.root));
  const meaning = element('div', 'tip meaning', { 'aria-hidden': 'true' }); // of a line; the tip says it too
  title.append(meaning);
  const box = element('div', 'panel-chart');
  const names = element('div', 'line-names', { 'aria-hidden': 'true' });
  const root = element('section', 'panel', { 'aria-label': panel.title, 'data-panel': panel.id }, [title, legend, box]);
  const cursor = element('div', 'follower');
  const where = element('span', 'where');
  const pointer = element('div', 'pointer', { hidden: '' }, [where]);

  let plot = null;
  let run = null;
  let theme = null;
  let now = panel; // what is drawn, of the run that is shown
  let frame = 0;
  let pointed = null; // the frame under the pointer, in any chart
  let range = [0, 1];
  let fontSize = 0;
  let request = 0;

  function data() {
    const floor = range[0];
    const shown = (values) => (now.log ? drawable(values.map((value) => (value > 0 ? Math.max(value, floor) : value === 0 ? floor : NaN))) : drawable(values));
    return [run.iteration, ...now.series.map((series) => shown(run.series(series.key)))];
  }

  function follow() {
    if (!plot) return;
    cursor.style.transform = `translateX(${plot.valToPos(run.iteration[frame], 'x').toFixed(1)}px)`;
    if (pointed !== null) pointer.style.transform = `translateX(${plot.valToPos(run.iteration[pointed], 'x').toFixed(1)}px)`;
  }

  function tellValues() {
    const at = pointed === null ? frame : pointed;
    now.series.forEach((series, index) => setText(entries[index].value, formatValue(run.series(series.key)[at], text)));
  }

  const stroke = (index) => strokeOf(now.series[index].role, index, theme);

  function drawUnder() {
    now.series.forEach(({ key }, index) => {
      const [low, high] = ['low', 'high'].map((end) => run.series(`band_${key}_${end}`));
      if (low && high) drawBand(plot, run, low, high, stroke(index).color);
    });
    drawReferences(plot, now.references, theme);
    drawSeams(plot, run, theme);
    (run.meta.others || []).forEach(({ prefix }, index) => now.series.forEach(({ key, role }) => {
      const values = role === 'mode' ? null : run.series(`${prefix}_${key}`);
      if (values) drawOther(plot, run, values, strokeInTurn(index, theme));
    }));
    now.series.forEach(({ key }, index) => drawInfinite(plot, run, run.series(key), stroke(index), index, fontSize, text.infinite));
    const { left, top, width, height } = plot.bbox;
    const ratio = devicePixelRatio;
    placeNames((left + width) / ratio + 5, top / ratio, height / ratio);
  }

  /** Writes the lines' names beside them, from the bottom up, each above the one before; none sticks out at the top. */
  function placeNames(left, top, height) {
    const line = fontSize + 1;
    let free = Infinity;
    const sorted = [...now.references].sort((a, b) => a.value - b.value);
    const places = sorted.map(({ value }) => {
      const place = Math.min(top + plot.valToPos(value, 'y'), free);
      free = place - line;
      return place;
    });
    const above = Math.max(0, top - (places[places.length - 1] ?? top));
    names.replaceChildren(...sorted.map(({ label, help: words }, index) => {
      const name = element('span', '', {}, [label]);
      name.style.transform = `translate(${left.toFixed(1)}px, ${Math.min(places[index] + above, top + height).toFixed(1)}px) translateY(-50%)`;
      name.addEventListener('pointerenter', () => explain(words));
      name.addEventListener('pointerleave', () => explain(''));
      return name;
    }));
  }

  function explain(words) {
    setText(meaning, words);
    meaning.classList.toggle('shown', words !== '');
  }

  /** Room to the right of the chart for the names of its reference lines, and for half of the last tick. */
  function gutter() {
    const context = document.createElement('canvas').getContext('2d');
    context.font = `${fontSize}px ${theme.font}`;
    return Math.max(Math.ceil(1.6 * fontSize), ...now.references.map((reference) => Math.ceil(context.measureText(reference.label).width) + 9));
  }

  function frameUnder(event) {
    const left = event.clientX - plot.over.getBoundingClientRect().left;
    return frameAt(run, plot.posToVal(left, 'x'));
  }

  function listen(over) {
    over.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      over.setPointerCapture(event.pointerId);
      onHold(true);
      onSeek(frameUnder(event));
    });
    over.addEventListener('pointermove', (event) => {
      if (over.hasPointerCapture(event.pointerId)) onSeek(frameUnder(event));
      if (event.pointerType === 'touch') return; // there a finger seeks, and the values are those of the shown state
      cancelAnimationFrame(request); // a mouse moves more often than the screen is drawn
      request = requestAnimationFrame(() => plot && onPoint(frameUnder(event), panel));
    });
    over.addEventListener('pointerleave', () => {
      cancelAnimationFrame(request);
      onPoint(null, panel);
    });
    over.addEventListener('lostpointercapture', () => onHold(false));
  }

  /** uPlot draws a moment after it is asked, and may by then have been destroyed. */
  const ifAlive = (hook) => (u) => u === plot && hook();

  function build(chartWidth, chartHeight) {
    const font = `${fontSize}px ${theme.font}`;
    const tick = panel.log ? formatPower : panel.range && panel.range[1] === 1 ? formatProbabilityTick : formatTick;
    const axis = (options) => ({ font, stroke: () => theme.muted, ticks: { show: false }, gap: 4, values: (_, splits) => splits.map(formatTick), ...options });
    const all = (_, splits) => splits;
    const powers = panel.log ? { splits: (u, index, low, high) => powerSplits(low, high, chartHeight / (2.7 * fontSize)), filter: all } : {};
    plot = new uPlot({
      width: chartWidth,
      height: chartHeight,
      padding: [fontSize / 2, gutter, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: (_, min, max) => [min, Math.max(max, min + 1)] },
        y: { distr: panel.log ? 3 : 1, range: () => range },
      },
      axes: [
        axis({ size: fontSize + 8, space: 5.5 * fontSize, grid: { show: false } }),
        axis({
          size: Math.round(fontSize * 2.6) + 6, space: 2.7 * fontSize, values: (_, splits) => splits.map(tick), ...powers,
          grid: { stroke: () => theme.grid, width: 1, ...(panel.log ? { filter: all } : {}) },
        }),
      ],
      series: [{}, ...panel.series.map((_, index) => ({
        stroke: () => stroke(index).color, width: stroke(index).width * lineScale(fontSize), dash: stroke(index).dash, points: { show: false },
      }))],
      hooks: { drawAxes: [ifAlive(drawUnder)], draw: [ifAlive(follow)] },
    }, data(), (u, ready) => {
      plot = u;
      u.root.style.fontSize = `${fontSize}px`;
      u.root.querySelector('.u-wrap').append(names);
      box.append(u.root);
      u.over.append(cursor, pointer);
      listen(u.over);
      ready();
    });
  }

  const api = {
    root,
    box,
    extra,
    setRun(next, wanted) {
      run = next;
      now = wanted;
      range = panelRange(now, run);
      frame = Math.min(frame, run.meta.frames - 1);
      api.point(null);
      explain('');
      tell([now.help, ...now.references.map((reference) => reference.help)]);
      now.series.forEach(({ label }, index) => setText(entries[index].name, label));
      if (!plot) return;
      plot.setData(data(), true);
      plot.redraw(false, true);
    },
    show(at) {
      frame = at;
      if (pointed === null) tellValues();
      follow();
    },
    /** The state under the pointer, whose values then stand in the place of the shown one's; null where there is none. */
    point(at, here = false) {
      pointed = at;
      pointer.hidden = at === null;
      root.classList.toggle('pointed', at !== null);
      where.hidden = !here;
      if (at !== null) {
        setText(where, formatInteger(run.iteration[at]));
        pointer.classList.toggle('late', at > run.meta.frames / 2);
      }
      tellValues();
      follow();
    },
    retheme(next) {
      theme = next;
      entries.forEach(({ root: entry, line }, index) => {
        const look = stroke(index);
        entry.style.color = look.color;
        line.replaceChildren(swatch(look));
      });
      if (plot) plot.redraw(false, true);
    },
    resize(chartWidth, chartHeight, letters) {
      if (!chartWidth || !chartHeight) return;
      if (plot && letters !== fontSize) api.destroy();
      if (plot) {
        plot.setSize({ width: chartWidth, height: chartHeight });
        return;
      }
      fontSize = letters;
      build(chartWidth, chartHeight);
    },
    destroy() {
      cancelAnimationFrame(request);
      if (plot) plot.destroy();
      plot = null;
    },
  };
  return api;
}
