/** What waits for the end of the turn; a second list takes what is added while the first is worked on. */
let waiting: (() => void)[] = [];
let spare: (() => void)[] = [];

function run(): void {
  const tasks = waiting;
  waiting = spare;
  for (const task of tasks) task();
  tasks.length = 0;
  spare = tasks;
}

/**
 * Calls `task` once this turn of the event loop has brought everything it has. Hundreds of streams share one wake-up. A task
 * must not throw.
 */
export function atEndOfTurn(task: () => void): void {
  if (waiting.push(task) === 1) setImmediate(run);
}
