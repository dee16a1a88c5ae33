import type { ComponentChildren } from 'preact';

function Icon({ children, fill = 'none' }: { children: ComponentChildren; fill?: string }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      fill={fill}
      stroke="currentColor"
      stroke-width="1.9"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export const CloseIcon = () => <Icon>{<path d="m6 6 12 12M18 6 6 18" />}</Icon>;
export const BackIcon = () => <Icon>{<path class="flips" d="M19 12H5m6-6-6 6 6 6" />}</Icon>;
export const MoreIcon = () => (
  <Icon fill="currentColor">
    <circle cx="5.5" cy="12" r="1" />
    <circle cx="12" cy="12" r="1" />
    <circle cx="18.5" cy="12" r="1" />
  </Icon>
);
export const SendIcon = () => <Icon>{<path d="M12 19V5m-6.5 6.5L12 5l6.5 6.5" />}</Icon>;
export const StopIcon = () => (
  <Icon>
    <rect x="7" y="7" width="10" height="10" rx="2" fill="currentColor" />
  </Icon>
);
export const RetryIcon = () => <Icon>{<path d="M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6" />}</Icon>;
export const UpIcon = () => (
  <Icon>
    {
      <path d="M7.5 10.5v9h-3v-9h3Zm0 0 4-7a2.2 2.2 0 0 1 2 2.6l-.8 3.9h5.6a1.8 1.8 0 0 1 1.8 2.2l-1.3 5.6a2.2 2.2 0 0 1-2.1 1.7H7.5" />
    }
  </Icon>
);
export const DownIcon = () => (
  <Icon>
    {
      <path d="M7.5 13.5v-9h-3v9h3Zm0 0 4 7a2.2 2.2 0 0 0 2-2.6l-.8-3.9h5.6a1.8 1.8 0 0 0 1.8-2.2l-1.3-5.6a2.2 2.2 0 0 0-2.1-1.7H7.5" />
    }
  </Icon>
);
export const PersonIcon = () => (
  <Icon>
    <circle cx="12" cy="8" r="3.8" />
    <path d="M4.8 20a7.2 7.2 0 0 1 14.4 0" />
  </Icon>
);
export const PlusIcon = () => <Icon>{<path d="M12 5v14M5 12h14" />}</Icon>;
export const ClockIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.3" />
    <path d="M12 7.5V12l3 2" />
  </Icon>
);
export const SoundIcon = ({ on }: { on: boolean }) => (
  <Icon>
    <path d="M4.5 9.5v5h3l4.5 4v-13l-4.5 4h-3Z" />
    {on ? <path d="M15.5 9a4.2 4.2 0 0 1 0 6m2.8-8.6a8 8 0 0 1 0 11.2" /> : <path d="m16 10 4.5 4.5m0-4.5L16 14.5" />}
  </Icon>
);
export const AlertIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 7.5v5.2m0 3v.1" />
  </Icon>
);
export const LinkIcon = () => (
  <Icon>
    {
      <path d="M9 6.5H6.5A1.5 1.5 0 0 0 5 8v9.5A1.5 1.5 0 0 0 6.5 19H16a1.5 1.5 0 0 0 1.5-1.5V15M13 5h6v6m0-6-8.5 8.5" />
    }
  </Icon>
);
export const ChatIcon = () => (
  <Icon>
    {
      <path d="M5.5 5h13A1.5 1.5 0 0 1 20 6.5v8.6a1.5 1.5 0 0 1-1.5 1.5h-6.9L7 20v-3.4H5.5A1.5 1.5 0 0 1 4 15.1V6.5A1.5 1.5 0 0 1 5.5 5Z" />
    }
  </Icon>
);
export const ToEndIcon = () => <Icon>{<path d="M12 5v14m-6-6 6 6 6-6" />}</Icon>;
export const StarIcon = () => (
  <Icon fill="currentColor">
    <path d="m12 4 2.5 5.1 5.6.8-4 4 .9 5.6-5-2.6-5 2.6.9-5.6-4-4 5.6-.8L12 4Z" />
  </Icon>
);
export const CheckIcon = () => <Icon>{<path d="m5 12.5 4.5 4.5L19 7.5" />}</Icon>;
