/** Line icons, drawn on a 24 × 24 grid. Decorative: whatever they stand in carries the words. */
import type { JSX } from 'preact';

const PATHS = {
  home: 'M3.5 10.8 12 3.8l8.5 7V19a1.6 1.6 0 0 1-1.6 1.6h-4.1v-6.2H9.2v6.2H5.1A1.6 1.6 0 0 1 3.5 19z',
  find: 'M10.8 17.6a6.8 6.8 0 1 0 0-13.6 6.8 6.8 0 0 0 0 13.6zM15.8 15.8l4.7 4.7',
  add: 'M12 5v14M5 12h14',
  bell: 'M6 10.2a6 6 0 1 1 12 0c0 5.2 2 6.6 2 6.6H4s2-1.4 2-6.6zM9.9 20.2a2.4 2.4 0 0 0 4.2 0',
  heart:
    'M12 20.3S3.6 15.6 3.6 9.4A4.6 4.6 0 0 1 8.2 4.7c1.7 0 3.1.9 3.8 2.3.7-1.4 2.1-2.3 3.8-2.3a4.6 4.6 0 0 1 4.6 4.7c0 6.2-8.4 10.9-8.4 10.9z',
  comment: 'M20.5 11.6a8.3 8.3 0 0 1-12.1 7.4L3.6 20.4l1.5-4.6A8.3 8.3 0 1 1 20.5 11.6z',
  back: 'M14.8 5.2 8 12l6.8 6.8',
  next: 'M9.2 5.2 16 12l-6.8 6.8',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  close: 'M6 6l12 12M18 6 6 18',
  camera:
    'M4.2 7.8h3.2l1.5-2.6h6.2l1.5 2.6h3.2a1 1 0 0 1 1 1v9.4a1 1 0 0 1-1 1H4.2a1 1 0 0 1-1-1V8.800a1 1 0 0 1 1-1zM12 16.600a3.400 3.400 0 1 0 0-6.800 3.400 3.400 0 0 0 0 6.800z',
  person: 'M12 12.200a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.400 20.400a7.600 7.600 0 0 1 15.200 0',
  settings:
    'M12 15.200a3.200 3.200 0 1 0 0-6.400 3.200 3.200 0 0 0 0 6.400zM19 12l1.800-1.200-1.700-3-2.100.700-1.700-1L14.900 5.300h-3.500L10.700 7.500l-1.700 1-2.100-.700-1.700 3L7 12l-1.800 1.200 1.700 3 2.100-.700 1.700 1 .700 2.200h3.500l.400-2.200 1.700-1 2.100.700 1.700-3z',
  up: 'M12 19V5M5.500 11.500 12 5l6.500 6.500',
  trash: 'M4.500 7h15M9.500 7V4.500h5V7M6.500 7l.900 12.500h9.200L17.500 7',
  reply: 'M9.500 6 4.500 11l5 5M4.500 11h9a6 6 0 0 1 6 6v1',
  alert: 'M12 4 2.800 20h18.400zM12 10v4.500M12 17.300h.01',
  eye: 'M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 14.800a2.800 2.800 0 1 0 0-5.600 2.800 2.800 0 0 0 0 5.600z',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, filled = false }: { name: IconName; filled?: boolean }): JSX.Element {
  return (
    <svg class={filled ? 'icon icon-filled' : 'icon'} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: an aperture of six blades. */
export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <circle class="mark-ring" cx="16" cy="16" r="13" />
      <path
        class="mark-blades"
        d="M29 16H14.500M22.500 27.260l-7.250-12.560M9.500 27.260l7.250-12.560M3 16h14.500M9.500 4.740l7.250 12.560M22.500 4.740l-7.250 12.560"
      />
    </svg>
  );
}
