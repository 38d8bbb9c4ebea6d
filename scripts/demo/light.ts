/** What a landscape is drawn from: a place to draw on, and the light of an hour. */
import type { Canvas, Colour } from './drawing.ts';

export interface Light {
  readonly name: string;
  readonly sky: readonly Colour[];
  readonly sun: Colour;
  readonly far: Colour;
  readonly near: Colour;
}

export const LIGHTS: readonly [Light, ...Light[]] = [
  {
    name: 'at dawn',
    sky: [
      [58, 82, 140],
      [158, 148, 190],
      [246, 190, 168],
      [255, 226, 184],
    ],
    sun: [255, 226, 170],
    far: [196, 168, 186],
    near: [38, 42, 66],
  },
  {
    name: 'in the evening',
    sky: [
      [36, 44, 92],
      [134, 74, 120],
      [238, 118, 88],
      [255, 196, 120],
    ],
    sun: [255, 190, 104],
    far: [196, 110, 110],
    near: [30, 22, 44],
  },
  {
    name: 'at noon',
    sky: [
      [52, 122, 198],
      [112, 172, 226],
      [196, 224, 242],
    ],
    sun: [255, 250, 224],
    far: [150, 188, 214],
    near: [26, 58, 62],
  },
  {
    name: 'in the mist',
    sky: [
      [146, 164, 176],
      [186, 198, 202],
      [222, 226, 222],
    ],
    sun: [255, 248, 230],
    far: [192, 204, 206],
    near: [40, 58, 60],
  },
  {
    name: 'in the blue hour',
    sky: [
      [14, 22, 58],
      [36, 58, 116],
      [104, 124, 178],
      [196, 172, 190],
    ],
    sun: [226, 214, 236],
    far: [84, 100, 152],
    near: [12, 18, 38],
  },
];

export interface Drawn {
  readonly body: string;
  readonly altText: string;
  readonly caption: string;
}

export type Scene = (canvas: Canvas, light: Light) => Drawn;
