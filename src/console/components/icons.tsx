import type { ComponentChildren } from 'preact';

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">
      <rect class="logo-ground" width="32" height="32" rx="9" />
      <path class="logo-line" d="M9 11h6.5a3.5 3.5 0 0 1 3.5 3.5v3a3.5 3.5 0 0 0 3.5 3.5" />
      <circle class="logo-dot" cx="8.5" cy="11" r="2.6" />
      <circle class="logo-dim" cx="8.5" cy="21" r="2.6" />
      <circle class="logo-dot" cx="23.5" cy="21" r="2.6" />
      <circle class="logo-dim" cx="23.5" cy="11" r="2.6" />
    </svg>
  );
}

export const MenuIcon = () => <Icon>{<path d="M4 7h16M4 12h16M4 17h10" />}</Icon>;
export const CloseIcon = () => <Icon>{<path d="m6 6 12 12M18 6 6 18" />}</Icon>;
export const PlusIcon = () => <Icon>{<path d="M12 5v14M5 12h14" />}</Icon>;
export const SendIcon = () => <Icon>{<path d="M12 19V5m-6 6 6-6 6 6" />}</Icon>;
export const StopIcon = () => (
  <Icon>
    <rect x="7" y="7" width="10" height="10" rx="1.5" fill="currentColor" />
  </Icon>
);
export const CheckIcon = () => <Icon>{<path d="m5 12.5 4.5 4.5L19 7.5" />}</Icon>;
export const RetryIcon = () => <Icon>{<path d="M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6" />}</Icon>;
export const CopyIcon = () => (
  <Icon>
    <rect x="8.5" y="8.5" width="11" height="11" rx="2.5" />
    <path d="M15.5 8.5v-2a2 2 0 0 0-2-2h-7a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h2" />
  </Icon>
);
export const TrashIcon = () => (
  <Icon>{<path d="M4.5 7h15M10 7V4.5h4V7m-7.5 0 .8 12.5h9.4L17.5 7M10 11v5m4-5v5" />}</Icon>
);
export const BookIcon = () => (
  <Icon>
    <path d="M5 5.5A1.5 1.5 0 0 1 6.5 4H19v13H6.5A1.5 1.5 0 0 0 5 18.5v-13Zm0 13A1.5 1.5 0 0 0 6.5 20H19" />
  </Icon>
);
export const CodeIcon = () => <Icon>{<path d="m8.5 8-4 4 4 4m7-8 4 4-4 4" />}</Icon>;
export const ExitIcon = () => (
  <Icon>{<path d="M14 4.5H7A1.5 1.5 0 0 0 5.5 6v12A1.5 1.5 0 0 0 7 19.5h7M10.5 12h9m-3.5-3.5 3.5 3.5-3.5 3.5" />}</Icon>
);
export const AlertIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 7.5v5.2m0 3v.1" />
  </Icon>
);
export const UploadIcon = () => (
  <Icon>
    {<path d="M12 15.5V4.5m-4.5 4.5L12 4.5 16.5 9M5 15.5v2A1.5 1.5 0 0 0 6.5 19h11a1.5 1.5 0 0 0 1.5-1.5v-2" />}
  </Icon>
);
export const FileIcon = () => (
  <Icon>
    {<path d="M13.5 3.5H7A1.5 1.5 0 0 0 5.5 5v14A1.5 1.5 0 0 0 7 20.5h10a1.5 1.5 0 0 0 1.5-1.5V8.5l-5-5Zm0 0v5h5" />}
  </Icon>
);
export const SearchIcon = () => (
  <Icon>
    <circle cx="11" cy="11" r="6" />
    <path d="m15.5 15.5 4 4" />
  </Icon>
);
export const ChatIcon = () => (
  <Icon>
    {
      <path d="M5 5h14a1.5 1.5 0 0 1 1.5 1.5v8A1.5 1.5 0 0 1 19 16h-7l-4.5 3.5V16H5a1.5 1.5 0 0 1-1.5-1.5v-8A1.5 1.5 0 0 1 5 5Z" />
    }
  </Icon>
);
export const WidgetIcon = () => (
  <Icon>
    <rect x="3.5" y="5" width="17" height="14" rx="2.5" />
    <path d="M3.5 9h17M13 13h4.5v3H16l-1.5 1.2V16H13v-3Z" />
  </Icon>
);
export const BellIcon = () => (
  <Icon>{<path d="M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15L6 16.5Zm4.2 3.5a2 2 0 0 0 3.6 0" />}</Icon>
);
export const DownIcon = () => <Icon>{<path d="M12 5v14m-6-6 6 6 6-6" />}</Icon>;
export const LinkIcon = () => (
  <Icon>
    {
      <path d="M9 6.5H6.5A1.5 1.5 0 0 0 5 8v9.5A1.5 1.5 0 0 0 6.5 19H16a1.5 1.5 0 0 0 1.5-1.5V15M13 5h6v6m0-6-8.5 8.5" />
    }
  </Icon>
);
export const BackIcon = () => <Icon>{<path d="M19 12H5m6-6-6 6 6 6" />}</Icon>;
export const InboxIcon = () => <Icon>{<path d="M4.5 13.5 7 5.5h10l2.5 8v5h-15v-5Zm0 0h4.5a3 3 0 0 0 6 0h4.5" />}</Icon>;
export const InfoIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 11v5.5m0-9v.1" />
  </Icon>
);
export const ChartIcon = () => <Icon>{<path d="M5 19.5V12m4.7 7.5v-9m4.6 9V7.5m4.7 12v-15" />}</Icon>;
