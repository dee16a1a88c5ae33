import type { KnowledgeBaseSettings } from '../knowledge-bases/knowledge-base.js';

const LONGEST_TITLE = 300;

type Record_ = Readonly<Record<string, unknown>>;

/** What people see of a record in lists: the settings' title field, else its `title` or `name`, else its id. */
export function recordTitle(record: Record_, settings: KnowledgeBaseSettings): string {
  const fields = [settings.titleField, 'title', 'name', 'headline', 'id'];
  for (const field of fields) {
    const value = field === undefined ? undefined : record[field];
    if (typeof value === 'string' && value.trim() !== '') return value.trim().slice(0, LONGEST_TITLE);
    if (typeof value === 'number') return String(value);
  }
  return 'Record';
}

/** What is searched and embedded of a record: the settings' text fields, else every text in it. */
export function recordText(record: Record_, settings: KnowledgeBaseSettings): string {
  const fields = settings.textFields ?? Object.keys(record).filter((field) => field !== 'id');
  return fields
    .flatMap((field) => {
      const text = fieldText(record[field]);
      return text === '' ? [] : [text];
    })
    .join('\n\n');
}

function fieldText(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  if (Array.isArray(value)) return value.filter((item) => typeof item === 'string').join(', ');
  return '';
}
