import { button, element } from '../view/element.js';
import type { CallRunner } from './call-runner.js';
import { reportLines } from './gap-report.js';
import type { GapReport } from './gap-watch.js';

export interface ConnectionPart {
  readonly root: HTMLElement;
  close(): void;
}

/** A button that cuts the connection, and what becomes of the stream: the last id, where it went on, and what the ids prove. */
export function createConnectionPart(runner: CallRunner): ConnectionPart | undefined {
  if (runner.method.kind === 'unary') return undefined;
  const resumable = runner.method.resumable || runner.method.recorded;
  const cut = button(
    'Cut the connection',
    {
      class: 'small',
      title: resumable
        ? 'The stream goes on by itself after the last message'
        : 'The messages of this method have no ids, so the call ends',
    },
    () => runner.cut(),
  );
  const steps = element('ol', { class: 'steps', hidden: true });
  const said = element('p', { class: 'unseen', role: 'status' });
  let shown: GapReport | undefined;

  const show = () => {
    cut.disabled = !runner.isRunning;
    const { report } = runner.gaps;
    if (report === shown) return;
    const isNew = report?.state !== shown?.state || report?.cuts !== shown?.cuts;
    shown = report;
    steps.hidden = report === undefined;
    if (report === undefined) return;
    const lines = reportLines(report, resumable);
    steps.replaceChildren(...lines.map(([text, state]) => element('li', { class: state }, text)));
    if (isNew) said.textContent = lines.map(([text]) => text).join(', ');
  };
  const unsubscribe = runner.subscribe({
    started: show,
    changed: show,
    recorded() {
      if (runner.gaps.report !== shown) show();
    },
    ended: show,
  });
  show();
  return {
    root: element('div', { class: 'connection' }, cut, steps, said),
    close: unsubscribe,
  };
}
