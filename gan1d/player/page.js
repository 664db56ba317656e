/** The player in a page of its own, without a host: unpacks the runs that the page carries, and plays them. */

/** Bytes of base64 text. */
function bytesOf(base64) {
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

/** Numbers from the planes of their bytes. */
function fromPlanes(planes, size) {
  const count = planes.length / size;
  const bytes = new Uint8Array(planes.length);
  for (let plane = 0; plane < size; plane++) {
    for (let i = 0; i < count; i++) bytes[size * i + plane] = planes[plane * count + i];
  }
  return bytes.buffer;
}

/** Undoes the differences along each row, in place: sums modulo 65536. */
function summedUp(codes, rows, width, order) {
  if (order) for (let i = 0; i < codes.length; i++) codes[i] = (codes[i] >>> 1) ^ -(codes[i] & 1);
  for (let pass = 0; pass < order; pass++) {
    for (let row = 0; row < rows; row++) {
      for (let i = row * width + 1; i < (row + 1) * width; i++) codes[i] += codes[i - 1];
    }
  }
  return codes;
}

/**
 * What `gan1d/render/page_data.py` has packed.
 * @param {string} base64
 * @returns {Promise<{meta: Object, arrays: Object<string, Float32Array|Uint16Array>}>}
 */
async function unpackRun(base64) {
  const packed = new Response(new Blob([bytesOf(base64)]).stream().pipeThrough(new DecompressionStream('gzip')));
  const buffer = await packed.arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const { meta, arrays } = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let at = 4 + length;
  const read = ([name, type, rows, width, order]) => {
    const size = type === 'uint16' ? 2 : 4;
    const data = fromPlanes(new Uint8Array(buffer, at, rows * width * size), size);
    at += rows * width * size;
    return [name, type === 'uint16' ? summedUp(new Uint16Array(data), rows, width, order) : new Float32Array(data)];
  };
  return { meta, arrays: Object.fromEntries(arrays.map(read)) };
}

/**
 * Plays a packed run, or a packed comparison, in an element; what stood in it is there until the first picture.
 * @param {HTMLElement} root
 * @param {string} base64
 * @param {Object} [more] metadata of the page's own, as `view`
 * @returns {Promise<{update: Function, destroy: Function}>}
 */
async function mountRun(root, base64, more = {}) {
  const { meta, arrays } = await unpackRun(base64);
  return (meta.runs ? createComparison : createPlayer)(root, { meta: { ...meta, ...more }, arrays });
}

/** A button that takes the page from light to dark and back; it is there once it works. */
function startThemeButton(button) {
  const root = document.documentElement;
  const systemIsDark = () => matchMedia('(prefers-color-scheme: dark)').matches;
  button.hidden = false;
  button.addEventListener('click', () => {
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : systemIsDark();
    root.dataset.theme = dark ? 'light' : 'dark';
  });
}

/**
 * In a frame of somebody else's page: tells its owner how high the page is, and takes the theme that the owner says it has.
 * Whoever frames a page may do so; nothing else is heard or told.
 */
function startFrame(page) {
  const tell = () => window.parent.postMessage({ gan1d: 'height', height: Math.ceil(page.getBoundingClientRect().height) }, '*');
  window.addEventListener('message', ({ source, data }) => {
    const theme = source === window.parent && data && data.gan1d === 'theme' && data.theme;
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  });
  new ResizeObserver(tell).observe(page);
}

/** Starts what a page of `gan1d/render/page.py` has in it; where the player cannot be had, its picture and a sentence take its place. */
async function startPage(page) {
  page.querySelectorAll('.page-theme').forEach(startThemeButton);
  const root = page.querySelector('[data-gan1d-player]');
  if ('embedded' in root.dataset && window.parent !== window) startFrame(page.querySelector('.page'));
  try {
    await mountRun(root, page.getElementById(root.dataset.run).textContent.trim());
  } catch (error) {
    const still = root.querySelector('noscript');
    const shown = still && new DOMParser().parseFromString(still.textContent, 'text/html').querySelector('img');
    root.replaceChildren(...(shown ? [shown] : []), element('p', 'page-note', { role: 'alert' }, [root.dataset.failed]));
    console.warn(error);
  }
}
