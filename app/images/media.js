/** Pictures that the server keeps beside its pages: fetched once, and drawn when they have come. */

/** An address of the server's pictures as this page reaches the server, behind a proxy or under a path too. */
function mediaUrl(address) {
  if (!address.startsWith('/')) return address; // a data URL
  const script = document.querySelector('script[type="module"][src*="static/js/"]');
  return new URL(`../..${address}`, script ? script.src : new URL('/static/js/', location.href)).href;
}

const AT_ONCE = 4; // pictures that are fetched side by side

/** @param {() => void} onLoad a picture has come */
function createPictures(onLoad) {
  const known = new Map(); // address -> Image
  let wanted = [];
  let running = 0;
  let ended = false;

  function fetchNext() {
    while (running < AT_ONCE && wanted.length && !ended) {
      const address = wanted.shift();
      if (known.has(address)) continue;
      const image = new Image();
      known.set(address, image);
      running += 1;
      image.onload = image.onerror = () => {
        running -= 1;
        if (ended) return;
        onLoad();
        fetchNext();
      };
      image.src = mediaUrl(address);
    }
  }

  return {
    /** The picture, where it has come. */
    get(address) {
      const image = known.get(address);
      return image && image.complete && image.naturalWidth ? image : null;
    },
    /** Fetches these, in this order, and lets go of all others. */
    want(addresses) {
      const keep = new Set(addresses);
      for (const address of [...known.keys()]) if (!keep.has(address)) known.delete(address);
      wanted = addresses.filter((address) => !known.has(address));
      fetchNext();
    },
    /** This one next. */
    hurry(address) {
      if (known.has(address)) return;
      wanted = [address, ...wanted.filter((other) => other !== address)];
      fetchNext();
    },
    destroy() {
      ended = true;
      known.clear();
    },
  };
}

const LARGEST = 640; // CSS pixels of a picture's width

/** Draws a picture with sharp pixels, as many screen pixels for each as there is room for. largest: CSS pixels of its width. */
function paint(canvas, image, room, largest = LARGEST) {
  if (canvas.width !== image.naturalWidth || canvas.height !== image.naturalHeight) {
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
  }
  canvas.getContext('2d').drawImage(image, 0, 0);
  const ratio = window.devicePixelRatio || 1;
  const most = Math.min(room, largest);
  const times = Math.floor((most * ratio) / image.naturalWidth);
  canvas.style.width = `${times >= 1 ? (times * image.naturalWidth) / ratio : most}px`;
}
