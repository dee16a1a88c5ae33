/** Everything the seed creates, as data: who, which knowledge, which agents. Nothing here touches a database. */
import { ACME } from './acme.tenant.js';
import type { DemoTenant } from './demo-tenant.types.js';
import { JOBS } from './jobs.tenant.js';

/** The operator's own tenant, for platform admins. */
const PLATFORM: DemoTenant = {
  slug: 'platform',
  name: 'Platform',
  language: 'en',
  entitlements: [],
  users: [
    {
      email: 'root@platform.test',
      name: 'Platform operator',
      role: 'platform_admin',
      persona: null,
      description: 'Runs the installation: creates tenants and works inside them with an audited token.',
      attributes: {},
    },
  ],
  knowledgeBases: [],
  tools: [],
  agents: [],
  texts: {
    greeting: {
      en: 'Hello! This is the operator’s tenant; it has no agents of its own.',
      es: '¡Hola! Este es el espacio del operador; no tiene agentes propios.',
      de: 'Hallo! Dies ist der Mandant des Betreibers; er hat keine eigenen Agenten.',
    },
    humanHelp: {
      en: 'Please write to root@platform.test.',
      es: 'Escribe a root@platform.test.',
      de: 'Bitte schreiben Sie an root@platform.test.',
    },
    unclear: {
      en: 'This tenant has no agents. Sign in as a user of a demo tenant to have a conversation.',
      es: 'Este espacio no tiene agentes. Entra como usuario de una de las demos para conversar.',
      de: 'Dieser Mandant hat keine Agenten. Melden Sie sich als Benutzer eines Demo-Mandanten an.',
    },
  },
};

export const DEMO_TENANTS: readonly DemoTenant[] = [ACME, JOBS, PLATFORM];
