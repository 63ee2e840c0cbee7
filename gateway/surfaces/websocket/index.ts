export { answerWebSocket, type WebSocketCall } from './answer-websocket.js';
