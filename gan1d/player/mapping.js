/** The generator as a map: arrows from the noise axis up to the data axis of the picture, and G as a curve over the noise. */

const ARROWS = { wide: 32, narrow: 16 }; // of the noise points, evenly spaced in probability
const NARROW = 420; // px of the plotting area below which there is room for few arrows only

/** A canvas in a box that is as sharp as the screen; there is none before the box has a size. */
function createCanvas(box) {
  let canvas = null;
  let ctx = null;
  return {
    width: 0,
    height: 0,
    resize(width, height) {
      if (!width || !height) return;
      if (!canvas) {
        canvas = element('canvas', '', { 'aria-hidden': 'true' });
        box.append(canvas);
        ctx = canvas.getContext('2d');
      }
      this.width = width;
      this.height = height;
      canvas.width = Math.round(width * devicePixelRatio);
      canvas.height = Math.round(height * devicePixelRatio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    },
    /** Clean, and in css pixels. */
    begin() {
      ctx.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
      ctx.clearRect(0, 0, this.width, this.height);
      return ctx;
    },
  };
}

/** A title with its unit and a button that says what is seen. */
function createTitle(id) {
  const tip = element('div', 'tip', { role: 'tooltip', id: `tip-${id}` });
  const help = element('button', 'help', { type: 'button', 'aria-expanded': 'false', 'aria-describedby': tip.id }, ['?']);
  const name = element('h3', '');
  const unit = element('span', 'unit');
  const expand = (open) => help.setAttribute('aria-expanded', String(open));
  help.addEventListener('click', () => expand(help.getAttribute('aria-expanded') !== 'true'));
  help.addEventListener('blur', () => expand(false));
  help.addEventListener('keydown', (event) => event.key === 'Escape' && expand(false));
  return {
    root: element('div', 'panel-title', {}, [name, unit, help, tip]),
    setWords(words, title, unitWords, meaning) {
      setText(name, title);
      setText(unit, unitWords);
      setText(tip, meaning);
      help.setAttribute('aria-label', fill(words.help, { title }));
    },
  };
}

/** A stroke from a point to another with a small filled head at its end. */
function arrowTo(ctx, fromX, fromY, toX, toY, head) {
  const length = Math.hypot(toX - fromX, toY - fromY) || 1;
  const ux = (toX - fromX) / length;
  const uy = (toY - fromY) / length;
  ctx.moveTo(fromX, fromY);
  ctx.lineTo(toX - ux * head, toY - uy * head);
  ctx.moveTo(toX, toY);
  ctx.lineTo(toX - ux * head - 0.5 * uy * head, toY - uy * head + 0.5 * ux * head);
  ctx.lineTo(toX - ux * head + 0.5 * uy * head, toY - uy * head - 0.5 * ux * head);
  ctx.lineTo(toX, toY);
}

/**
 * @returns {{arrows: HTMLElement, curve: HTMLElement, setRun: Function, draw: Function, retheme: Function, observeBy: Function}}
 *   arrows stands under the picture, as wide as it; curve stands beside or below
 */
function createMapping() {
  const arrowsTitle = createTitle('arrows');
  const curveTitle = createTitle('g');
  const arrowsBox = element('div', 'mapping-chart');
  const curveBox = element('div', 'mapping-chart');
  const arrowsRoot = element('section', 'panel mapping arrows', { hidden: '', 'data-layer': 'map' }, [arrowsTitle.root, arrowsBox]);
  const curveRoot = element('section', 'panel mapping map-curve', { hidden: '', 'data-layer': 'map' }, [curveTitle.root, curveBox]);
  const arrows = createCanvas(arrowsBox);
  const curve = createCanvas(curveBox);
  let run = null;
  let theme = null;
  let fontSize = 13;
  let last = null; // what was drawn, to draw it again
  let on = false;

  function zRange() {
    const [low, high] = [run.z[0], run.z[run.z.length - 1]];
    const air = 0.04 * (high - low);
    return [low - air, high + air];
  }

  function write(ctx) {
    ctx.font = `${fontSize}px ${theme.font}`;
    ctx.fillStyle = theme.muted;
    ctx.textBaseline = 'middle';
    ctx.textAlign = 'center';
  }

  function drawArrows(moment, geometry) {
    const { width, height } = arrows;
    if (!width || !geometry) return;
    const ctx = arrows.begin();
    const [low, high] = zRange();
    const bottom = height - 1.5 * fontSize - 4;
    const toZ = (z) => geometry.left + (geometry.width * (z - low)) / (high - low);
    const toX = (x) => geometry.left + (geometry.width * (x - geometry.min)) / (geometry.max - geometry.min);
    ctx.strokeStyle = theme.muted;
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (const y of [0.5, Math.round(bottom) + 0.5]) {
      ctx.moveTo(geometry.left, y);
      ctx.lineTo(geometry.left + geometry.width, y);
    }
    ctx.stroke();
    write(ctx);
    for (const z of roundSplits(low, high, Math.max(2, geometry.width / (6 * fontSize)))) ctx.fillText(formatTick(z), toZ(z), height - 0.75 * fontSize);

    ctx.save();
    ctx.beginPath();
    ctx.rect(geometry.left, 0, geometry.width, bottom);
    ctx.clip();
    ctx.strokeStyle = theme.generated;
    ctx.fillStyle = theme.generated;
    ctx.lineWidth = 1.25 * lineScale(fontSize);
    const count = Math.min(run.z.length, geometry.width < NARROW ? ARROWS.narrow : ARROWS.wide);
    const stride = run.z.length / count;
    ctx.beginPath();
    for (let k = 0; k < count; k++) {
      const index = Math.floor((k + 0.5) * stride);
      if (Number.isFinite(moment.g[index])) arrowTo(ctx, toZ(run.z[index]), bottom, toX(moment.g[index]), 1, 6 * lineScale(fontSize));
    }
    ctx.stroke();
    ctx.fill();
    ctx.restore();
  }

  function drawCurve(moment) {
    const { width, height } = curve;
    if (!width) return;
    const ctx = curve.begin();
    const [low, high] = zRange();
    const [bottom, top] = [run.x[0], run.x[run.x.length - 1]];
    const area = { left: 2.6 * fontSize, top: 6, right: width - 8, bottom: height - 3 * fontSize };
    const toX = (z) => area.left + ((area.right - area.left) * (z - low)) / (high - low);
    const toY = (x) => area.bottom - ((area.bottom - area.top) * (x - bottom)) / (top - bottom);
    write(ctx);
    for (const z of roundSplits(low, high, Math.max(2, (area.right - area.left) / (4 * fontSize)))) ctx.fillText(formatTick(z), toX(z), area.bottom + 0.9 * fontSize);
    ctx.fillText(run.meta.layers.words.z_axis, (area.left + area.right) / 2, area.bottom + 2.2 * fontSize);
    ctx.textAlign = 'right';
    ctx.strokeStyle = theme.grid;
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (const x of roundSplits(bottom, top, Math.max(2, (area.bottom - area.top) / (3.5 * fontSize)))) {
      ctx.fillText(formatTick(x), area.left - 6, toY(x));
      ctx.moveTo(area.left, toY(x));
      ctx.lineTo(area.right, toY(x));
    }
    ctx.stroke();

    ctx.save();
    ctx.beginPath();
    ctx.rect(area.left, area.top, area.right - area.left, area.bottom - area.top);
    ctx.clip();
    const thick = lineScale(fontSize);
    ctx.lineJoin = 'round';
    const line = (values, color, lineWidth, dash) => {
      ctx.strokeStyle = color;
      ctx.lineWidth = lineWidth * thick;
      ctx.setLineDash(dash.map((length) => length * thick));
      ctx.beginPath();
      trace(ctx, run.z, values, toX, toY);
      ctx.stroke();
    };
    line(moment.ideal, theme.real, 2, [7, 5]);
    line(moment.g, theme.generated, 3, []);
    ctx.restore();
    // The dashed curve's name stands in the corner that a rising curve leaves free, with a piece of the line before it.
    const name = run.meta.layers.words.curve_ideal;
    const [end, y] = [area.right - 4, area.bottom - 0.8 * fontSize];
    ctx.fillStyle = theme.real;
    ctx.fillText(name, end, y);
    const start = end - ctx.measureText(name).width - 0.5 * fontSize;
    ctx.strokeStyle = theme.real;
    ctx.lineWidth = 2 * thick;
    ctx.setLineDash([5 * thick, 3 * thick]);
    ctx.beginPath();
    ctx.moveTo(start - 1.6 * fontSize, y);
    ctx.lineTo(start, y);
    ctx.stroke();
    ctx.setLineDash([]);
  }

  function draw(moment, geometry) {
    last = [moment, geometry];
    if (!on || !theme) return;
    drawArrows(moment, geometry);
    drawCurve(moment);
  }

  const again = () => last && run && draw(...last);
  const resizing = (canvas) => (width, height, letters) => {
    fontSize = letters;
    canvas.resize(width, height);
    again();
  };

  return {
    arrows: arrowsRoot,
    curve: curveRoot,
    setRun(next) {
      run = next;
      const { words } = run.meta.layers;
      arrowsTitle.setWords(words, words.arrows_title, words.arrows_unit, words.arrows_help);
      curveTitle.setWords(words, words.curve_title, words.curve_unit, words.curve_help);
      arrowsRoot.setAttribute('aria-label', words.arrows_title);
      curveRoot.setAttribute('aria-label', words.curve_title);
    },
    draw,
    show(value) {
      on = value;
      arrowsRoot.hidden = !value;
      curveRoot.hidden = !value;
      again();
    },
    retheme(next) {
      theme = next;
      again();
    },
    /** @param {(box: HTMLElement, resize: Function) => void} observe */
    observeBy(observe) {
      observe(arrowsBox, resizing(arrows));
      observe(curveBox, resizing(curve));
    },
  };
}
