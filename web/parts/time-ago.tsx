/** When something happened: short for the eye, in full for who asks. */
import type { JSX } from 'preact';
import { useApp } from '../app.ts';
import { ago, inFull } from './format.ts';

export function TimeAgo({ time }: { time: string }): JSX.Element {
  const nowMs = useApp().nowMs.value;
  return (
    <time dateTime={time} title={inFull(time)}>
      {ago(time, nowMs)}
    </time>
  );
}
