/** Samples to pick from: each is a button. What a press means is chosen beside: of several roles, the pressed one. */

const picked = new WeakMap(); // parent element -> {root, pictures, calls, update}

function createPicker(root, tell) {
  let data = null;
  let role = null;
  let chosen = {};
  const roles = element('div', 'roles', { role: 'group' });
  const canvas = element('canvas', '', { 'aria-hidden': 'true', width: '1', height: '1' });
  const cells = element('div', 'cells', { role: 'group' });
  root.replaceChildren(roles, element('div', 'board', {}, [canvas, cells]));
  const pictures = createPictures(draw);

  function draw() {
    const image = data && pictures.get(data.picture);
    if (image) paint(canvas, image, root.clientWidth);
    cells.style.width = canvas.style.width;
  }

  function marks(index) {
    return data.roles.filter((one) => (chosen[one.id] || []).includes(index)).map((one) => one.mark);
  }

  function sync() {
    roles.setAttribute('aria-label', data.text.roles);
    roles.hidden = data.roles.length < 2;
    roles.replaceChildren(...data.roles.map((one) => {
      const button = element('button', 'chip', { type: 'button', 'aria-pressed': String(one.id === role) }, [one.label]);
      button.addEventListener('click', () => {
        role = one.id;
        sync();
        roles.querySelector('[aria-pressed=true]').focus();
      });
      return button;
    }));
    cells.setAttribute('aria-label', data.text.cells);
    [...cells.children].forEach((cell, index) => {
      const letters = marks(index);
      setText(cell, letters.join(''));
      cell.classList.toggle('on', letters.length > 0);
      cell.setAttribute('aria-label', `${data.text.sample} ${index + 1}${letters.length ? `: ${letters.join(', ')}` : ''}`);
    });
  }

  function press(index) {
    const one = data.roles.find((known) => known.id === role);
    const now = chosen[role] || [];
    let next = now.includes(index) ? now.filter((other) => other !== index) : [...now, index].slice(-one.most);
    if (!next.length) next = [index]; // each role keeps one
    chosen = { ...chosen, [role]: next };
    const at = data.roles.indexOf(one);
    if (one.most === 1 && data.roles.length > 1) role = data.roles[(at + 1) % data.roles.length].id;
    sync();
    tell(chosen);
  }

  function update(next) {
    const another = !data || next.roles.map((one) => one.id).join() !== data.roles.map((one) => one.id).join();
    data = next;
    if (another) {
      role = data.roles[0].id;
      chosen = { ...data.picked };
    }
    if (cells.children.length !== data.count) {
      cells.style.setProperty('--columns', String(data.columns));
      cells.replaceChildren(...Array.from({ length: data.count }, (_, index) => {
        const cell = element('button', 'cell', { type: 'button' });
        cell.addEventListener('click', () => press(index));
        return cell;
      }));
    }
    pictures.want([data.picture]);
    sync();
    draw();
  }

  // Arrow keys go from sample to sample.
  cells.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -data.columns, ArrowDown: data.columns }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const all = [...cells.children];
    all[Math.max(0, Math.min(all.length - 1, all.indexOf(event.target) + by))].focus();
  });

  const observer = new ResizeObserver(draw);
  observer.observe(root);
  return {
    update,
    destroy() {
      observer.disconnect();
      pictures.destroy();
    },
  };
}

export default function mount({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector('[data-picker]');
  let entry = picked.get(parentElement);
  if (entry && entry.root !== root) {
    entry.picker.destroy();
    entry = null;
  }
  if (!entry) {
    entry = { root, calls: 0, picker: createPicker(root, (chosen) => setStateValue('picked', chosen)) };
    picked.set(parentElement, entry);
  }
  entry.calls += 1;
  entry.picker.update(data);
  const call = entry.calls;
  return () => setTimeout(() => {
    if (entry.calls !== call || picked.get(parentElement) !== entry) return;
    picked.delete(parentElement);
    entry.picker.destroy();
  });
}
