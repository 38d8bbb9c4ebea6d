/** Mountains, fields and dunes. */
import {
  below,
  blur,
  broadleaf,
  clouds,
  css,
  gradient,
  mix,
  pine,
  ridgeLine,
  sky,
  sun,
  type Colour,
} from './drawing.ts';
import type { Scene } from './light.ts';

export const mountains: Scene = (canvas, light) => {
  const { width, height, random } = canvas;
  const place = { x: random.between(0.2, 0.8) * width, y: random.between(0.24, 0.4) * height, radius: width * 0.022 };
  const layers = 6;
  const ridges = Array.from({ length: layers }, (_, index) => {
    const part = index / (layers - 1);
    const line = ridgeLine(canvas, {
      base: height * (0.52 + part * 0.36),
      rise: height * (0.2 - part * 0.08),
      rough: 0.5 + part * 0.04,
    });
    const colour = mix(light.far, light.near, part ** 0.9);
    const fill = gradient(canvas, [
      [0, css(colour)],
      [1, css(mix(colour, light.far, 0.45 - part * 0.4))],
    ]);
    const ridge = below(canvas, line, fill, part < 0.3 ? blur(canvas, 1.6) : '');
    if (part < 0.7) return ridge;
    const trees = Array.from({ length: 26 + index * 16 }, () => {
      const spot = Math.floor(random.next() * line.length);
      const size = height * random.between(0.03, 0.075) * (part + 0.2);
      return pine(
        canvas,
        { x: (spot / line.length) * width, y: (line[spot] ?? 0) + size * 0.12, height: size },
        css(mix(colour, [0, 0, 0], 0.15)),
      );
    });
    return trees.join('') + ridge;
  });
  const body =
    sky(canvas, light.sky, height) +
    clouds(canvas, { top: height * 0.1, bottom: height * 0.4, count: 5 }, [255, 244, 236], 0.3) +
    sun(canvas, place, light.sun) +
    ridges.join('');
  const caption = random.pick([
    'Six hours up, one minute to take it.',
    'The ridge line this morning',
    'No signal, no problem.',
    'Worth every step.',
  ]);
  return { body, caption, altText: `Mountain ridges behind a dark forest, ${light.name}` };
};

export const fields: Scene = (canvas, light) => {
  const { width, height, random } = canvas;
  const palette = random.pick<readonly [Colour, Colour, Colour]>([
    [
      [206, 176, 84],
      [166, 150, 62],
      [104, 122, 52],
    ],
    [
      [126, 164, 74],
      [86, 138, 62],
      [46, 96, 48],
    ],
    [
      [182, 140, 190],
      [140, 96, 168],
      [86, 62, 124],
    ],
  ]);
  const hills = [0.56, 0.66, 0.78].map((base, index) => {
    const line = ridgeLine(canvas, { base: height * base, rise: height * 0.055, rough: 0.24 });
    const colour = palette[index] ?? palette[2];
    const fill = gradient(canvas, [
      [0, css(mix(colour, light.sun, 0.28))],
      [1, css(mix(colour, light.near, 0.35))],
    ]);
    return below(canvas, line, fill);
  });
  const rows = Array.from({ length: 34 }, (_, index) => {
    const foot = ((index - 17) / 17) * width * 1.6 + width / 2;
    return `<path d="M${width / 2 + ((index - 17) / 17) * width * 0.3},${height * 0.8} L${foot},${height * 1.04}" stroke="${css(mix(palette[2], light.near, 0.4), 0.4)}" stroke-width="9"/>`;
  });
  const flowers = Array.from({ length: 420 }, () => {
    const depth = random.next() ** 0.7;
    const colour = random.pick<Colour>([[222, 62, 50], [240, 96, 70], [250, 232, 190], palette[0]]);
    return `<circle cx="${random.between(0, width)}" cy="${height * (0.84 + depth * 0.17)}" r="${2 + depth * 9}" fill="${css(colour, 0.85)}"/>`;
  });
  const tree = { x: width * random.between(0.24, 0.76), y: height * 0.74, height: height * random.between(0.2, 0.3) };
  const leaves = [mix(palette[2], light.near, 0.6), palette[2], palette[1], mix(palette[0], light.sun, 0.2)];
  const body = [
    sky(canvas, light.sky, height * 0.7),
    clouds(canvas, { top: height * 0.08, bottom: height * 0.42, count: 8 }, [255, 252, 246], 0.55),
    sun(canvas, { x: width * random.between(0.15, 0.85), y: height * 0.3, radius: width * 0.018 }, light.sun, 0.6),
    ...hills,
    broadleaf(canvas, tree, leaves, mix(light.near, [60, 40, 24], 0.5)),
    ...rows,
    ...flowers,
  ].join('');
  const caption = random.pick([
    'Wind in the fields, nothing else.',
    'The tree that everybody stops for.',
    'Summer, unedited',
    'Took the long way round.',
  ]);
  return { body, caption, altText: `A lone tree over flowering fields, ${light.name}` };
};

export const dunes: Scene = (canvas, light) => {
  const { width, height, random } = canvas;
  const sand: Colour = random.pick<Colour>([
    [226, 160, 96],
    [214, 146, 104],
    [232, 186, 130],
  ]);
  const layers = [0.5, 0.6, 0.72, 0.86].map((base, index) => {
    const line = ridgeLine(canvas, { base: height * base, rise: height * 0.1, rough: 0.2 });
    const lit = mix(mix(light.far, sand, 0.5 + index * 0.16), light.sun, 0.24);
    const shade = mix(lit, light.near, 0.66);
    const crest = line.map((y, at) => y + height * (0.02 + 0.05 * Math.abs(Math.sin(at / 22 + index * 2))));
    return (
      below(
        canvas,
        line,
        gradient(canvas, [
          [0, css(lit)],
          [1, css(mix(lit, shade, 0.4))],
        ]),
      ) +
      below(
        canvas,
        crest,
        gradient(canvas, [
          [0, css(shade, 0.62)],
          [0.5, css(shade, 0.05)],
        ]),
      )
    );
  });
  const body = [
    sky(canvas, light.sky, height * 0.66),
    sun(
      canvas,
      { x: width * random.between(0.2, 0.8), y: height * random.between(0.2, 0.36), radius: width * 0.03 },
      light.sun,
    ),
    ...layers,
  ].join('');
  const caption = random.pick([
    'Sand in my shoes until spring.',
    'Shapes the wind made last night.',
    'Quiet like nothing else.',
    'Walk on the crest, they said.',
  ]);
  return { body, caption, altText: `Sand dunes with sharp crests and long shadows, ${light.name}` };
};
