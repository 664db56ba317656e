/** The history: the generated density at every recorded state, as rows of colour, from the first at the top to the last above the data's. */

const STRIP = 1.6; // height of the data's strip, in letters
const MOST_ROWS = 600;

/** Ticks at round numbers. */
function roundSplits(low, high, most) {
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((times) => times * power >= rough * 0.999) || 10);
  const splits = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) splits.push(k * step);
  return splits;
}

/**
 * @param {HTMLElement} pictureBox the picture, whose x axis the map has, zoomed or not
 * @param {{onSeek: (frame: number) => void, onHold: (held: boolean) => void, onStep: (by: number) => void}} listeners
 */
function createHeatmap(text, { onSeek, onHold, onStep }, observe, view, pointing, pictureBox) {
  const words = text.heat;
  const { button: help, tip, tell } = createHelp('tip-heat', words.title, text);
  const scale = element('canvas', 'heat-scale', { width: String(SHADES), height: '1', 'aria-hidden': 'true' });
  const most = element('span', '');
  const legend = element('span', 'heat-legend', {}, ['0', scale, most]);
  const readout = element('span', 'heat-readout');
  const title = element('div', 'panel-title', {}, [
    element('h3', '', {}, [words.title]), element('span', 'unit', {}, [words.unit]), legend, help, tip,
  ]);
  const canvas = element('canvas', '', { 'aria-hidden': 'true' });
  const line = element('div', 'heat-line');
  const pointer = element('div', 'heat-line at-pointer', { hidden: '' });
  const area = element('div', 'heat-area', {
    tabindex: '0', role: 'slider', 'aria-label': words.seek, 'aria-orientation': 'vertical', 'aria-valuemin': '0',
  }, [line, pointer]);
  const box = element('div', 'heat-chart', {}, [canvas, area]);
  const root = element('section', 'heat', { 'aria-label': words.title, hidden: '' }, [
    title, element('div', 'panel-values', {}, [element('span', 'unit', {}, [words.axis]), readout]), box,
  ]);
  tell([words.help, words.keys]);

  let run = null;
  let theme = null;
  let frame = 0;
  let range = null; // of x, as the picture shows it
  let history = null; // the rows as a picture of their own, made once for a run and a theme
  let strips = []; // the data's, one for each part of the run
  let strip = 0; // the one that is drawn
  let size = null;
  let place = null; // of the map in the box, px
  let request = 0;

  const wanted = () => Boolean(view.get('heat'));
  const first = () => run.iteration[0];
  const last = () => run.iteration[run.meta.frames - 1];
  const heightOf = (at) => ((run.iteration[at] - first()) / Math.max(1, last() - first())) * place.height;
  const forget = () => { history = null; strips = []; };

  /** The ends of the picture's plotting area, in this box: the two x axes are one above the other. */
  function sides() {
    const over = pictureBox.querySelector('.u-over');
    const own = box.getBoundingClientRect();
    if (!over || !over.clientWidth) return [Math.round(3 * size.letters), Math.round(3 * size.letters)];
    const other = over.getBoundingClientRect();
    return [Math.max(0, other.left - own.left), Math.max(0, own.right - other.right)];
  }

  function paint() {
    const colors = shades(root.closest('[data-theme="dark"]') !== null);
    const top = run.meta.density_max;
    const rows = Math.min(MOST_ROWS, run.meta.frames);
    history = shaded(rows, (row) => run.pGen(frameAt(run, first() + ((row + 0.5) / rows) * (last() - first()))), top, colors);
    strips = run.meta.parts.map((part) => shaded(1, () => run.pData(part), top, colors));
    const context = scale.getContext('2d');
    context.putImageData(new ImageData(colors, SHADES, 1), 0, 0);
    most.textContent = `≥ ${formatTick(Number(top.toPrecision(2)))}`;
  }

  /** Draws a picture of densities at the grid's points where the range of x is. */
  function stretch(context, picture, top, height) {
    const cell = (run.x[run.x.length - 1] - run.x[0]) / (run.x.length - 1);
    const from = (range.min - run.x[0]) / cell + 0.5;
    context.drawImage(picture, from, 0, (range.max - range.min) / cell, picture.height, place.left, top, place.width, height);
  }

  function draw() {
    request = 0;
    if (!wanted() || !run || !size) return;
    if (!history) paint();
    const { width, height, letters } = size;
    const [left, right] = sides();
    const band = Math.round(STRIP * letters);
    place = { left, width: Math.max(1, width - left - right), top: Math.round(letters / 2), height: 1 };
    place.height = Math.max(1, height - place.top - band - 2 * letters - 20);
    place.strip = place.top + place.height + 6;
    const ratio = devicePixelRatio;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext('2d');
    context.scale(ratio, ratio);
    stretch(context, history, place.top, place.height);
    strip = run.part(frame);
    stretch(context, strips[strip], place.strip, band);
    context.strokeStyle = theme.muted;
    context.strokeRect(left + 0.5, place.top + 0.5, place.width - 1, place.height - 1);
    context.strokeRect(left + 0.5, place.strip + 0.5, place.width - 1, band - 1);
    drawTicks(context, band, letters);
    drawBreaks(context);
    Object.assign(area.style, { left: `${left}px`, top: `${place.top}px`, width: `${place.width}px`, height: `${place.height}px` });
    follow();
  }

  function drawTicks(context, band, letters) {
    context.font = `${letters}px ${theme.font}`;
    context.fillStyle = theme.muted;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (const iteration of roundSplits(first(), last(), place.height / (3 * letters))) {
      const y = place.top + ((iteration - first()) / Math.max(1, last() - first())) * place.height;
      context.fillText(formatTick(iteration), place.left - 6, y);
    }
    context.fillStyle = theme.real;
    context.font = `600 ${letters}px ${theme.font}`;
    context.fillText(text.real, place.left - 6, place.strip + band / 2);
    context.font = `${letters}px ${theme.font}`;
    context.fillStyle = theme.muted;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    const x = (value) => place.left + ((value - range.min) / (range.max - range.min)) * place.width;
    for (const value of roundSplits(range.min, range.max, place.width / (5 * letters))) context.fillText(formatTick(value), x(value), place.strip + band + 5);
    context.fillText(text.x_axis, place.left + place.width / 2, place.strip + band + letters + 9);
  }

  /** Where the run went on under other settings. */
  function drawBreaks(context) {
    context.setLineDash([2, 3]);
    context.strokeStyle = theme.text;
    for (const part of run.meta.parts.slice(1)) {
      const y = Math.round(place.top + heightOf(part)) + 0.5;
      context.beginPath();
      context.moveTo(place.left - 4, y);
      context.lineTo(place.left + place.width, y);
      context.stroke();
    }
  }

  function soon() {
    if (!request) request = requestAnimationFrame(draw);
  }

  function follow() {
    if (!place || !wanted()) return;
    line.style.transform = `translateY(${heightOf(frame).toFixed(1)}px)`;
    const iteration = run.iteration[frame];
    area.setAttribute('aria-valuenow', String(iteration));
    area.setAttribute('aria-valuetext', fill(text.iteration_of, { n: formatInteger(iteration), total: formatInteger(last()) }));
    if (run.part(frame) !== strip) soon();
  }

  function frameUnder(event) {
    const share = (event.clientY - area.getBoundingClientRect().top) / place.height;
    return frameAt(run, first() + share * (last() - first()));
  }

  function point(event) {
    const at = frameUnder(event);
    const share = (event.clientX - area.getBoundingClientRect().left) / place.width;
    const x = range.min + share * (range.max - range.min);
    const cell = (run.x[run.x.length - 1] - run.x[0]) / (run.x.length - 1);
    const index = Math.max(0, Math.min(run.x.length - 1, Math.round((x - run.x[0]) / cell)));
    const value = (number) => formatValue(number, text);
    setText(readout, fill(words.readout, {
      n: formatInteger(run.iteration[at]), x: value(run.x[index]), generated: value(run.pGen(at)[index]), real: value(run.pData(at)[index]),
    }));
    pointing.set('frame', at);
  }

  area.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    area.setPointerCapture(event.pointerId);
    onHold(true);
    onSeek(frameUnder(event));
  });
  area.addEventListener('pointermove', (event) => {
    if (area.hasPointerCapture(event.pointerId)) onSeek(frameUnder(event));
    if (event.pointerType !== 'touch') point(event);
  });
  area.addEventListener('pointerleave', () => {
    setText(readout, '');
    pointing.set('frame', null);
  });
  area.addEventListener('lostpointercapture', () => onHold(false));
  area.addEventListener('keydown', (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    onStep(by);
  });

  function arrange() {
    root.hidden = !wanted();
    if (wanted()) soon();
    else forget();
  }

  const zoomed = ({ detail }) => {
    range = { ...detail };
    soon();
  };
  pictureBox.addEventListener('zoom', zoomed);
  const moved = new ResizeObserver(soon); // the picture may become narrower while this box stays
  moved.observe(pictureBox);
  view.on('heat', arrange);
  pointing.on('frame', (at) => {
    pointer.hidden = at === null;
    if (at !== null && place && wanted()) pointer.style.transform = `translateY(${heightOf(at).toFixed(1)}px)`;
  });
  observe(box, (width, height, letters) => {
    if (!width || !height) return;
    size = { width, height, letters };
    soon();
  });

  return {
    root,
    setRun(next) {
      const [low, high] = [next.x[0], next.x[next.x.length - 1]];
      if (!run || run.x[0] !== low || run.x[run.x.length - 1] !== high) range = { min: low, max: high };
      run = next;
      frame = Math.min(frame, run.meta.frames - 1);
      forget();
      area.setAttribute('aria-valuemin', String(first()));
      area.setAttribute('aria-valuemax', String(last()));
      arrange();
    },
    show(at) {
      frame = at;
      follow();
    },
    retheme(next) {
      theme = next;
      forget();
      soon();
    },
    destroy() {
      cancelAnimationFrame(request);
      moved.disconnect();
      pictureBox.removeEventListener('zoom', zoomed);
    },
  };
}
