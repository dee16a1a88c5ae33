/** Questions to start with, for the demo tenants; a tenant of one's own gets none that could mislead. */
import type { User } from '../sdk/index.js';

const SHOP = [
  'Where is my order 1042?',
  'What is your returns policy?',
  'Show me the invoice for order 1042 and tell me how refunds work',
  'Write a LinkedIn post about our summer sale',
];

const JOBS_STAFF = ['Find jobs for a backend engineer in Berlin', 'Find candidates who know TypeScript and Postgres'];

const BY_PERSONA: Record<string, string[]> = {
  job_seeker: [
    'Find jobs that match my profile',
    'Which remote jobs fit my skills?',
    'How do I hide my profile from employers?',
  ],
  employer: [
    'Which candidates fit my open vacancy?',
    'Find candidates who could start within a month',
    'Who has the strongest overlap with the skills I ask for?',
  ],
};

export function suggestionsFor(user: User): string[] {
  if (user.tenant.slug === 'acme') return SHOP;
  if (user.tenant.slug === 'jobs') return BY_PERSONA[user.persona ?? ''] ?? JOBS_STAFF;
  return [];
}

const NAMES: Record<string, string> = {
  platform_admin: 'Platform administrator',
  tenant_admin: 'Administrator',
  supporter: 'Supporter',
  end_user: 'User',
  visitor: 'Visitor',
  job_seeker: 'Job seeker',
  employer: 'Employer',
};

/** "Job seeker" rather than `job_seeker`; the persona says more than the role where there is one. */
export function roleName(role: string, persona: string | null | undefined): string {
  const name = role === 'end_user' && persona ? persona : role;
  return NAMES[name] ?? name.replaceAll('_', ' ');
}

/** Has a desk where people ask for a person. */
export function handlesPeople(user: User): boolean {
  return user.role === 'supporter' || user.role === 'tenant_admin';
}

/** A tenant's own admin: who runs the installation has no website, and no report of one. */
export function runsTenant(user: User): boolean {
  return user.role === 'tenant_admin';
}

export function managesKnowledge(user: User): boolean {
  return user.role === 'tenant_admin' || user.role === 'platform_admin';
}
