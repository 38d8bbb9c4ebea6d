/** A dozen people who live on a demo server, and how they look. */
import sharp from 'sharp';
import type { Colour } from './drawing.ts';
import { css, mix } from './drawing.ts';
import { type Random, seeded } from './random.ts';

export interface DemoPerson {
  readonly username: string;
  readonly displayName: string;
  readonly bio: string;
  readonly look: 'long' | 'short' | 'beard' | 'glasses';
  /** Indices into the tones below. */
  readonly skin: number;
  readonly hair: number;
}

/** The first one is whom the demo logs in as. */
export const PEOPLE: readonly [DemoPerson, ...DemoPerson[]] = [
  {
    username: 'maya',
    displayName: 'Maya Lindqvist',
    bio: 'Early light, strong coffee. Somewhere between two trains.',
    look: 'long',
    skin: 0,
    hair: 2,
  },
  {
    username: 'tomas.reyes',
    displayName: 'Tomás Reyes',
    bio: 'Mountains mostly. Slow shutter, slower pace.',
    look: 'beard',
    skin: 1,
    hair: 0,
  },
  { username: 'aiko', displayName: 'Aiko Tanaka', bio: 'Blue hour collector', look: 'long', skin: 5, hair: 3 },
  {
    username: 'noor_h',
    displayName: 'Noor Haddad',
    bio: 'I photograph what the wind leaves behind.',
    look: 'long',
    skin: 1,
    hair: 1,
  },
  {
    username: 'jonas.b',
    displayName: 'Jonas Brandt',
    bio: 'Sailor on weekends, architect otherwise.',
    look: 'short',
    skin: 0,
    hair: 1,
  },
  {
    username: 'wren',
    displayName: 'Wren Okafor',
    bio: 'Fields, fog and one very patient dog.',
    look: 'short',
    skin: 3,
    hair: 3,
  },
  {
    username: 'lucia',
    displayName: 'Lucía Fontana',
    bio: 'Cities after midnight. Film when it matters.',
    look: 'long',
    skin: 1,
    hair: 1,
  },
  {
    username: 'sami.koski',
    displayName: 'Sami Koski',
    bio: '67°N. Yes, it is dark. That is the point.',
    look: 'beard',
    skin: 5,
    hair: 2,
  },
  {
    username: 'priya',
    displayName: 'Priya Raman',
    bio: 'Looking for the longest shadow.',
    look: 'long',
    skin: 2,
    hair: 3,
  },
  {
    username: 'elif.demir',
    displayName: 'Elif Demir',
    bio: 'Ferries, gulls, sesame rings.',
    look: 'long',
    skin: 0,
    hair: 0,
  },
  {
    username: 'oscar_w',
    displayName: 'Oscar Whitlock',
    bio: 'Retired surveyor. I still measure everything.',
    look: 'glasses',
    skin: 5,
    hair: 4,
  },
  { username: 'zoe', displayName: 'Zoë Marchetti', bio: 'Learning to see. Day 412.', look: 'short', skin: 5, hair: 5 },
];

const SKIN: readonly [Colour, ...Colour[]] = [
  [244, 206, 176],
  [226, 172, 132],
  [186, 126, 88],
  [132, 84, 58],
  [98, 62, 44],
  [250, 220, 198],
];
const HAIR: readonly [Colour, ...Colour[]] = [
  [40, 28, 24],
  [84, 52, 34],
  [176, 120, 62],
  [24, 22, 28],
  [190, 186, 180],
  [140, 58, 36],
];
const CLOTH: readonly [Colour, ...Colour[]] = [
  [200, 64, 31],
  [46, 92, 120],
  [70, 104, 72],
  [120, 72, 124],
  [214, 158, 66],
  [52, 56, 82],
];

const SIDE = 512;

export async function renderPortrait(person: DemoPerson, index: number): Promise<Uint8Array<ArrayBuffer>> {
  const random = seeded(index * 104_729 + 3);
  const rendered = await sharp(Buffer.from(portrait(person, random, index)))
    .jpeg({ quality: 88 })
    .toBuffer();
  return new Uint8Array(rendered);
}

function portrait({ look, ...tones }: DemoPerson, random: Random, index: number): string {
  const skin = SKIN[tones.skin] ?? SKIN[0];
  const hair = HAIR[tones.hair] ?? HAIR[0];
  const cloth = CLOTH[(index * 7 + 2) % CLOTH.length] ?? CLOTH[0];
  const back = mix(CLOTH[(index * 3 + 4) % CLOTH.length] ?? CLOTH[0], [255, 248, 236], 0.62);
  const shade = mix(skin, [60, 20, 10], 0.22);
  const long = look === 'long';
  const tilt = random.between(-4, 4);
  const glasses = look === 'glasses';
  const beard = look === 'beard';
  const hairBehind = long
    ? `<path d="M146,232 Q132,420 182,440 L330,440 Q380,420 366,232z" fill="${css(mix(hair, [0, 0, 0], 0.2))}"/>`
    : '';
  const top = long
    ? '<path d="M140,262 Q130,112 256,104 Q382,112 372,262 Q356,196 300,176 Q220,210 140,262z"/>'
    : '<path d="M152,236 Q138,112 258,106 Q378,110 360,236 Q348,182 316,168 Q240,184 196,172 Q160,190 152,236z"/>';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${SIDE}" height="${SIDE}" viewBox="0 0 512 512">
<defs><linearGradient id="b" x1="0" y1="0" x2="0.4" y2="1"><stop offset="0" stop-color="${css(mix(back, [255, 255, 255], 0.3))}"/><stop offset="1" stop-color="${css(mix(back, [80, 60, 60], 0.24))}"/></linearGradient></defs>
<rect width="512" height="512" fill="url(#b)"/>
<g transform="rotate(${tilt.toFixed(1)} 256 300)">${hairBehind}
<path d="M70,512 Q84,402 206,392 L306,392 Q428,402 442,512z" fill="${css(cloth)}"/>
<path d="M214,340 h84 v58 q-42,42 -84,0z" fill="${css(shade)}"/>
<ellipse cx="256" cy="258" rx="100" ry="122" fill="${css(skin)}"/>
<ellipse cx="155" cy="268" rx="14" ry="24" fill="${css(skin)}"/><ellipse cx="357" cy="268" rx="14" ry="24" fill="${css(skin)}"/>
${beard ? `<path d="M158,276 Q170,390 256,392 Q342,390 354,276 Q330,326 256,322 Q182,326 158,276z" fill="${css(hair, 0.88)}"/>` : ''}
<g fill="${css(hair)}">${top}</g>
<ellipse cx="218" cy="262" rx="8" ry="9" fill="#2a2020"/><ellipse cx="294" cy="262" rx="8" ry="9" fill="#2a2020"/>
<path d="M200,240 q18,-10 34,-2 M278,238 q18,-8 34,2" stroke="${css(mix(hair, [0, 0, 0], 0.2))}" stroke-width="6" fill="none" stroke-linecap="round"/>
<path d="M256,268 q-10,30 4,34" stroke="${css(shade)}" stroke-width="5" fill="none" stroke-linecap="round"/>
<path d="M224,328 q32,${random.between(16, 30).toFixed(0)} 64,0" stroke="${beard ? '#f0d8cc' : css(mix(shade, [150, 30, 40], 0.4))}" stroke-width="7" fill="none" stroke-linecap="round"/>
${glasses ? '<g fill="none" stroke="#2a2426" stroke-width="5"><circle cx="216" cy="264" r="30"/><circle cx="296" cy="264" r="30"/><path d="M246,260 q10,-6 20,0"/></g>' : ''}
</g></svg>`;
}
