/** Numbers and names as people read them. */
import { PEER_TITLES } from '../harness/peers.ts';

const TITLES: Readonly<Record<string, string>> = PEER_TITLES;

/** `ws, short` → `ws, short`; `socketio-ws` → `socket.io on ws`; `product` → `Shutterline`. */
export function systemTitle(name: string): string {
  const [system = name, ...details] = name.split(', ');
  const title = system === 'product' ? 'Shutterline' : (TITLES[system] ?? system);
  return [title, ...details].join(', ');
}

/** Systems that are not the product; everything else in a scenario is the product in some situation. */
const OTHERS = [...Object.keys(PEER_TITLES), 'plain objects', 'nact', 'four pipelines'];

export function isProduct(name: string): boolean {
  return !OTHERS.some((other) => name === other || name.startsWith(`${other}, `));
}

/** Three significant digits. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
