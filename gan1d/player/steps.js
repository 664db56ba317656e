/**
 * Step mode: the game one turn at a time, D's and then G's, in windows of iterations that the host works out.
 *
 * A half-step has a number: 2n after G's turn of iteration n, 2n - 1 after D's.
 */

const FAINT = 0.55; // opacity of a curve as it was before the turn
const WINDOWS = 4; // that are remembered
const AHEAD = 10; // half-steps from a window's end at which the next one is asked for

const isAfterD = (half) => half % 2 === 1;
const iterationOf = (half) => Math.ceil(half / 2);

/**
 * A window of half-steps, for the picture a source of moments as a run is; its frames are the window's states.
 * @param {Run} run the run that they belong to
 * @returns {Object|null} null where the host gave none of this run
 */
function readSteps(run, arrays) {
  const meta = run.meta.steps;
  if (!meta || meta.run !== run.meta.run || !meta.states) return null;
  const count = meta.states;
  const wide = Object.fromEntries(meta.packed.map((name) => [name, unpacked(arrays[name], arrays[`${name}_ends`])]));
  const row = (name) => {
    const width = wide[name].length / count;
    return (index) => wide[name].subarray(index * width, (index + 1) * width);
  };
  const first = run.meta.parts[meta.part];
  const outside = arrays.steps_mass_outside;
  const pGen = row('steps_p_gen');
  const d = row('steps_d');
  const iteration = arrays.steps_iteration;
  return {
    ...run,
    steps: meta,
    iteration,
    first: 2 * iteration[0],
    last: 2 * iteration[0] + count - 1,
    part: () => meta.part,
    pData: () => run.pData(first),
    ideal: () => run.ideal(first),
    pGen,
    d,
    g: row('steps_g'),
    samples: (name, index) => (wide[`steps_${name}`] ? row(`steps_${name}`)(index) : null),
    outside: (index) => [outside[2 * index], outside[2 * index + 1]],
    losses: (index) => [arrays.steps_loss_d[index], arrays.steps_loss_g[index]],
    turns: 0, // how many turns lie between this state and the one that was shown before it
    /** What those turns have changed, as it was. */
    before(index) {
      if (!this.turns || index < this.turns) return [];
      const was = { d: { name: 'd', values: d(index - this.turns) }, g: { name: 'generated', values: pGen(index - this.turns) } };
      if (this.turns > 1) return [was.d, was.g];
      return [isAfterD(this.first + index) ? was.d : was.g];
    },
  };
}

/** Draws what the last turn has changed as it was before it: D, the generated density, or both. A run has no `before`. */
function drawBefore(plot, source, index, theme) {
  if (!source.before) return;
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.globalAlpha = FAINT;
  ctx.lineWidth = 1.5 * ratio;
  for (const { name, values } of source.before(index)) {
    const isD = name === 'd';
    ctx.strokeStyle = isD ? theme.d : theme.generated;
    ctx.setLineDash(isD ? [2 * ratio, 3 * ratio] : []);
    ctx.beginPath();
    let broken = true;
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) {
        broken = true;
        continue;
      }
      const x = plot.valToPos(source.x[i], 'x', true);
      const y = plot.valToPos(values[i], isD ? 'd' : 'density', true);
      if (broken) ctx.moveTo(x, y);
      else ctx.lineTo(x, y);
      broken = false;
    }
    ctx.stroke();
  }
  ctx.restore();
}

/** A loss in enough digits to see what one turn has done to it. */
function formatLoss(value, text) {
  if (!Number.isFinite(value) || Math.abs(value) >= 1000) return formatValue(value, text);
  const digits = Math.abs(value).toFixed(5);
  return (value < 0 && Number(digits) ? MINUS : '') + digits;
}

/** Both losses before and after. */
function createLosses(text) {
  const words = text.steps;
  const cell = (tag, className, content = '') => element(tag, className, tag === 'th' ? { scope: 'col' } : {}, [content]);
  const rows = ['L_D', 'L_G'].map((name) => {
    const cells = { before: cell('td', ''), after: cell('td', 'after'), change: cell('td', '') };
    const head = element('th', '', { scope: 'row' }, [name[0], element('sub', '', {}, [name[2]])]);
    return { root: element('tr', '', {}, [head, ...Object.values(cells)]), cells };
  });
  const root = element('table', 'losses', {}, [
    element('caption', '', {}, [words.losses]),
    element('thead', '', {}, [element('tr', '', {}, [element('td', ''), ...[words.before, words.after, words.change].map((name) => cell('th', '', name))])]),
    element('tbody', '', {}, rows.map((row) => row.root)),
  ]);
  return {
    root,
    /** @param {number[]|null} before */
    show(before, after) {
      rows.forEach(({ cells }, k) => {
        const change = before ? after[k] - before[k] : NaN;
        setText(cells.before, before ? formatLoss(before[k], text) : '');
        setText(cells.after, after ? formatLoss(after[k], text) : '');
        setText(cells.change, Number.isFinite(change) ? `${change >= 0.000005 ? '+' : ''}${formatLoss(change, text)}` : '');
      });
    },
  };
}

/**
 * @param {HTMLElement} parent where the panel goes
 * @param {Object} view `steps`: whether the mode is on
 * @param {{ask: (iteration: number) => void, frame: () => number, pause: () => void, show: (source: Object, index: number) => void,
 *   leave: () => void, highlight: (rows: string[]) => void}} host
 */
function createSteps(parent, text, view, host) {
  const words = text.steps;
  const title = element('h3', '');
  const said = element('p', 'said', { 'aria-live': 'polite' });
  const losses = createLosses(text);
  const buttons = [['back', -1], ['d', 1], ['g', 1], ['both', 2]].map(([name, by]) => {
    const { label, help } = words[name];
    const root = element('button', `turn ${name}`, { type: 'button', title: help, 'aria-label': `${label}: ${help}` }, [label]);
    root.addEventListener('click', () => press(name, by));
    return { name, root };
  });
  const row = element('div', 'turns', { role: 'group', 'aria-label': words.title }, buttons.map((button) => button.root));
  const panel = element('section', 'steps', { 'aria-label': words.title, hidden: '' }, [title, row, said, losses.root]);
  parent.prepend(panel);

  let run = null;
  let windows = []; // the newest last
  let half = null; // the half-step that is shown; null: a recorded state is
  let waiting = null; // {iteration, half, turns}: what is asked for, and what to show once it is there; half null: nothing

  const isOn = () => view.get('steps') === true && Boolean(run && run.meta.steps);
  const windowOf = (number) => windows.findLast((each) => each.first <= number && number <= each.last);
  const lastHalf = () => 2 * run.iteration[run.meta.frames - 1];
  /** Where the next turn starts from. */
  const here = () => (half === null ? 2 * run.iteration[host.frame()] : half);

  function ask(iteration, number, turns) {
    waiting = { iteration, half: number, turns };
    host.ask(iteration);
  }

  /** Asks for what comes next before it is needed. */
  function lookAhead() {
    if (waiting) return;
    const ahead = Math.min(half + AHEAD, lastHalf());
    const behind = Math.max(half - AHEAD, 2 * run.iteration[0]);
    const current = windowOf(half);
    if (!windowOf(ahead) && !current.steps.ends) ask(iterationOf(ahead), null);
    else if (!windowOf(behind)) ask(iterationOf(behind), null);
  }

  function press(name, by) {
    const from = here();
    if ((name === 'd' && isAfterD(from)) || (name === 'g' && !isAfterD(from))) {
      setText(said, name === 'd' ? words.g_next : words.d_next);
      return;
    }
    host.pause();
    const current = windowOf(from);
    const to = from + by;
    if (to < 2 * run.iteration[0]) setText(said, words.begins);
    else if (to > lastHalf() || (current && current.steps.ends && to > current.last)) setText(said, words.ends);
    else go(to, by);
  }

  /** Shows a half-step, now or as soon as the host has worked it out. */
  function go(number, turns) {
    const found = windowOf(number);
    if (!found) {
      ask(iterationOf(number), number, turns);
      setText(said, words.waiting);
      return;
    }
    half = number;
    found.turns = number - found.first >= turns ? turns : 0;
    tell(found, number - found.first);
    lookAhead();
  }

  function tell(source, index) {
    const { turns } = source;
    const after = source.losses(index);
    const before = turns > 0 ? source.losses(index - turns) : null;
    const changed = turns > 1 ? ['d', 'g'] : [isAfterD(half) ? 'd' : 'g'];
    const n = formatInteger(iterationOf(half));
    setText(title, fill(isAfterD(half) ? words.after_d : words.after_g, { n }));
    losses.show(before, after);
    if (before) {
      const [first, last] = [before, after].map((both) => formatLoss(both[changed[0] === 'd' ? 0 : 1], text));
      const template = turns > 1 ? words.did_both : changed[0] === 'd' ? words.did_d : words.did_g;
      const updates = changed[0] === 'd' ? source.steps.k_d : source.steps.k_g;
      setText(said, `${fill(template, { before: first, after: last })}${updates > 1 && turns === 1 ? ` ${fill(words.updates, { count: updates })}` : ''}`);
    } else setText(said, isAfterD(half) ? words.g_next : words.d_next);
    host.highlight(before ? changed : []);
    host.show(source, index);
    sync();
  }

  function sync() {
    panel.hidden = !isOn();
    if (panel.hidden) return;
    const from = here();
    const can = { back: from > 2 * run.iteration[0], d: !isAfterD(from) && from < lastHalf(), g: isAfterD(from), both: from + 2 <= lastHalf() };
    for (const { name, root } of buttons) root.setAttribute('aria-disabled', String(!can[name]));
  }

  /** A recorded state is shown. */
  function forget() {
    half = null;
    if (waiting) waiting.half = null; // it comes too late to be shown
    if (!isOn()) return;
    host.highlight([]);
    setText(title, fill(words.recorded, { n: formatInteger(run.iteration[host.frame()]) }));
    setText(said, words.d_next);
    losses.show(null, null);
    sync();
  }

  /** Turns the mode on at the shown state. */
  function enter() {
    host.pause();
    forget();
    const from = here();
    if (windowOf(from)) go(from, 0);
    else {
      ask(iterationOf(from), from, 0);
      setText(said, words.waiting);
    }
  }

  view.on('steps', () => {
    if (isOn()) {
      enter();
      return;
    }
    const was = half;
    waiting = null;
    forget();
    sync();
    if (was !== null) {
      host.highlight([]);
      host.leave();
    }
  });

  /** What the host has sent, if it is news. */
  function receive(arrays) {
    const meta = run.meta.steps;
    const answers = waiting && meta && meta.run === run.meta.run && meta.around === waiting.iteration;
    const known = windows.some((each) => each.steps.around === (meta && meta.around));
    const next = known ? null : readSteps(run, arrays);
    if (next) windows = [...windows.slice(1 - WINDOWS), next];
    if (!answers) return;
    const { half: number, turns } = waiting;
    waiting = null;
    if (meta.error) setText(said, meta.error);
    else if (number !== null) {
      const last = windowOf(2 * meta.around) || next || windows[windows.length - 1];
      if (windowOf(number)) go(number, turns);
      else if (last) go(Math.max(last.first, Math.min(number, last.last)), 0);
    }
  }

  return {
    /** @returns {boolean} whether a half-step is shown: then the caller does not draw the recorded frame */
    get shows() { return half !== null; },
    get isOn() { return isOn(); },
    press: (name) => press(name, { back: -1, d: 1, g: 1, both: 2 }[name]),
    forget,
    setRun(next, arrays) {
      const isFirst = run === null;
      const same = run && run.meta.run === next.meta.run;
      run = next;
      if (!same) {
        windows = [];
        waiting = null;
        half = null;
      }
      receive(arrays);
      if (half !== null) {
        const found = windowOf(half);
        if (found) tell(found, half - found.first);
      } else if (isFirst && isOn()) enter(); // as a link has it
      else if (!same && isOn()) forget();
      else sync();
    },
  };
}
