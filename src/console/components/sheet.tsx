import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { CloseIcon } from './icons.js';

interface SheetProps {
  title: string;
  /** `side`: a panel along the right edge; `center`: a small question. */
  place: 'side' | 'center';
  onClose(): void;
  testId: string;
  children: ComponentChildren | ((close: () => void) => ComponentChildren);
}

/**
 * A modal panel. The browser's own `<dialog>` keeps the focus inside, closes on Escape and gives the focus back;
 * so every way out goes through its `close()`.
 */
export function Sheet({ title, place, onClose, testId, children }: SheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
  }, []);
  const close = () => dialog.current?.close();
  return (
    <dialog
      ref={dialog}
      class={`sheet ${place}`}
      aria-labelledby={titleId}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === event.currentTarget) close();
      }}
      data-testid={testId}
    >
      <div class="sheet-body">
        <header class="sheet-header">
          <h2 id={titleId}>{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={close} data-testid={`${testId}-close`}>
            <CloseIcon />
          </button>
        </header>
        {typeof children === 'function' ? children(close) : children}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  text: string;
  action: string;
  onConfirm(): void;
  onClose(): void;
}

export function Confirm({ title, text, action, onConfirm, onClose }: ConfirmProps) {
  return (
    <Sheet title={title} place="center" onClose={onClose} testId="confirm">
      {(close) => (
        <>
          <p>{text}</p>
          <div class="actions">
            <button type="button" class="button" onClick={close} data-testid="confirm-no">
              Cancel
            </button>
            <button
              type="button"
              class="button danger"
              onClick={() => {
                close();
                onConfirm();
              }}
              data-testid="confirm-yes"
            >
              {action}
            </button>
          </div>
        </>
      )}
    </Sheet>
  );
}
