import { useMemo } from 'preact/hooks';
import { Api, refreshTokens } from '../api.js';
import { useTokens } from '../hooks.js';
import { Session } from '../../sdk/index.js';
import { LoginPage } from './login-page.js';
import { Workspace } from './workspace.js';

export function App() {
  const session = useMemo(() => new Session({ store: sessionStorage, refresh: refreshTokens }), []);
  const api = useMemo(() => new Api(session), [session]);
  const user = useTokens(session)?.user;
  if (!user) return <LoginPage onLogin={(answer) => session.start(answer)} />;
  return <Workspace key={user.id} session={session} api={api} user={user} />;
}
