/** `required`: only people whom the site's server vouches for are let in. */
export type WidgetIdentity = 'optional' | 'required';

/** How it looks; what is absent is the panel's own choice. */
export interface WidgetAppearance {
  /** `#rrggbb`. */
  readonly accent?: string;
  readonly position?: 'left' | 'right';
  readonly theme?: 'light' | 'dark' | 'auto';
}

/** What it says; what is absent is said in the visitor's language. */
export interface WidgetTexts {
  readonly title?: string;
  readonly greeting?: string;
  readonly placeholder?: string;
  readonly offline?: string;
}

/** Null: the operator's, which they can only lower. */
export interface WidgetLimits {
  /** Of one visitor. */
  readonly messagesPerMinute: number | null;
  /** Sessions that are opened, by all visitors together and from one address. */
  readonly sessionsPerMinute: number | null;
  readonly sessionsPerAddressMinute: number | null;
}

/** A chat on a customer's website. */
export interface Widget {
  readonly id: string;
  /** `pk_<tenant>_<random>`: stands in the page, and opens nothing that exists. */
  readonly publicKey: string;
  readonly name: string;
  /** Browser origins of the pages that it stands on; no other page is served. */
  readonly origins: readonly string[];
  readonly enabled: boolean;
  /** Key of the agent that answers; null: the supervisor routes. */
  readonly agent: string | null;
  readonly identity: WidgetIdentity;
  readonly appearance: WidgetAppearance;
  readonly texts: WidgetTexts;
  /** To begin with. */
  readonly questions: readonly string[];
  readonly attachments: boolean;
  readonly limits: WidgetLimits;
  /** Of the secret with which the site's server signs identities. */
  readonly last4: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type WidgetDraft = Omit<Widget, 'id' | 'publicKey' | 'last4' | 'createdAt' | 'updatedAt'>;
