import { useEffect, useState } from 'preact/hooks';
import { fetchDemo, login } from '../api.js';
import { initials } from '../formatting.js';
import { messageOf } from '../hooks.js';
import type { TokenAnswer, User } from '../../sdk/index.js';
import type { Demo, DemoUser } from '../protocol.js';
import { roleName } from '../suggestions.js';
import { AlertIcon, Logo } from './icons.js';

/** How often the page looks whether the demo's documents have been read. */
const LOOK_AGAIN_MS = 1500;

interface LoginPageProps {
  onLogin(answer: TokenAnswer & { user: User }): void;
}

/** Demo users to pick from where the server offers them, and always the form for an account of one's own. */
export function LoginPage({ onLogin }: LoginPageProps) {
  const [demo, setDemo] = useState<Demo | null>(null);
  const [loading, setLoading] = useState(true);
  const [busyWith, setBusyWith] = useState<string | null>(null);
  /** `own`: of the form, which is further down the page. */
  const [error, setError] = useState<{ of: 'demo' | 'own'; message: string } | null>(null);

  useEffect(() => {
    document.title = 'Switchboard · Sign in';
    fetchDemo()
      .then(setDemo)
      .catch((thrown: unknown) => setError({ of: 'demo', message: messageOf(thrown) }))
      .finally(() => setLoading(false));
  }, []);

  useEffect(() => {
    if (demo?.reading !== true) return;
    const timer = setTimeout(() => void fetchDemo().then(setDemo, () => undefined), LOOK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [demo]);

  const signIn = async (of: 'demo' | 'own', tenant: string, email: string, password: string) => {
    setError(null);
    setBusyWith(`${tenant}/${email}`);
    try {
      onLogin(await login(tenant, email, password));
    } catch (thrown) {
      setError({ of, message: messageOf(thrown) });
      setBusyWith(null);
    }
  };

  return (
    <main class="login" data-testid="login-page">
      <header class="login-intro">
        <Logo />
        <h1>Switchboard</h1>
        <p>
          Ask something. A supervisor decides which agents should answer, they look it up in the tenant’s own documents
          and tools, and every word arrives as it is written.
        </p>
      </header>
      {error?.of === 'demo' && <LoginError message={error.message} />}
      {loading && <p class="muted">Looking for demo accounts…</p>}
      {demo?.reading === true && (
        <p class="muted" role="status" data-testid="demo-reading">
          The demo’s documents are still being read. Until then an answer that needs them says so.
        </p>
      )}
      {demo && (
        <DemoUsers
          users={demo.users}
          busyWith={busyWith}
          onPick={(user) => void signIn('demo', user.tenant, user.email, demo.password)}
        />
      )}
      {!loading && (
        <details class="own-account card" open={demo === null} data-testid="own-account">
          <summary>Sign in with another account</summary>
          <LoginForm
            busy={busyWith !== null}
            error={error?.of === 'own' ? error.message : null}
            onSubmit={(tenant, email, password) => signIn('own', tenant, email, password)}
          />
        </details>
      )}
      <footer class="login-footer muted">
        <a href="/docs">API documentation</a>
      </footer>
    </main>
  );
}

interface DemoUsersProps {
  users: DemoUser[];
  busyWith: string | null;
  onPick(user: DemoUser): void;
}

function DemoUsers({ users, busyWith, onPick }: DemoUsersProps) {
  const tenants = [...new Set(users.map((user) => user.tenant))];
  return (
    <div class="demo" data-testid="demo-users">
      {tenants.map((tenant) => {
        const members = users.filter((user) => user.tenant === tenant);
        return (
          <section key={tenant} class="demo-tenant" aria-labelledby={`tenant-${tenant}`}>
            <h2 id={`tenant-${tenant}`}>{members[0]?.tenant_name ?? tenant}</h2>
            <ul class="demo-list">
              {members.map((user) => (
                <li key={user.email}>
                  <button
                    type="button"
                    class="demo-user card"
                    disabled={busyWith !== null}
                    onClick={() => onPick(user)}
                    data-testid={`demo-user-${user.email}`}
                  >
                    <span class="avatar" aria-hidden="true">
                      {initials(user.name)}
                    </span>
                    <span class="demo-text">
                      <span class="demo-name">
                        {user.name} <span class="tag">{roleName(user.role, user.persona)}</span>
                      </span>
                      {user.description && <span class="muted">{user.description}</span>}
                      <span class="demo-email muted">
                        {busyWith === `${user.tenant}/${user.email}` ? 'Signing in…' : user.email}
                      </span>
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}

function LoginError({ message }: { message: string }) {
  return (
    <p class="alert" role="alert" data-testid="login-error">
      <AlertIcon /> {message}
    </p>
  );
}

interface LoginFormProps {
  busy: boolean;
  error: string | null;
  onSubmit(tenant: string, email: string, password: string): Promise<void>;
}

function LoginForm({ busy, error, onSubmit }: LoginFormProps) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    void onSubmit(text('tenant'), text('email'), String(form.get('password') ?? ''));
  };
  return (
    <form class="login-form" onSubmit={submit} data-testid="login-form">
      <label>
        Tenant
        <input name="tenant" required autocomplete="organization" autocapitalize="none" spellcheck={false} />
      </label>
      <label>
        Email
        <input name="email" type="email" required autocomplete="username" />
      </label>
      <label>
        Password
        <input name="password" type="password" required autocomplete="current-password" />
      </label>
      {error !== null && <LoginError message={error} />}
      <button type="submit" class="button primary" disabled={busy}>
        {busy ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
}
