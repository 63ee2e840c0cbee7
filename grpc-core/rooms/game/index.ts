export { createGames, MAX_STATES_BEHIND } from './game.js';
export { MAX_PLAYERS } from './state.js';
