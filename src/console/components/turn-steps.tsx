import { counted } from '../formatting.js';
import { agentLabel, isSettled, type TurnView } from '../../sdk/index.js';
import { CheckIcon } from './icons.js';

/** What happens, while it happens; folded into one line once the answer stands. */
export function TurnSteps({ turn }: { turn: TurnView }) {
  if (isSettled(turn)) {
    if (turn.steps.length === 0) return null;
    const latency = turn.answer?.metadata?.latency_ms;
    const count = counted(turn.steps.length, 'step');
    const time = typeof latency === 'number' ? `${(latency / 1000).toFixed(1)} s` : null;
    return (
      <details class="steps settled" data-testid="steps">
        <summary>{[count, time].filter(Boolean).join(' · ')}</summary>
        <StepList turn={turn} live={false} />
      </details>
    );
  }
  return (
    <div class="steps live" data-testid="steps">
      {turn.steps.length === 0 ? (
        <p class="step current">
          <span class="spinner" aria-hidden="true" /> {waitingFor(turn)}
        </p>
      ) : (
        <StepList turn={turn} live />
      )}
    </div>
  );
}

function waitingFor(turn: TurnView): string {
  if (turn.queued) return 'Waiting for the answer before this one…';
  return turn.start > 1 ? 'Interrupted. Starting the answer again…' : 'Thinking…';
}

function StepList({ turn, live }: { turn: TurnView; live: boolean }) {
  const { steps } = turn;
  return (
    <ol>
      {steps.map((step, index) => {
        const isCurrent = live && index === steps.length - 1;
        return (
          <li key={index} class={isCurrent ? 'step current' : 'step'} data-testid={`step-${step.step}`}>
            {isCurrent ? <span class="spinner" aria-hidden="true" /> : <CheckIcon />}
            <span>{step.message}</span>
            {step.agent && <span class="tag accent">{agentLabel(turn, step.agent)}</span>}
            {step.tool && <span class="tag">{step.tool}</span>}
          </li>
        );
      })}
    </ol>
  );
}
