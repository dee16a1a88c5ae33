import { type PhraseLanguage, phraseLanguage } from '#platform/text';
import type { TenantSettings } from '#tenants';
import type { StatusStep } from './turn-event.js';
import { fill, type Phrases, PHRASES, type SmallTalkKind } from './phrases.js';

export type VoiceSettings = Pick<TenantSettings, 'tenant' | 'language' | 'texts' | 'statusMessages'>;

/**
 * The words of a tenant: its own texts where the message is in its language, the product's phrases in the message's
 * language otherwise.
 */
export class TenantVoice {
  constructor(private readonly settings: VoiceSettings) {}

  get tenantName(): string {
    return this.settings.tenant.name;
  }

  get language(): string {
    return this.settings.language;
  }

  status(step: StatusStep): string {
    return this.settings.statusMessages[step];
  }

  phrases(language: string): Phrases {
    return PHRASES[this.spoken(language)];
  }

  /** What is answered in: the language itself where the product has words in it, else the tenant's. */
  spoken(language: string): PhraseLanguage {
    return phraseLanguage(language, this.language);
  }

  /** The language with the tenant's country, where it is the tenant's language: dates and numbers differ by it. */
  localeFor(language: string): string {
    return language === this.language.split('-')[0] ? this.language : language;
  }

  smallTalk(kind: SmallTalkKind | null, language: string): string {
    const own = this.isOwn(language);
    if (kind === null) return own ? this.settings.texts.small_talk : this.phrases(language).smallTalk.hello;
    if (kind === 'hello' && own) return this.settings.texts.greeting;
    return this.filled(this.phrases(language).smallTalk[kind]);
  }

  unclear(language: string): string {
    return this.isOwn(language) ? this.settings.texts.unclear : this.phrases(language).unclear;
  }

  /** The tenant's text is always in it: only the tenant knows how its people are reached. */
  humanContact(language: string): string {
    const text = this.settings.texts.human_contact;
    return this.isOwn(language) ? text : `${this.filled(this.phrases(language).humanHelp)}\n\n${text}`;
  }

  noAnswer(language: string): string {
    return this.isOwn(language) ? this.settings.texts.no_answer : this.phrases(language).notInDocuments;
  }

  /** A phrase with its placeholders filled; {tenant} is known. */
  filled(template: string, values: Readonly<Record<string, string>> = {}): string {
    return fill(template, { tenant: this.tenantName, ...values });
  }

  private isOwn(language: string): boolean {
    const [own, asked] = [this.settings.language.split('-')[0], language.split('-')[0]];
    // To whoever speaks a language that the product does not, the tenant's own words are nearer than its.
    return own === asked || (phraseLanguage(language, '') === 'en' && asked !== 'en');
  }
}
