/** The sea, a city at night, and northern lights. */
import {
  below,
  blur,
  clouds,
  css,
  glints,
  gradient,
  mix,
  pine,
  ridgeLine,
  sky,
  stars,
  sun,
  type Canvas,
  type Colour,
} from './drawing.ts';
import type { Scene } from './light.ts';

export const sea: Scene = (canvas, light) => {
  const { width, height, random } = canvas;
  const horizon = height * random.between(0.46, 0.58);
  const x = random.between(0.3, 0.7) * width;
  const top = light.sky[0] ?? light.far;
  const last = light.sky.at(-1) ?? light.far;
  const water = gradient(canvas, [
    [0, css(mix(last, light.far, 0.4))],
    [0.3, css(mix(light.far, light.near, 0.35))],
    [1, css(mix(top, light.near, 0.7))],
  ]);
  const island = ridgeLine(canvas, { base: horizon + 4, rise: height * 0.035, rough: 0.5 }).map((y, index, all) => {
    const part = index / all.length;
    const edge = Math.min(1, Math.max(0, (0.34 - Math.abs(part - 0.22)) * 6));
    return horizon + 4 - Math.max(0, horizon + 4 - y + height * 0.012) * edge;
  });
  const boatX = random.between(0.52, 0.84) * width;
  const boat = height * 0.07;
  const boatY = horizon + height * 0.055;
  const sail = css(mix(light.near, [255, 255, 255], 0.12));
  const body = [
    sky(canvas, light.sky, horizon + 2),
    clouds(canvas, { top: height * 0.08, bottom: horizon * 0.8, count: 6 }, [255, 240, 230], 0.36),
    sun(canvas, { x, y: horizon - height * random.between(0.03, 0.14), radius: width * 0.026 }, light.sun),
    below(
      canvas,
      island.map((y) => Math.min(y, horizon + 3)),
      css(mix(light.far, light.near, 0.5)),
      blur(canvas, 1),
    ),
    `<rect y="${horizon}" width="${width}" height="${height - horizon}" fill="${water}"/>`,
    glints(
      canvas,
      { x, top: horizon + 3, bottom: height, spread: width * 0.2, count: 620 },
      mix(light.sun, [255, 255, 255], 0.3),
    ),
    glints(canvas, { x: width / 2, top: horizon + 6, bottom: height, spread: width * 0.9, count: 420 }, light.near),
    `<path d="M${boatX},${boatY - boat} L${boatX},${boatY - boat * 0.12} L${boatX - boat * 0.42},${boatY - boat * 0.12}z M${boatX + 4},${boatY - boat * 0.86} L${boatX + 4},${boatY - boat * 0.12} L${boatX + boat * 0.28},${boatY - boat * 0.12}z" fill="${sail}"/>`,
    `<path d="M${boatX - boat * 0.46},${boatY - boat * 0.07} h${boat * 0.86} l${-boat * 0.1},${boat * 0.12} h${-boat * 0.62}z" fill="${css(light.near)}"/>`,
  ].join('');
  const caption = random.pick([
    'Salt on everything.',
    'One sail, no plan.',
    'The tide was on our side today',
    'Listening more than looking.',
  ]);
  return { body, caption, altText: `A small sailing boat on a calm sea, ${light.name}` };
};

/** A row of houses with lit windows; `near` is 1 for the row at the water. */
function houses({ width, height, random }: Canvas, shore: number, near: number): string {
  const wall: Colour = mix([56, 52, 98], [14, 14, 30], near);
  let blocks = '';
  for (let x = -width * 0.02; x < width; ) {
    const wide = width * random.between(0.035, 0.085);
    const tall = height * random.between(0.12, 0.34 + (1 - near) * 0.2) * (random.next() < 0.1 ? 1.5 : 1);
    blocks += `<rect x="${x}" y="${shore - tall}" width="${wide}" height="${tall}" fill="${css(wall)}"/>`;
    const pane = width * 0.0052;
    for (let y = shore - tall + pane * 2; y < shore - pane * 2; y += pane * 2.3) {
      for (let left = x + pane; left < x + wide - pane * 1.6; left += pane * 2) {
        if (random.next() > 0.38 * near + 0.06) continue;
        const lamp = random.pick<Colour>([
          [255, 214, 140],
          [255, 190, 110],
          [255, 236, 200],
          [160, 206, 255],
        ]);
        blocks += `<rect x="${left.toFixed(1)}" y="${y.toFixed(1)}" width="${pane}" height="${(pane * 1.25).toFixed(1)}" fill="${css(lamp, random.between(0.45, 1) * (0.4 + near * 0.6))}"/>`;
      }
    }
    x += wide + width * random.between(-0.004, 0.012);
  }
  return blocks;
}

export const city: Scene = (canvas) => {
  const { width, height, random } = canvas;
  const shore = height * 0.76;
  const rows = [0.35, 0.65, 1].map((near) => houses(canvas, shore, near));
  const lights = Array.from({ length: 60 }, () => {
    const x = random.between(0, width);
    const colour = random.pick<Colour>([
      [255, 196, 110],
      [255, 120, 120],
      [130, 190, 255],
      [255, 226, 180],
    ]);
    const long = random.between(0.3, 1) * (height - shore);
    return `<rect x="${x}" y="${shore + 2}" width="${random.between(2, 9)}" height="${long}" fill="${gradient(canvas, [
      [0, css(colour, 0.6)],
      [1, css(colour, 0)],
    ])}"/>`;
  });
  const body = [
    sky(
      canvas,
      [
        [8, 10, 30],
        [24, 24, 66],
        [88, 50, 104],
        [208, 112, 116],
      ],
      shore,
    ),
    stars(canvas, shore * 0.6, 160),
    sun(
      canvas,
      { x: width * random.between(0.15, 0.85), y: height * 0.16, radius: width * 0.018 },
      [250, 240, 220],
      0.5,
    ),
    ...rows,
    `<rect y="${shore}" width="${width}" height="${height - shore}" fill="${gradient(canvas, [
      [0, css([52, 36, 76])],
      [1, css([8, 8, 22])],
    ])}"/>`,
    `<g ${blur(canvas, 2.4)}>${lights.join('')}</g>`,
    glints(canvas, { x: width / 2, top: shore + 4, bottom: height, spread: width, count: 260 }, [14, 12, 30]),
  ].join('');
  const caption = random.pick([
    'City that never asks what time it is.',
    'Long exposure, short walk home.',
    'Every window a story',
    'Last ferry.',
  ]);
  return { body, caption, altText: 'A city skyline at night, its lights mirrored in the river' };
};

export const aurora: Scene = (canvas) => {
  const { width, height, random } = canvas;
  const hue = random.pick<readonly [Colour, Colour]>([
    [
      [90, 255, 170],
      [60, 160, 255],
    ],
    [
      [120, 255, 150],
      [210, 90, 255],
    ],
    [
      [80, 240, 220],
      [120, 110, 255],
    ],
  ]);
  const curtains = Array.from({ length: 4 }, (_, index) => {
    const line = ridgeLine(canvas, { base: height * (0.3 + index * 0.06), rise: height * 0.12, rough: 0.34 });
    return line
      .map((y, at) => {
        const tall = height * random.between(0.1, 0.3);
        const colour = mix(hue[0], hue[1], random.next() * 0.5 + index * 0.12);
        return `<rect x="${((at / line.length) * width).toFixed(1)}" y="${(y - tall).toFixed(1)}" width="${(width / line.length) * 1.8}" height="${tall.toFixed(1)}" fill="${css(colour, random.between(0.03, 0.17))}"/>`;
      })
      .join('');
  });
  const shore = height * 0.74;
  const trees = Array.from({ length: 90 }, () =>
    pine(
      canvas,
      {
        x: random.between(-0.02, 1.02) * width,
        y: shore + random.between(0, 10),
        height: height * random.between(0.05, 0.17),
      },
      '#04070d',
    ),
  );
  const veil = `<g ${blur(canvas, width / 80)}>${curtains.join('')}</g>`;
  const body = [
    sky(
      canvas,
      [
        [3, 8, 26],
        [8, 22, 48],
        [22, 52, 72],
      ],
      shore,
    ),
    stars(canvas, shore * 0.9, 340),
    veil,
    `<rect y="${shore}" width="${width}" height="${height - shore}" fill="#040a16"/>`,
    `<g transform="translate(0 ${shore * 2}) scale(1 -1)" opacity="0.42">${veil}</g>`,
    `<rect y="${shore - 1}" width="${width}" height="8" fill="#04070d"/>`,
    ...trees,
    glints(
      canvas,
      { x: width / 2, top: shore + 12, bottom: height, spread: width, count: 240 },
      mix(hue[0], [255, 255, 255], 0.2),
    ),
  ].join('');
  const caption = random.pick([
    '−18 °C and nobody wanted to go in.',
    'The sky did that. For two hours.',
    'Green light means go outside',
    'Third night lucky.',
  ]);
  return { body, caption, altText: 'Northern lights over a dark forest, mirrored in a lake' };
};
