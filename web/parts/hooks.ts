/** Small ties between components and the browser. */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { RefObject } from 'preact';

/** Calls back whenever the element comes within `margin` of the screen, or leaves it. */
export function useVisible<Target extends Element>(
  onChange: (visible: boolean) => void,
  margin = '0px',
): RefObject<Target | null> {
  const target = useRef<Target>(null);
  const newest = useRef(onChange);
  newest.current = onChange;
  useEffect(() => {
    const element = target.current;
    if (element === null) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        const entry = entries.at(-1);
        if (entry !== undefined) newest.current(entry.isIntersecting);
      },
      { rootMargin: margin },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [margin]);
  return target;
}

/**
 * Names the page in the tab and moves the focus to its heading once that is there, so that a screen reader says where one
 * is. In the same turn in which it appears: later, the focus would be taken from somebody who has already moved on.
 */
export function usePageTitle(title: string): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  const isFocused = useRef(false);
  useEffect(() => {
    document.title = title === '' ? 'Shutterline' : `${title} · Shutterline`;
  }, [title]);
  useLayoutEffect(() => {
    if (isFocused.current || heading.current === null) return;
    isFocused.current = true;
    heading.current.focus({ preventScroll: true });
  });
  return heading;
}
