/** Where the direct labels stand: near their curves, inside the picture, never on each other. */

const LABEL_GAP = 4; // px between a label and anything else

/** @typedef {{left: number, top: number, width: number, height: number}} Box */

function overlaps(a, b) {
  return a.left < b.left + b.width + LABEL_GAP && b.left < a.left + a.width + LABEL_GAP
    && a.top < b.top + b.height + LABEL_GAP && b.top < a.top + a.height + LABEL_GAP;
}

function clampBox(box, area) {
  return {
    ...box,
    left: Math.max(0, Math.min(area.width - box.width, box.left)),
    top: Math.max(0, Math.min(area.height - box.height, box.top)),
  };
}

function free(box, obstacles, area) {
  return box.left >= 0 && box.top >= 0 && box.left + box.width <= area.width && box.top + box.height <= area.height
    && !obstacles.some((other) => overlaps(box, other));
}

/** A box centred over a point of a curve. */
function above(point, size) {
  return { left: point.x - size.width / 2, top: point.y - size.height - LABEL_GAP, ...size };
}

/**
 * The first candidate that is free, beginning with the one taken last time: a label changes its place only when it must.
 * @returns {number} its index, or -1 where there is no room
 */
function firstFree(candidates, obstacles, area, previous) {
  const fits = (box) => free(box, obstacles, area);
  if (previous in candidates && fits(candidates[previous])) return previous;
  return candidates.findIndex(fits);
}

/** Candidates around a wanted box: itself, then beside, over and under each obstacle. */
function around(box, obstacles, area) {
  const moved = obstacles.flatMap((other) => [
    { ...box, left: other.left - box.width - LABEL_GAP },
    { ...box, left: other.left + other.width + LABEL_GAP },
    { ...box, top: other.top - box.height - LABEL_GAP },
    { ...box, top: other.top + other.height + LABEL_GAP },
  ]);
  return [box, ...moved].map((candidate) => clampBox(candidate, area));
}

/** Moves a label's box out of the obstacles by the shortest way; a side once taken is kept while it is nearly as short. */
function pushedAside(box, obstacles, area, previous) {
  const candidates = around(box, obstacles, area);
  let choice = 0;
  let shortest = Infinity;
  candidates.forEach((candidate, index) => {
    if (!free(candidate, obstacles, area)) return;
    const preference = index === 0 ? Infinity : index === previous ? box.width / 2 : 0;
    const way = Math.hypot(candidate.left - box.left, candidate.top - box.top) - preference;
    if (way < shortest) {
      shortest = way;
      choice = index;
    }
  });
  return { box: candidates[choice], choice };
}

/** Whether a line runs through a box. */
function crosses(line, box) {
  return [0, 0.25, 0.5, 0.75, 1].some((part) => {
    const height = line(box.left + part * box.width);
    return height > box.top - LABEL_GAP && height < box.top + box.height + LABEL_GAP;
  });
}

/** Over and under a line: near its right end, then at other places along it, as `parts` of the width say; clear of another line. */
function besideLine({ line, size, parts = [1, 0, 0.75, 0.25], clear = null }, area) {
  const places = parts.map((part) => LABEL_GAP + part * (area.width - size.width - 2 * LABEL_GAP));
  return places.flatMap((left) => {
    // The label is as wide as a piece of the line, and must clear the whole piece.
    const heights = [0, 0.25, 0.5, 0.75, 1].map((part) => line(left + part * size.width)).filter(Number.isFinite);
    if (!heights.length) return [];
    return [
      { left, top: Math.min(...heights) - size.height - LABEL_GAP, ...size },
      { left, top: Math.max(...heights) + LABEL_GAP, ...size },
    ].filter((box) => !clear || !crosses(clear, box));
  });
}

/**
 * Keeps labels apart. Each wants a box, or a place along a line; who comes later yields to who came before.
 * @typedef {{name: string, box?: Box, line?: (x: number) => number, size?: {width: number, height: number}, parts?: number[],
 *   clear?: (x: number) => number}} Wanted
 */
function createPlacement() {
  const choices = new Map(); // name -> the candidate taken last time
  return {
    /**
     * @param {{width: number, height: number}} area where labels may stand
     * @param {Box[]} marks boxes that are already taken
     * @param {Wanted[]} wanted the most important first
     * @returns {Map<string, Box>} none for a label that there is no room for
     */
    place(area, marks, wanted) {
      const taken = [...marks];
      const boxes = new Map();
      for (const want of wanted) {
        const previous = choices.get(want.name) || 0;
        let box = null;
        if (want.box) {
          const placed = pushedAside(clampBox(want.box, area), taken, area, previous);
          choices.set(want.name, placed.choice);
          if (free(placed.box, taken, area)) box = placed.box;
        } else {
          const candidates = besideLine(want, area);
          const choice = firstFree(candidates, taken, area, previous);
          if (choice >= 0) {
            choices.set(want.name, choice);
            box = candidates[choice];
          }
        }
        if (!box) continue;
        boxes.set(want.name, box);
        taken.push(box);
      }
      return boxes;
    },
  };
}
