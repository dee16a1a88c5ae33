/** A text in the languages that the demo speaks; others fall back to English. */
export interface DemoTexts {
  readonly en: string;
  readonly es: string;
  readonly de: string;
}

export interface DemoUser {
  readonly email: string;
  readonly name: string;
  readonly role: 'platform_admin' | 'tenant_admin' | 'supporter' | 'end_user';
  readonly persona: string | null;
  /** For the page on which a demo user is chosen. */
  readonly description: string;
  /** `profile` is what matching compares with the records; it has the fields of a record of the other side. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface DemoDocument {
  /** Below `src/demo/documents`. */
  readonly file: string;
  readonly title: string;
  readonly mimeType: string;
}

export interface DemoDocumentsBase {
  readonly kind: 'documents';
  readonly name: string;
  readonly description: string;
  readonly language: string;
  readonly documents: readonly DemoDocument[];
}

export interface DemoRecordsBase {
  readonly kind: 'records';
  readonly name: string;
  readonly description: string;
  readonly language: string;
  /** Each has an `id`, unique within the base, and the fields of its type. */
  readonly records: readonly Readonly<Record<string, unknown>>[];
  /** The field that is the record's title. */
  readonly titleField: string;
  /** The fields whose text, in this order, is searched and embedded. */
  readonly textFields: readonly string[];
}

export type DemoKnowledgeBase = DemoDocumentsBase | DemoRecordsBase;

/** One reason for or against a match; the weights of an agent add up to 1. */
export type MatchCriterion =
  /** Of the texts' meaning. */
  | { readonly kind: 'similarity'; readonly weight: number; readonly label: string }
  /** The share of the demanded values that the offering side has; `demanding` says whose list is the demand. */
  | {
      readonly kind: 'overlap';
      readonly weight: number;
      readonly label: string;
      readonly profileField: string;
      readonly recordField: string;
      readonly demanding: 'profile' | 'record';
    }
  /** 1 when the number is at least as large as demanded, falling to 0 at `tolerance` below it. */
  | {
      readonly kind: 'at_least';
      readonly weight: number;
      readonly label: string;
      readonly profileField: string;
      readonly recordField: string;
      readonly demanding: 'profile' | 'record';
      readonly tolerance: number;
    }
  /** 1 when a wish is not above the most that is offered, falling to 0 at `tolerance` (a share of the offer) above it. */
  | {
      readonly kind: 'at_most';
      readonly weight: number;
      readonly label: string;
      readonly wishField: string;
      readonly offerField: string;
      readonly wishing: 'profile' | 'record';
      readonly tolerance: number;
    }
  /** 1 for remote work or the same town, less for hybrid work in the same country, 0 for another country on site. */
  | { readonly kind: 'place'; readonly weight: number; readonly label: string };

export interface DemoTool {
  readonly key: string;
  readonly kind: 'http';
  readonly name: string;
  /** For the model: when to use it. */
  readonly description: string;
  /** It changes nothing. */
  readonly readOnly: boolean;
  readonly idempotent: boolean;
  /** As an HTTP tool's; `{{base}}` at the start of `url` stands for the address of the demo API, filled in by the seed. */
  readonly config: { readonly method: 'GET' | 'POST'; readonly url: string };
  /** Draft-07. `x-labels` names an argument for the people who are asked for it. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
}

interface DemoAgentBase {
  readonly key: string;
  readonly name: string;
  /** One sentence: shown to people and to the routing model. */
  readonly description: string;
  /** The model's instructions. */
  readonly instructions: string;
  /** Utterances that belong to it, for routing by similarity. */
  readonly examples: readonly string[];
  /** Empty: everybody. */
  readonly personas: readonly string[];
  /**
   * LiquidJS, for answers without a model. It sees each tool's result under the tool's key, and `message` (this agent's
   * part of the user's message) and `language` (BCP 47). None: the agent's kind writes its answer by itself.
   */
  readonly answerTemplate: string | null;
}

export type DemoAgent = DemoAgentBase &
  (
    | { readonly kind: 'domain'; readonly tools: readonly string[] }
    | {
        readonly kind: 'knowledge';
        readonly knowledgeBases: readonly string[];
        readonly topK: number;
        readonly synonyms?: readonly (readonly string[])[];
      }
    | { readonly kind: 'writer' }
    | {
        readonly kind: 'matching';
        /** Name of a knowledge base of records. */
        readonly knowledgeBase: string;
        readonly payloadType: 'jobs' | 'candidates';
        readonly topK: number;
        readonly criteria: readonly MatchCriterion[];
      }
  );

export interface DemoTenant {
  readonly slug: string;
  readonly name: string;
  readonly language: string;
  readonly users: readonly DemoUser[];
  readonly knowledgeBases: readonly DemoKnowledgeBase[];
  readonly tools: readonly DemoTool[];
  /** In the order in which they are offered. */
  readonly agents: readonly DemoAgent[];
  readonly texts: {
    readonly greeting: DemoTexts;
    /** How to reach people: the answer to "I want to talk to somebody". */
    readonly humanHelp: DemoTexts;
    readonly unclear: DemoTexts;
  };
  /** Names of the built-in tools that the tenant is entitled to; empty when it needs none. */
  readonly entitlements: readonly string[];
  /** When a person is called, and what supporters have ready. */
  readonly people?: {
    readonly rules: {
      readonly failures: number;
      readonly keywords: readonly { readonly word: string; readonly skill: string | null }[];
    };
    readonly cannedReplies: readonly { readonly title: string; readonly content: string; readonly language: string }[];
  };
}
