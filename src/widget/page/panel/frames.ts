/** A hidden tab gets no animation frames; what is to be drawn is drawn all the same, a little later. */
const LATEST_MS = 120;

/** Once, before the page is painted next. */
export function onNextFrame(page: Window, callback: () => void): void {
  let isDone = false;
  const run = () => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timer);
    callback();
  };
  const timer = setTimeout(run, LATEST_MS);
  page.requestAnimationFrame(run);
}
