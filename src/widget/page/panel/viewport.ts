import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** As in the style sheet. */
const PHONE = '(max-width: 520px), (max-height: 480px)';

/**
 * On a phone the panel is the screen: as high as the keyboard leaves room for, and the page behind it does not scroll.
 * @returns whether it is
 */
export function useFullScreen(page: Window, panel: RefObject<HTMLElement | null>, isOpen: boolean): boolean {
  const [isPhone, setPhone] = useState(() => page.matchMedia(PHONE).matches);
  useEffect(() => {
    const query = page.matchMedia(PHONE);
    const onChange = () => setPhone(query.matches);
    query.addEventListener('change', onChange);
    return () => query.removeEventListener('change', onChange);
  }, []);

  useEffect(() => {
    const { visualViewport } = page;
    const element = panel.current;
    if (!isOpen || !isPhone || element === null) return undefined;
    const { documentElement } = page.document;
    const before = documentElement.style.overflow;
    documentElement.style.overflow = 'hidden';
    const fit = () => {
      if (!visualViewport) return;
      element.style.setProperty('--sb-height', `${visualViewport.height}px`);
      element.style.setProperty('--sb-top', `${visualViewport.offsetTop}px`);
    };
    fit();
    visualViewport?.addEventListener('resize', fit);
    visualViewport?.addEventListener('scroll', fit);
    return () => {
      documentElement.style.overflow = before;
      visualViewport?.removeEventListener('resize', fit);
      visualViewport?.removeEventListener('scroll', fit);
    };
  }, [isOpen, isPhone]);
  return isOpen && isPhone;
}
