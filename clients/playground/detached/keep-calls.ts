import type { CallRunner } from '../call/call-runner.js';
import type { DetachedCalls } from './detached-calls.js';
import type { CallKeeper } from './kept-call.js';

export interface KeepCallsOptions {
  readonly runner: CallRunner;
  readonly keeper: CallKeeper;
  readonly known: DetachedCalls;
  /** A request on one line and without secrets; undefined where it is none. */
  readonly cleaned: (request: string) => string | undefined;
  /** A detached call has got its place. */
  readonly located: () => void;
}

/** Keeps the calls of a method as far as they can go on after a reload: streams with ids, and detached calls. Returns what ends it, with the call that runs. */
export function keepCalls({ runner, keeper, known, cleaned, located }: KeepCallsOptions): () => void {
  const { path, kind, resumable, recorded } = runner.method;
  const unsubscribe = runner.subscribe({
    started({ request, headers, detach, place }) {
      const hasIds = kind === 'server_stream' && (resumable || recorded);
      if (!hasIds && !detach && place.location === '') return;
      const text = JSON.stringify(request ?? {});
      const kept = cleaned(text) ?? '{}';
      keeper.begin({
        ...place,
        path,
        request: kept,
        detach,
        hadHeaders: Object.keys(headers).length > 0,
        hadSecrets: kept !== text,
      });
    },
    recorded({ direction }) {
      if (direction === 'received') keeper.moved(runner.cursor);
    },
    located(location) {
      keeper.located(location);
      known.add({ path, location, atMs: Date.now() });
      located();
    },
    ended() {
      keeper.ended();
      if (known.calls.length > 0) located();
    },
  });
  return () => {
    unsubscribe();
    keeper.ended();
  };
}
