// A shared game: a bidi stream for each player. Actions go up, and the state of all players comes down.
import type { Call } from '../browser/index.js';
import { client, fail, find, hueOf, make, SERVICE, say } from './scene.js';

interface PlayerState {
  readonly playerId?: string;
  readonly health?: number;
  readonly score?: number;
  readonly position?: string;
}

interface GameState {
  readonly players?: Readonly<Record<string, PlayerState>>;
  readonly gameStatus?: string;
  readonly revision?: string;
}

/** The board shows the places from -5 to 5. */
const EDGE = 5;

const target = find('target', HTMLSelectElement);
let running: Call<GameState> | undefined;

const me = () => ({
  playerId: find('player', HTMLInputElement).value,
  gameId: find('game', HTMLInputElement).value,
});

function named(name: string): HTMLElement {
  const made = make('span', { class: 'name' }, name);
  made.style.setProperty('--hue', hueOf(name));
  return made;
}

function showBoard(players: readonly PlayerState[]): void {
  const cells: HTMLElement[] = [];
  for (let y = -EDGE; y <= EDGE; y += 1) {
    for (let x = -EDGE; x <= EDGE; x += 1) {
      const here = players.filter(({ position }) => position === `${x},${y}`);
      cells.push(make('div', {}, ...here.map(({ playerId = '' }) => named(playerId))));
    }
  }
  const board = find('board', HTMLElement);
  board.replaceChildren(...cells);
  const places = players.map(({ playerId, position }) => `${playerId} at ${position}`);
  board.setAttribute('aria-label', `Board: ${places.join('; ')}`);
}

function showPlayers(players: readonly PlayerState[]): void {
  const rows = players.map(({ playerId = '', health = 0, score = 0, position = '' }) => {
    const bar = make('span', { class: 'bar' });
    bar.style.width = `${Math.max(0, health) / 20}rem`;
    return make(
      'tr',
      {},
      make('td', {}, named(playerId)),
      make('td', {}, bar, ` ${health}`),
      make('td', { class: 'number' }, String(score)),
      make('td', {}, position),
    );
  });
  find('players', HTMLElement).replaceChildren(...rows);
  const chosen = target.value;
  const others = players.filter(({ playerId }) => playerId !== me().playerId);
  const options = others.map(({ playerId = '' }) => make('option', { value: playerId }, playerId));
  target.replaceChildren(make('option', { value: '' }, 'none'), ...options);
  target.value = others.some(({ playerId }) => playerId === chosen) ? chosen : '';
}

function show({ players = {}, gameStatus = '', revision = '0' }: GameState): void {
  const all = Object.entries(players).map(([playerId, state]) => ({ ...state, playerId }));
  find('state', HTMLOutputElement).textContent = `${gameStatus.toLowerCase()}, revision ${revision}`;
  showBoard(all);
  showPlayers(all);
}

async function join(): Promise<void> {
  running?.cancel();
  const call = client.call<GameState & Record<string, unknown>>(`${SERVICE}/GameSession`);
  running = call;
  try {
    await call.send({ ...me(), actionType: 'JOIN' });
    say(`${me().playerId} plays ${me().gameId}`);
    for await (const state of call.messages) show(state);
    if (running === call) say('the game is over');
  } catch (reason) {
    if (running === call) fail(reason);
  }
}

function act({ action, dx, dy }: DOMStringMap): void {
  if (running === undefined) {
    say('join first');
    return;
  }
  const parameters =
    action === 'MOVE' && dx !== undefined && dy !== undefined
      ? { dx, dy }
      : action === 'ATTACK' && target.value !== ''
        ? { target: target.value }
        : {};
  running.send({ ...me(), actionType: action, parameters }).catch(fail);
}

find('join', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  void join();
});
find('actions', HTMLElement).addEventListener('click', ({ target: clicked }) => {
  if (clicked instanceof HTMLButtonElement) act(clicked.dataset);
});
showBoard([]);
