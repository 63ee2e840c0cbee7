import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { BatchItem__Output } from '../../proto/types/streaming/BatchItem.js';
import type { BatchResult } from '../../proto/types/streaming/BatchResult.js';
import type { ChatMessage, ChatMessage__Output } from '../../proto/types/streaming/ChatMessage.js';
import type { DocumentUpdate } from '../../proto/types/streaming/DocumentUpdate.js';
import type { EditOperation__Output } from '../../proto/types/streaming/EditOperation.js';
import type { GameAction__Output } from '../../proto/types/streaming/GameAction.js';
import type { GameState } from '../../proto/types/streaming/GameState.js';
import type { SensorData__Output } from '../../proto/types/streaming/SensorData.js';
import type { SensorSummary } from '../../proto/types/streaming/SensorSummary.js';
import { assertSubject, type CallContext, type Handler } from '../rpc/index.js';
import type { Store } from '../store/index.js';
import { createChat } from './chat/index.js';
import { batchHandler, sensorHandler } from './collect/index.js';
import { createDocuments } from './edit/index.js';
import { createGames } from './game/index.js';
import { type RoomKind, RoomStreams } from './member/index.js';
import { Heartbeat, Leases } from './presence/index.js';

export interface RoomOptions {
  /** Whoever shares it shares rooms, games and documents. Not closed by `close`, which must come before the store's. */
  readonly store: Store;
  readonly log: Logger;
  /** Epoch milliseconds, for tests. Default: this machine's clock. */
  readonly now?: () => number;
}

export interface RoomHandlers {
  readonly handlers: {
    readonly Chat: Handler<ChatMessage__Output, ChatMessage>;
    readonly GameSession: Handler<GameAction__Output, GameState>;
    readonly CollaborativeEdit: Handler<EditOperation__Output, DocumentUpdate>;
    readonly CollectSensorData: Handler<SensorData__Output, SensorSummary>;
    readonly ProcessBatch: Handler<BatchItem__Output, BatchResult>;
  };
  /** Ends the streams of rooms, games and documents with UNAVAILABLE; resolves when all have left and the timer is gone. */
  close(): Promise<void>;
}

/** The RPCs in which clients send streams. */
export function roomHandlers(options: RoomOptions): RoomHandlers {
  const { store, log, now = Date.now } = options;
  const streams = new RoomStreams();
  const heartbeat = new Heartbeat(new Leases(store, randomUUID(), now), log);
  const chat = createChat(store, heartbeat, now);
  const games = createGames(store, now);
  const documents = createDocuments(store, heartbeat, now);
  return {
    handlers: {
      Chat: (requests, context) => streams.hold(requests, context, named(chat, context, 'user_id')),
      GameSession: (requests, context) => streams.hold(requests, context, named(games, context, 'player_id')),
      CollaborativeEdit: (requests, context) =>
        streams.hold(requests, context, named(documents, context, 'user_id')),
      CollectSensorData: sensorHandler(now),
      ProcessBatch: batchHandler(store),
    },
    close: async () => {
      await streams.close();
      await heartbeat.close();
    },
  };
}

/** The same rooms, in which each request must name who is signed in. */
function named<Field extends string, Request extends Readonly<Record<Field, string>>, Response>(
  kind: RoomKind<Request, Response>,
  { subject }: CallContext,
  field: Field,
): RoomKind<Request, Response> {
  if (subject === undefined) return kind;
  return {
    ...kind,
    room(request) {
      const room = kind.room(request);
      assertSubject(subject, field, request[field]);
      return room;
    },
  };
}
