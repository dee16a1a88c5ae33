/**
 * The page at `/`: try a demo tenant, or sign in, and chat; administrators also look after the tenant's documents.
 * Browser code only: it talks to the public API and socket, and imports nothing of the server but its client library.
 *
 *   Chat (src/sdk) ──snapshot──▶ components
 *   Api ──────────────────────▶
 */
import { render } from 'preact';
import { App } from './components/app.js';
import './styles/main.css';

const root = document.getElementById('app');
if (root) render(<App />, root);
