/** A person's picture, or their initial on a colour that is always the same for them. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { UserSummary } from '../../sdk/wire.ts';

const HUES = 12;

export function Avatar({ user, size }: { user: UserSummary; size: 's' | 'm' | 'l' | 'xl' }): JSX.Element {
  const [broken, setBroken] = useState<string | null>(null);
  const url = user.avatarUrl;
  if (url !== null && broken !== url) {
    return (
      <span class={`avatar avatar-${size}`}>
        <img src={url} alt="" loading="lazy" decoding="async" onError={() => setBroken(url)} />
      </span>
    );
  }
  const initial = Array.from(user.displayName === '' ? user.username : user.displayName)[0] ?? '?';
  return (
    <span class={`avatar avatar-${size} avatar-hue-${hueOf(user.id)}`} aria-hidden="true">
      {initial.toLocaleUpperCase()}
    </span>
  );
}

function hueOf(id: string): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.charCodeAt(0)) % 997;
  return sum % HUES;
}
