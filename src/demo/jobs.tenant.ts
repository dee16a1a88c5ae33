import { CANDIDATES, type CandidateRecord } from './data/candidates.js';
import { VACANCIES } from './data/vacancies.js';
import type { DemoTenant } from './demo-tenant.types.js';

/** The résumé of seeker@jobs.test: good matches are backend posts in Barcelona or remote, near misses Java and front end. */
export const SEEKER_PROFILE: Omit<CandidateRecord, 'id'> = {
  name: 'Marta Soler',
  headline: 'Backend developer, TypeScript and PostgreSQL',
  field: 'Software',
  location: 'Barcelona',
  country: 'Spain',
  remote: 'hybrid',
  years_experience: 6,
  seniority: 'mid',
  desired_salary: 56000,
  currency: 'EUR',
  skills: ['TypeScript', 'Node.js', 'NestJS', 'PostgreSQL', 'Redis', 'Docker', 'REST APIs', 'AWS'],
  languages: ['Spanish', 'Catalan', 'English'],
  availability: 'in 1 month',
  summary:
    'Six years of building web services in TypeScript, first for a travel agency and now for a chain of cinemas, where I look after bookings and seat maps: NestJS, PostgreSQL, Redis and a queue. I like small teams, careful migrations and tests that say what they mean. I would like to stay in Barcelona two or three days a week in the office, or to work remotely for a European company.',
};

/** The open vacancy of employer@jobs.test, one of the vacancies of the portal. */
export const EMPLOYER_VACANCY_ID = 'VAC-011';

const employerVacancy = VACANCIES.find(({ id }) => id === EMPLOYER_VACANCY_ID);
if (!employerVacancy) throw new Error(`The demo vacancy ${EMPLOYER_VACANCY_ID} is missing from data/vacancies.ts`);

const MARKDOWN = 'text/markdown';

/** The job portal: two personas, each matched with the other side's records. */
export const JOBS: DemoTenant = {
  slug: 'jobs',
  name: 'Jobs',
  language: 'en',
  entitlements: ['search_knowledge'],
  users: [
    {
      email: 'seeker@jobs.test',
      name: SEEKER_PROFILE.name,
      role: 'end_user',
      persona: 'job_seeker',
      description: 'A backend developer in Barcelona with six years of experience, looking for a new post.',
      attributes: { profile: SEEKER_PROFILE },
    },
    {
      email: 'employer@jobs.test',
      name: 'Henrik Claasen',
      role: 'end_user',
      persona: 'employer',
      description: 'Hires for Nordwind Energie in Hamburg and has an open vacancy: Senior Data Engineer.',
      attributes: { company: employerVacancy.company, profile: employerVacancy },
    },
    {
      email: 'admin@jobs.test',
      name: 'Ines Duarte',
      role: 'tenant_admin',
      persona: null,
      description: 'Runs the portal: vacancies, candidates, help pages and agents.',
      attributes: {},
    },
  ],
  knowledgeBases: [
    {
      kind: 'records',
      name: 'Vacancies',
      description: 'Open positions in fifteen fields of work across Europe.',
      language: 'en',
      records: VACANCIES.map((vacancy) => ({ ...vacancy })),
      titleField: 'title',
      textFields: ['title', 'field', 'skills', 'description'],
    },
    {
      kind: 'records',
      name: 'Candidates',
      description: 'People who look for work and are visible to employers.',
      language: 'en',
      records: CANDIDATES.map((candidate) => ({ ...candidate })),
      titleField: 'headline',
      textFields: ['headline', 'field', 'skills', 'summary'],
    },
    {
      kind: 'documents',
      name: 'Portal help',
      description: 'How to use the portal: résumés, applications, posting vacancies, prices, accounts and data.',
      language: 'en',
      documents: [
        { file: 'jobs/finding-a-job.md', title: 'Finding a job on the portal', mimeType: MARKDOWN },
        { file: 'jobs/hiring-on-the-portal.md', title: 'Hiring on the portal', mimeType: MARKDOWN },
        { file: 'jobs/account-and-data.md', title: 'Account and data on the portal', mimeType: MARKDOWN },
      ],
    },
  ],
  tools: [],
  agents: [
    {
      key: 'job_matches',
      kind: 'matching',
      name: 'Job matches',
      description:
        'Finds vacancies that fit the job seeker’s résumé or the wishes in the message, with scores and reasons.',
      personas: ['job_seeker'],
      knowledgeBase: 'Vacancies',
      payloadType: 'jobs',
      topK: 5,
      criteria: [
        { kind: 'similarity', weight: 0.3, label: 'Description' },
        {
          kind: 'overlap',
          weight: 0.3,
          label: 'Skills',
          profileField: 'skills',
          recordField: 'skills',
          demanding: 'record',
        },
        { kind: 'place', weight: 0.15, label: 'Place' },
        {
          kind: 'at_most',
          weight: 0.1,
          label: 'Salary',
          wishField: 'desired_salary',
          offerField: 'salary_max',
          wishing: 'profile',
          tolerance: 0.3,
        },
        {
          kind: 'at_least',
          weight: 0.1,
          label: 'Experience',
          profileField: 'years_experience',
          recordField: 'years_experience',
          demanding: 'record',
          tolerance: 3,
        },
        {
          kind: 'overlap',
          weight: 0.05,
          label: 'Languages',
          profileField: 'languages',
          recordField: 'languages',
          demanding: 'record',
        },
      ],
      instructions: `You help a job seeker to choose among vacancies that were found and scored for them.
Use only the vacancies in the results; never invent one, and never change a score. Begin with one sentence that says how good the matches are on the whole. Then name at most five, best first: title, company and place, the score, and in half a sentence why it fits and what is missing. Be honest when the best match is weak, and say which wish excludes most.
Do not repeat the whole description, since the cards below show it. Keep it under 150 words, in the user's language.`,
      answerTemplate: null,
      examples: [
        'Find jobs that match my profile',
        'Which jobs suit me?',
        'Show me vacancies for backend developers',
        'Are there remote jobs with TypeScript?',
        'Jobs in Barcelona over 50,000 euros',
        'What openings do you have for me?',
        'I am looking for a new position',
        'Recommend some jobs',
        'Any part-time jobs near me?',
        'Which of these positions pays best?',
        'Is there something with less travel?',
        'Busca ofertas de trabajo para mí',
        '¿Qué empleos encajan con mi perfil?',
        'Ofertas de programador en Barcelona',
        'Welche Stellen passen zu mir?',
        'Suche einen Job als Entwicklerin',
      ],
    },
    {
      key: 'candidate_matches',
      kind: 'matching',
      name: 'Candidate matches',
      description:
        'Finds candidates who fit the employer’s open vacancy or the wishes in the message, with scores and reasons.',
      personas: ['employer'],
      knowledgeBase: 'Candidates',
      payloadType: 'candidates',
      topK: 5,
      criteria: [
        { kind: 'similarity', weight: 0.3, label: 'Experience described' },
        {
          kind: 'overlap',
          weight: 0.3,
          label: 'Skills',
          profileField: 'skills',
          recordField: 'skills',
          demanding: 'profile',
        },
        { kind: 'place', weight: 0.1, label: 'Place' },
        {
          kind: 'at_most',
          weight: 0.1,
          label: 'Salary',
          wishField: 'desired_salary',
          offerField: 'salary_max',
          wishing: 'record',
          tolerance: 0.3,
        },
        {
          kind: 'at_least',
          weight: 0.1,
          label: 'Years of experience',
          profileField: 'years_experience',
          recordField: 'years_experience',
          demanding: 'profile',
          tolerance: 3,
        },
        {
          kind: 'overlap',
          weight: 0.1,
          label: 'Languages',
          profileField: 'languages',
          recordField: 'languages',
          demanding: 'profile',
        },
      ],
      instructions: `You help an employer to choose among candidates who were found and scored for the open vacancy.
Use only the candidates in the results; never invent one, and never change a score. Begin with one sentence on how well the vacancy can be filled. Then name at most five, best first: headline and place, the score, the strongest reason and the most important gap. Judge by skills, experience, place, salary and languages only; never by name, age, sex, origin or family, and never guess these.
Do not repeat whole summaries, since the cards below show them. Keep it under 150 words, in the user's language.`,
      answerTemplate: null,
      examples: [
        'Which candidates fit my open vacancy?',
        'Find candidates for my position',
        'Who could fill the data engineer post?',
        'Show me people with Airflow and dbt',
        'Find candidates who could start within a month',
        'Who has the strongest overlap with the skills I ask for?',
        'Are there senior data engineers in Hamburg?',
        'Recommend applicants for our vacancy',
        'I need to hire somebody with Python and SQL',
        'Candidates who speak German and want at most 80,000',
        '¿Qué candidatos encajan con mi vacante?',
        'Busca candidatos con experiencia en Python',
        'Welche Kandidaten passen zu meiner Stelle?',
        'Finde Bewerber für unsere offene Stelle',
      ],
    },
    {
      key: 'portal_help',
      kind: 'knowledge',
      name: 'Portal help',
      description:
        'Answers questions about using the portal: résumés, applications, visibility, alerts, posting vacancies, prices, account and data.',
      personas: [],
      knowledgeBases: ['Portal help'],
      topK: 5,
      synonyms: [['résumé', 'cv', 'cvs', 'curriculum vitae', 'currículum', 'Lebenslauf']],
      instructions: `You answer questions about using the job portal from its help pages, and from nothing else.
Give the answer in the first sentence, with the exact number, deadline or price. If the pages do not answer the question, say so and tell how to reach the team. Cite the passages you used. Keep it under 100 words, in the user's language.`,
      answerTemplate: null,
      examples: [
        'How do I post a vacancy?',
        'What does it cost to publish a job?',
        'Who can see my résumé?',
        'How do I delete my account?',
        'How long does an employer have to answer my application?',
        'How is the matching score calculated?',
        'Can I block my present employer?',
        'How do job alerts work?',
        'Can I upload my résumé as a PDF?',
        '¿Cuánto cuesta publicar una oferta?',
        '¿Quién puede ver mi currículum?',
        'Was kostet eine Stellenanzeige?',
        'Wie lösche ich mein Konto?',
      ],
    },
  ],
  texts: {
    greeting: {
      en: 'Hello! I find vacancies that fit your résumé, or candidates who fit your vacancy, and answer questions about the portal.',
      es: '¡Hola! Busco ofertas que encajan con tu currículum, o candidatos para tu vacante, y respondo a preguntas sobre el portal.',
      de: 'Hallo! Ich finde Stellen, die zu Ihrem Lebenslauf passen, oder Bewerber für Ihre Stelle, und beantworte Fragen zum Portal.',
    },
    humanHelp: {
      en: 'You can reach our team at +353 20 915 0170, Monday to Friday 9:00–17:00 (Irish time), or at help@jobs.test; we answer within one working day.',
      es: 'Puedes hablar con nuestro equipo en el +353 20 915 0170, de lunes a viernes de 9:00 a 17:00 (hora de Irlanda), o escribir a help@jobs.test; respondemos en un día laborable.',
      de: 'Unser Team erreichen Sie unter +353 20 915 0170, Montag bis Freitag 9–17 Uhr (irische Zeit), oder unter help@jobs.test; wir antworten innerhalb eines Werktags.',
    },
    unclear: {
      en: 'I am not sure what you are looking for. Try "Which jobs suit me?", "Who fits my vacancy?" or a question such as "Who can see my résumé?"',
      es: 'No estoy seguro de lo que buscas. Prueba con «¿Qué empleos encajan con mi perfil?», «¿Quién encaja con mi vacante?» o una pregunta como «¿Quién puede ver mi currículum?».',
      de: 'Ich bin nicht sicher, was Sie suchen. Versuchen Sie „Welche Stellen passen zu mir?“, „Wer passt zu meiner Stelle?“ oder eine Frage wie „Wer sieht meinen Lebenslauf?“',
    },
  },
};
