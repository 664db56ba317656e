/** The small charts under the picture: the whole training, with a cursor that follows the player. */

const WILD = 20; // how many times the usual range a curve must span before its outliers are cut off

/** A given range, and enough room for a line drawn along its edge to be seen whole. */
function withAir([low, high]) {
  return [low, high + 0.03 * (high - low)];
}

/** Range of a panel's axis: given, or from its curves and its reference lines. */
function panelRange(panel, run) {
  if (panel.range) return withAir(panel.range);
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

/** @param {{onSeek: (frame: number) => void, onHold: (held: boolean) => void}} listeners */
function createPanel(panel, text, { onSeek, onHold }) {
  const stroke = { real: (theme) => theme.real, generated: (theme) => theme.generated, d: (theme) => theme.d, neutral: (theme) => theme.neutral };
  const width = { real: 1.75, generated: 2.5, d: 1.75, neutral: 1.75 };

  const tip = element('div', 'tip', { role: 'tooltip', id: `tip-${panel.id}` });
  const help = element('button', 'help', {
    type: 'button', 'aria-label': fill(text.help, { title: panel.title }), 'aria-expanded': 'false', 'aria-describedby': tip.id,
  }, ['?']);
  const title = element('div', 'panel-title', {}, [element('h3', '', {}, [panel.title]), element('span', 'unit', {}, [panel.unit || '']), help, tip]);
  const values = panel.series.map(() => element('span', 'value'));
  const legend = element('div', 'panel-values', {}, panel.series.map((series, index) => (
    element('span', `entry ${series.role}`, {}, [element('span', 'swatch'), element('span', 'name', {}, [series.label]), values[index]])
  )));
  const meaning = element('div', 'tip meaning', { 'aria-hidden': 'true' }); // of a line; the tip says it too
  title.append(meaning);
  const box = element('div', 'panel-chart');
  const names = element('div', 'line-names', { 'aria-hidden': 'true' });
  const root = element('section', 'panel', { 'aria-label': panel.title, 'data-panel': panel.id }, [title, legend, box]);
  const cursor = element('div', 'follower');

  let plot = null;
  let run = null;
  let theme = null;
  let frame = 0;
  let range = [0, 1];
  let references = [];
  let fontSize = 0;

  help.addEventListener('click', () => expand(help.getAttribute('aria-expanded') !== 'true'));
  help.addEventListener('blur', () => expand(false));
  help.addEventListener('keydown', (event) => event.key === 'Escape' && expand(false));

  function expand(open) {
    help.setAttribute('aria-expanded', String(open));
  }

  function data() {
    return [run.iteration, ...panel.series.map((series) => drawable(run.series(series.key)))];
  }

  function follow() {
    if (plot) cursor.style.transform = `translateX(${plot.valToPos(run.iteration[frame], 'x').toFixed(1)}px)`;
  }

  function drawReferences() {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    const height = (value) => plot.valToPos(value, 'y', true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = theme.realFill;
    ctx.strokeStyle = theme.muted;
    ctx.lineWidth = ratio;
    ctx.setLineDash([4 * ratio, 4 * ratio]);
    for (const { value, band } of references) {
      if (band) ctx.fillRect(bbox.left, height(band[1]), bbox.width, height(band[0]) - height(band[1]));
      const y = Math.round(height(value)) + 0.5;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
    placeNames(bbox.left / ratio + bbox.width / ratio + 5, bbox.top / ratio, bbox.height / ratio);
  }

  /** Writes the lines' names beside them, from the bottom up, each above the one before; none sticks out at the top. */
  function placeNames(left, top, height) {
    const line = fontSize + 1;
    let free = Infinity;
    const sorted = [...references].sort((a, b) => a.value - b.value);
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

  /** Room to the right of the chart for the names of its reference lines. */
  function gutter() {
    const context = document.createElement('canvas').getContext('2d');
    context.font = `${fontSize}px ${theme.font}`;
    return Math.max(10, ...references.map((reference) => Math.ceil(context.measureText(reference.label).width) + 9));
  }

  function seekTo(event) {
    const left = event.clientX - plot.over.getBoundingClientRect().left;
    onSeek(frameAt(run, plot.posToVal(left, 'x')));
  }

  function listen(over) {
    over.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      over.setPointerCapture(event.pointerId);
      onHold(true);
      seekTo(event);
    });
    over.addEventListener('pointermove', (event) => over.hasPointerCapture(event.pointerId) && seekTo(event));
    over.addEventListener('lostpointercapture', () => onHold(false));
  }

  /** uPlot draws a moment after it is asked, and may by then have been destroyed. */
  const ifAlive = (hook) => (u) => u === plot && hook();

  function build(chartWidth, chartHeight) {
    const font = `${fontSize}px ${theme.font}`;
    const tick = panel.range && panel.range[1] === 1 ? formatProbabilityTick : formatTick;
    const axis = (options) => ({ font, stroke: () => theme.muted, ticks: { show: false }, gap: 4, values: (_, splits) => splits.map(formatTick), ...options });
    plot = new uPlot({
      width: chartWidth,
      height: chartHeight,
      padding: [fontSize / 2, gutter, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: (_, min, max) => [min, Math.max(max, min + 1)] },
        y: { range: () => range },
      },
      axes: [
        axis({ size: fontSize + 8, space: 5.5 * fontSize, grid: { show: false } }),
        axis({ size: Math.round(fontSize * 2.6) + 6, space: 2.7 * fontSize, grid: { stroke: () => theme.grid, width: 1 }, values: (_, splits) => splits.map(tick) }),
      ],
      series: [{}, ...panel.series.map(({ role }) => ({
        stroke: () => stroke[role](theme), width: width[role] * lineScale(fontSize), dash: role === 'd' ? [5, 4] : [], points: { show: false },
      }))],
      hooks: { drawAxes: [ifAlive(drawReferences)], draw: [ifAlive(follow)] },
    }, data(), (u, ready) => {
      plot = u;
      u.root.style.fontSize = `${fontSize}px`;
      u.root.querySelector('.u-wrap').append(names);
      box.append(u.root);
      u.over.append(cursor);
      listen(u.over);
      ready();
    });
  }

  const api = {
    root,
    box,
    setRun(next, now) {
      run = next;
      range = panelRange(now, run);
      references = now.references;
      explain('');
      tip.replaceChildren(...[now.help, ...references.map((reference) => reference.help)].filter(Boolean).map((words) => element('p', '', {}, [words])));
      if (!plot) return;
      plot.setData(data(), true);
      plot.redraw(false, true);
    },
    show(at) {
      frame = at;
      panel.series.forEach((series, index) => setText(values[index], formatValue(run.series(series.key)[at], text)));
      follow();
    },
    retheme(next) {
      theme = next;
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
      if (plot) plot.destroy();
      plot = null;
    },
  };
  return api;
}

/** What a panel is built from; its range, its lines and what is said of them may change from run to run. */
function shapeOf(panels) {
  return JSON.stringify(panels.map(({ id, title, unit, series }) => [id, title, unit, series]));
}

/** All panels. The same set of curves keeps its canvases from run to run; another set is built anew. */
function createCurves(parent, text, listeners, observe) {
  let panels = [];
  let shape = '';
  let theme = null;
  return {
    setRun(run) {
      const wanted = run.meta.curves;
      const rebuild = shapeOf(wanted) !== shape;
      if (rebuild) {
        shape = shapeOf(wanted);
        panels.forEach((panel) => panel.destroy());
        panels = wanted.map((panel) => createPanel(panel, text, listeners));
        panels.forEach((panel) => panel.retheme(theme));
        parent.replaceChildren(...panels.map((panel) => panel.root));
      }
      panels.forEach((panel, index) => panel.setRun(run, wanted[index]));
      if (rebuild) panels.forEach((panel) => observe(panel.box, panel.resize));
    },
    show: (frame) => panels.forEach((panel) => panel.show(frame)),
    retheme(next) {
      theme = next;
      panels.forEach((panel) => panel.retheme(next));
    },
    destroy: () => panels.forEach((panel) => panel.destroy()),
  };
}
