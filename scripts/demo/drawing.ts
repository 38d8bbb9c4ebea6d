/** Pieces of landscapes as SVG: skies, ridges, trees, water, lights. Coordinates are pixels of the picture. */
import type { Random } from './random.ts';

export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly random: Random;
  /** Gradients and filters, collected while drawing. */
  readonly definitions: string[];
}

export type Colour = readonly [red: number, green: number, blue: number];

export function css([red, green, blue]: Colour, opacity = 1): string {
  return `rgba(${Math.round(red)},${Math.round(green)},${Math.round(blue)},${opacity.toFixed(3)})`;
}

export function mix(from: Colour, to: Colour, part: number): Colour {
  const at = (index: 0 | 1 | 2): number => from[index] + (to[index] - from[index]) * part;
  return [at(0), at(1), at(2)];
}

/** Defines a vertical gradient and returns its reference. */
export function gradient(canvas: Canvas, stops: readonly (readonly [offset: number, colour: string])[]): string {
  const id = `g${canvas.definitions.length}`;
  const list = stops.map(([offset, colour]) => `<stop offset="${offset}" stop-color="${colour}"/>`).join('');
  canvas.definitions.push(`<linearGradient id="${id}" x1="0" y1="0" x2="0" y2="1">${list}</linearGradient>`);
  return `url(#${id})`;
}

export function glow(canvas: Canvas, colour: Colour, strength: number): string {
  const id = `g${canvas.definitions.length}`;
  canvas.definitions.push(
    `<radialGradient id="${id}"><stop offset="0" stop-color="${css(colour, strength)}"/>` +
      `<stop offset="0.35" stop-color="${css(colour, strength * 0.42)}"/><stop offset="1" stop-color="${css(colour, 0)}"/></radialGradient>`,
  );
  return `url(#${id})`;
}

export function blur(canvas: Canvas, amount: number): string {
  const id = `b${canvas.definitions.length}`;
  canvas.definitions.push(
    `<filter id="${id}" x="-20%" y="-20%" width="140%" height="140%"><feGaussianBlur stdDeviation="${amount}"/></filter>`,
  );
  return `filter="url(#${id})"`;
}

export function sky(canvas: Canvas, colours: readonly Colour[], until: number): string {
  const fill = gradient(
    canvas,
    colours.map((colour, index) => [index / (colours.length - 1), css(colour)] as const),
  );
  return `<rect width="${canvas.width}" height="${until}" fill="${fill}"/>`;
}

export function sun(
  canvas: Canvas,
  at: { x: number; y: number; radius: number },
  colour: Colour,
  strength = 0.85,
): string {
  const { x, y, radius } = at;
  return (
    `<circle cx="${x}" cy="${y}" r="${radius * 9}" fill="${glow(canvas, colour, strength)}"/>` +
    `<circle cx="${x}" cy="${y}" r="${radius}" fill="${css(mix(colour, [255, 255, 255], 0.6))}"/>`
  );
}

/** The heights of a mountainous line, by halving and disturbing; `rough` is how much of the disturbance stays each time. */
export function ridgeLine(canvas: Canvas, shape: { base: number; rise: number; rough: number }): number[] {
  const { random } = canvas;
  let heights = [random.between(-0.5, 0.5), random.between(0.3, 1), random.between(-0.5, 0.5)];
  let spread = 0.9;
  while (heights.length < 200) {
    const finer: number[] = [];
    for (const [index, height] of heights.entries()) {
      finer.push(height);
      const next = heights[index + 1];
      if (next !== undefined) finer.push((height + next) / 2 + random.between(-spread, spread) / 2);
    }
    heights = finer;
    spread *= shape.rough;
  }
  return heights.map((height) => shape.base - height * shape.rise);
}

export function below(canvas: Canvas, line: readonly number[], fill: string, more = ''): string {
  const step = canvas.width / (line.length - 1);
  const points = line.map((y, index) => `${(index * step).toFixed(1)},${y.toFixed(1)}`).join(' ');
  return `<polygon points="0,${canvas.height} ${points} ${canvas.width},${canvas.height}" fill="${fill}" ${more}/>`;
}

/** Soft clouds: heaps of ellipses under one blur. */
export function clouds(
  canvas: Canvas,
  place: { top: number; bottom: number; count: number },
  colour: Colour,
  opacity: number,
): string {
  const { random, width } = canvas;
  const heaps = Array.from({ length: place.count }, () => {
    const x = random.between(-0.1, 1.1) * width;
    const y = random.between(place.top, place.bottom);
    const size = random.between(0.05, 0.16) * width;
    return Array.from({ length: 9 }, () => {
      const offset = random.between(-1.6, 1.6);
      const height = size * random.between(0.1, 0.26) * (1.6 - Math.abs(offset) * 0.6);
      return `<ellipse cx="${x + offset * size}" cy="${y - height * 0.4}" rx="${size * random.between(0.4, 0.8)}" ry="${Math.max(4, height)}"/>`;
    }).join('');
  });
  return `<g fill="${css(colour, opacity)}" ${blur(canvas, width / 90)}>${heaps.join('')}</g>`;
}

export function stars(canvas: Canvas, until: number, count: number): string {
  const { random, width } = canvas;
  return Array.from({ length: count }, () => {
    const radius = random.next() ** 4 * 2.6 + 0.5;
    const y = random.next() ** 1.3 * until;
    return `<circle cx="${random.between(0, width)}" cy="${y}" r="${radius}" fill="#fff" opacity="${random.between(0.3, 1)}"/>`;
  }).join('');
}

/** A conifer as stacked, ragged tiers. */
export function pine(canvas: Canvas, at: { x: number; y: number; height: number }, fill: string): string {
  const { random } = canvas;
  const { x, y, height } = at;
  const tiers = 9;
  const left: string[] = [];
  const right: string[] = [];
  for (let tier = 0; tier < tiers; tier++) {
    const top = y - height + (height * tier) / tiers;
    const reach = height * 0.21 * ((tier + 1) / tiers) ** 0.9;
    const foot = top + (height / tiers) * 1.35;
    left.push(`${x - reach * random.between(0.75, 1.1)},${foot} ${x - reach * 0.42},${foot - height * 0.02}`);
    right.push(`${x + reach * random.between(0.75, 1.1)},${foot} ${x + reach * 0.42},${foot - height * 0.02}`);
  }
  const trunk = `<rect x="${x - height * 0.014}" y="${y - height * 0.08}" width="${height * 0.028}" height="${height * 0.1}" fill="${fill}"/>`;
  return `${trunk}<polygon points="${x},${y - height} ${left.join(' ')} ${[...right].reverse().join(' ')}" fill="${fill}"/>`;
}

/** A broad-leaved tree: a trunk that forks, a crown of many small leaves. */
export function broadleaf(
  canvas: Canvas,
  at: { x: number; y: number; height: number },
  leaves: readonly Colour[],
  trunk: Colour,
): string {
  const { random } = canvas;
  const { x, y, height } = at;
  const wood = `<path d="M${x - height * 0.035},${y} Q${x - height * 0.01},${y - height * 0.3} ${x},${y - height * 0.6} Q${x + height * 0.012},${y - height * 0.3} ${x + height * 0.035},${y}z" fill="${css(trunk)}"/>`;
  const crown = Array.from({ length: 420 }, () => {
    const angle = random.between(0, Math.PI * 2);
    const distance = Math.sqrt(random.next());
    const leafX = x + Math.cos(angle) * distance * height * 0.36;
    const leafY = y - height * 0.66 + Math.sin(angle) * distance * height * 0.33;
    // Lighter where the light falls from above left.
    const light = Math.max(
      0,
      Math.min(
        0.999,
        0.5 - Math.sin(angle) * distance * 0.4 - Math.cos(angle) * distance * 0.2 + random.between(-0.2, 0.2),
      ),
    );
    const colour = leaves[Math.floor(light * leaves.length)] ?? leaves[0] ?? trunk;
    return `<circle cx="${leafX.toFixed(1)}" cy="${leafY.toFixed(1)}" r="${(height * random.between(0.018, 0.045)).toFixed(1)}" fill="${css(colour, 0.9)}"/>`;
  });
  return wood + crown.join('');
}

/** Short horizontal strokes of light on water, denser around `x`. */
export function glints(
  canvas: Canvas,
  place: { x: number; top: number; bottom: number; spread: number; count: number },
  colour: Colour,
): string {
  const { random, height } = canvas;
  return Array.from({ length: place.count }, () => {
    const depth = random.next() ** 1.6;
    const y = place.top + depth * (place.bottom - place.top);
    const reach = (random.next() + random.next() + random.next() - 1.5) * place.spread * (0.25 + depth);
    const length = (0.004 + depth * 0.03) * height * random.between(0.4, 1.6);
    const thickness = 0.8 + depth * 4.2;
    return `<rect x="${(place.x + reach - length / 2).toFixed(1)}" y="${y.toFixed(1)}" width="${length.toFixed(1)}" height="${thickness.toFixed(1)}" rx="${(thickness / 2).toFixed(1)}" fill="${css(colour, random.between(0.15, 0.75))}"/>`;
  }).join('');
}
